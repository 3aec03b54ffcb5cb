"""Access requests as the agency sees them, and statements of people about access that cannot be read:
the client does the steps, the agency confirms that it works.
"""
