"""What receivers need around them: certificates, and a name server."""
