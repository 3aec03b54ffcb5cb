"""Access requests as their agency sees them: why one is not green, whose turn it is, and what can be done."""
