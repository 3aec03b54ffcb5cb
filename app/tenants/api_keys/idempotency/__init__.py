"""A POST that may be sent again: whoever gives it a key gets the first answer, and it is done once."""
