"""What people say of access requests that nothing can read:
the client does the steps, the agency confirms that it works.
"""
