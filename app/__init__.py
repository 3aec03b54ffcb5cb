"""Keyturn: partner access requested with one link, verified by reading back, and revoked."""

import gc

VERSION = "0.1.0"

# Python's default collects garbage again and again while modules load: a quarter of the time a process takes to start.
gc.set_threshold(50_000, 20, 50)


def settle_memory() -> None:
    """Exempt the objects loaded so far from garbage collection, which costs a third of a busy process's time."""
    gc.collect()
    gc.freeze()
