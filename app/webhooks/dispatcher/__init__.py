"""Making deliveries from events and sending them until they arrive or are given up."""
