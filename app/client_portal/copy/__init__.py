"""Texts for clients: offers, agreement, statuses, steps and help."""
