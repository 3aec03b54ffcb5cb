"""The server's log file: starts, stops and crashes, a few lines each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 5_000_000  # bytes; then the log starts anew and the old one is kept once
TAIL = 8


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor that appends. Never through a symbolic link: root may be in somebody's folder."""
    if path.exists() and path.stat().st_size > LIMIT:
        path.replace(path.with_suffix(".old.log"))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield log
    finally:
        os.close(log)


def tail(path: Path, since: int) -> str:
    """The last lines written after the first `since` bytes, for an error."""
    lines = path.read_bytes()[since:].decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-TAIL:])
