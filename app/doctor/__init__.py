"""Doctor: checks of settings and services, with advice for each failure."""
