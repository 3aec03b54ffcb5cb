"""Keeping the tables of webhooks small and whole: partitions, what is past its time, what got stuck."""
