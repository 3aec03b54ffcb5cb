"""The doctor: what is set, what works, and what to do about the rest."""
