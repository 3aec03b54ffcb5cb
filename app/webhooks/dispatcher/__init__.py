"""Fan-out, scheduling and sending of deliveries."""
