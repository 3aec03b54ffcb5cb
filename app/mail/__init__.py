"""Outgoing e-mails: rendered and encrypted in the transaction that causes them, sent by the worker."""
