"""What pages made from code share: tables, and how spans of time are said."""

from collections.abc import Iterable
from datetime import timedelta


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def listed(pauses: Iterable[timedelta]) -> str:
    """`5 s, 2 min`."""
    return ", ".join(map(said, pauses))


def said(pause: timedelta) -> str:
    """`5 s`, `2 min` or `1 h`: in the largest unit that leaves no rest."""
    seconds = pause.total_seconds()
    for unit, size in {"h": 3600, "min": 60}.items():
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s" if seconds < 3600 else str(pause)


def code(text: object) -> str:
    """As code."""
    return f"`{text}`"
