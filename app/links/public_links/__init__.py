"""Public links: one public address; each visitor who uses it gets a client and a link of their own."""
