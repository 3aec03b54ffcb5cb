"""What a sender decides: what an answer means, when to try again, whose turn it is, how an endpoint does."""
