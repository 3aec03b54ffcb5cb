"""What `.importlinter` has to name, so that import-linter can hold it."""

from configparser import ConfigParser
from pathlib import Path

from tests.shape import source

#: Modules of these names decide something, and are pure.
DECIDING = frozenset({
    "brand", "choices", "intake", "matching", "outcome", "patience", "payload", "plan", "presets", "schedule", "scopes",
    "screens", "secret", "signature", "status", "tried", "words", "world",
})  # fmt: skip


def test_every_module_that_decides_is_held_to_be_pure() -> None:
    deciding = {_module(path) for path in source.python_files() if path.parts[0] == "app" and path.stem in DECIDING}
    assert {name for name in deciding if not _is_held(name)} == set()


def _is_held(name: str) -> bool:
    return any(name == held or name.startswith(f"{held}.") for held in _held())


def _held() -> list[str]:
    read = ConfigParser()
    read.read_string(source.text(".importlinter"))
    return read["importlinter:contract:pure"]["source_modules"].split()


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)
