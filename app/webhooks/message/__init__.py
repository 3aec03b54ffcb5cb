"""What is sent: the bytes, their signature and the headers."""
