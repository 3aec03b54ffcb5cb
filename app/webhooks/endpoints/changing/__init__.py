"""Changing endpoints, so that two people do not overwrite each other unseen."""
