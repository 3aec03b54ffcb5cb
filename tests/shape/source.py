"""The files of the project, as the shape tests read them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "bench", "demo", "docs", "migrations", "simulator", "tests")


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file, relative to the project."""
    return tuple(path for folder in FOLDERS for path in sorted(_below(folder)))


def text(path: Path | str) -> str:
    """What stands in a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def _below(folder: str) -> Iterator[Path]:
    for path in (ROOT / folder).rglob("*.py"):
        if "__pycache__" not in path.parts:
            yield path.relative_to(ROOT)
