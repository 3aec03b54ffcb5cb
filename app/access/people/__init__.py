"""People of the agency whom a client is to invite: asked for by address, taken off again, read back."""
