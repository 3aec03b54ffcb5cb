"""Personal data of clients: an inventory of it, and its erasure."""
