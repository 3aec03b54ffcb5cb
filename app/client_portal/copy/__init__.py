"""Texts for clients: the offer, the agreement, statuses of access requests, and steps to share or remove access."""
