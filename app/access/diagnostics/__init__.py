"""Whether an agency's way to the platform works: its app, redirect address, permissions, connection and reads."""
