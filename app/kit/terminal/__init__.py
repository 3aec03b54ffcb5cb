"""People at a terminal: commands with a database at hand, and what they print."""
