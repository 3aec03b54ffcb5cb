"""E-mails that are owed: rendered and sealed with what owes them, sent by the worker."""
