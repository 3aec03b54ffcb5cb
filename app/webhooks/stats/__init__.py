"""How an endpoint has been doing."""
