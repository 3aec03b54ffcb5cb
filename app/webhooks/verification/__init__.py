"""Whether an endpoint is its owner's: a challenge is sent to it, and it has to come back."""
