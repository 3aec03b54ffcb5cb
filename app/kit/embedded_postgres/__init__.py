"""The embedded PostgreSQL: found, started, owned and stopped by one process."""
