"""Presets as TOML files: read with the standard library, written by hand. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from app.kit.errors import InvalidInput
from app.links.presets.preset import Preset

_FIRST = ("slug", "name", "sentence", "screens")
#: What need not stand in a file where it is empty.
_LEFT_OUT = frozenset({"hint", "choices", "title", "steps"})


#: Quotes as word processors set them; TOML knows straight ones alone.
_CURLY = re.compile("[\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2033\uff02]")
_PLACES = {"access_requests": "access request", "questions": "question"}


class NoPreset(InvalidInput):
    """The file is not TOML."""

    code = "broken_toml"
    detail = "The file is not valid TOML."
    hint = "GET /api/v1/presets/{slug}/file gives one that is."


def parsed(content: bytes) -> dict[str, Any]:
    """The table that a file holds. Raises NoPreset with the place where reading stopped."""
    text = _decoded(content)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise NoPreset(f"The file is not valid TOML: {problem}.", hint=_hint(text, problem)) from problem


def _decoded(content: bytes) -> str:
    """UTF-8, with or without a byte-order mark."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
            raise UnicodeError
        return content.decode("utf-8-sig")
    except UnicodeError as problem:
        raise NoPreset(
            "The file is not in UTF-8.", hint="Save it as UTF-8 in your editor, and import it again."
        ) from problem


def _hint(text: str, problem: tomllib.TOMLDecodeError) -> str | None:
    place = re.search(r"at line (\d+)", str(problem))
    lines = text.splitlines()
    near = [int(place[1])] if place else range(1, len(lines) + 1)
    for number in near:
        if number <= len(lines) and (found := _CURLY.search(lines[number - 1])):
            return f'Line {number} has a curly quote {found[0]}: write straight quotes " instead.'
    return None


def counted(fields: Mapping[str, str]) -> dict[str, str]:
    """Problems by places as people count them: `access_requests.0.role` is `access request 1, role`."""
    return {_place(name): sentence for name, sentence in fields.items()}


def _place(name: str) -> str:
    first, _, rest = name.partition(".")
    if first not in _PLACES or not rest:
        return name
    number, _, inner = rest.partition(".")
    inner, _, at = inner.partition(".")
    said = f"{_PLACES[first]} {int(number) + 1}"
    if inner:
        said += f", {inner}"
    return f"{said} {int(at) + 1}" if at.isdigit() else said


def written(preset: Preset) -> str:
    """The preset as a file that `parsed` reads back."""
    lines = [f"{name} = {_value(getattr(preset, name))}" for name in _FIRST]
    for name, rows in (("access_requests", preset.access_requests), ("questions", preset.questions)):
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
