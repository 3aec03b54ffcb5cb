"""Access requests: evidence, checks, changes, and statements of people about access that cannot be read."""
