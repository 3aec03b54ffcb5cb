"""The routes of the client's screens, by group."""
