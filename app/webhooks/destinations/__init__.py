"""Destinations beside Standard Webhooks: a module for each."""
