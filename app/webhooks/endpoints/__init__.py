"""The addresses an agency wants its events sent to."""
