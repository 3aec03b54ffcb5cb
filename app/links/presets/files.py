"""Presets as TOML files: read with the standard library, written by hand. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from app.kit.refusal import Malformed
from app.links.presets.preset import Preset

_FIRST = ("slug", "name", "sentence", "screens")
#: What need not stand in a file where it is empty.
_LEFT_OUT = frozenset({"hint", "choices", "title", "steps"})


class NoPreset(Malformed):
    """The file is not TOML."""

    code = "broken_toml"
    detail = "The file is not valid TOML."


def parsed(text: str) -> dict[str, Any]:
    """What a file says. Raises NoPreset with the place where reading stopped."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise NoPreset(
            f"The file is not valid TOML: {problem}.", hint="`keyturn preset export` shows one."
        ) from problem


def written(preset: Preset) -> str:
    """The preset as a file that `parsed` reads back."""
    lines = [f"{name} = {_value(getattr(preset, name))}" for name in _FIRST]
    for name, rows in (("asks", preset.asks), ("questions", preset.questions)):
        for row in rows:
            lines += ["", f"[[{name}]]", *_fields(vars(row))]
    return "\n".join(lines) + "\n"


def _fields(row: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in row.items() if value or name not in _LEFT_OUT]


def _value(value: str | bool | tuple[str, ...]) -> str:
    """A TOML value; its text is JSON's, except that TOML has no escaped halves of a character."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))
