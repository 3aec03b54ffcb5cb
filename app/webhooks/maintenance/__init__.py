"""Periodic tasks: partitions, retention, stuck rows, notices of failing endpoints."""
