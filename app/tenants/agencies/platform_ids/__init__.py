"""The agency's own ids on manual platforms, which its clients copy."""
