"""The manual platforms that come with Keyturn, loaded once from the files in `data/`. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from app.platforms.manual.platform import ManualPlatform
from app.platforms.manual.schema import FileShape

FOLDER = Path(__file__).parent / "data"


class Unsound(Exception):
    """A data file that is invalid, and the reason."""


@cache
def every() -> Mapping[str, ManualPlatform]:
    """All manual platforms by key, sorted by name; the agency's own (`other`) is last."""
    found = sorted(
        (load(path) for path in FOLDER.glob("*.toml")), key=lambda each: (each.own_words, each.name.casefold())
    )
    return {each.key: each for each in found}


def find(key: str) -> ManualPlatform:
    """One manual platform. Raises KeyError for an unknown key."""
    return every()[key]


def load(path: Path) -> ManualPlatform:
    """Load one platform from its file, which is named after its key. Raises Unsound."""
    try:
        file = FileShape.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as problem:
        raise Unsound(f"{path.name}: {problem}") from problem
    if file.key != path.stem:
        raise Unsound(f"{path.name}: its key is {file.key}")
    return ManualPlatform(file)
