"""Buyers: people of the agency who work in clients' ad accounts, and their access to each."""
