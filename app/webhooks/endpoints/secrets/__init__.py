"""The secrets that sign the deliveries of an endpoint, and how one takes the place of another."""
