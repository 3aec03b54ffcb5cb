"""What people say of asks that nothing can read: the client does the steps, the agency confirms that it works."""
