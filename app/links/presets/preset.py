"""Preset: a named, versioned set of access requests, screens and questions; and its form as a TOML file. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.kit.errors import InvalidInput

#: Optional screens; a preset names those it uses.
SCREENS = ("pixels", "markets", "contacts")
#: Full control: allowed, and highlighted wherever it is requested.
WIDE = "ADMIN"
#: Kinds of answers.
ANSWERS = ("text", "choice", "address", "file")


@dataclass(frozen=True)
class PresetAccessRequest:
    """One access that a preset requests. `needs_events`: a pixel that must have received events."""

    platform: str
    kind: str
    role: str
    reason: str
    required: bool = True
    needs_events: bool = False
    #: on platform `other`: name of the access, and the steps to share it
    title: str | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of the preset. `choices` belong to kind `choice`."""

    key: str
    kind: str
    label: str
    hint: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A set of access requests and questions. A link keeps its version."""

    slug: str
    version: int
    name: str
    sentence: str
    access_requests: tuple[PresetAccessRequest, ...]
    questions: tuple[Question, ...] = ()
    screens: tuple[str, ...] = SCREENS
    #: one of Keyturn's own, which cannot be changed
    built_in: bool = False

    def asks_screen(self, screen: str) -> bool:
        """True if clients get this screen."""
        return bool(self.questions) if screen == "questions" else screen not in SCREENS or screen in self.screens


def read_preset(slug: str, version: int, body: Mapping[str, Any], *, built_in: bool = False) -> Preset:
    """The preset of a body that was validated before, from a row or a file."""
    return Preset(
        slug=slug,
        version=version,
        name=body["name"],
        sentence=body["sentence"],
        access_requests=tuple(
            PresetAccessRequest(**{**each, "steps": tuple(each.get("steps", ()))}) for each in body["access_requests"]
        ),
        questions=tuple(
            Question(**{**each, "choices": tuple(each.get("choices", ()))}) for each in body.get("questions", ())
        ),
        screens=tuple(body.get("screens", SCREENS)),
        built_in=built_in,
    )


_HEAD = ("slug", "name", "sentence", "screens")
#: Fields that a file omits if they are empty.
_OMITTED = frozenset({"hint", "choices", "title", "steps"})


#: Quotes of word processors; TOML allows only straight ones.
_CURLY = re.compile("[\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2033\uff02]")
_PLACES = {"access_requests": "access request", "questions": "question"}


class BrokenToml(InvalidInput):
    """The file is not TOML."""

    code = "broken_toml"
    detail = "The file is not valid TOML."
    hint = "GET /api/v1/presets/{slug}/file returns a valid one."


def parse_toml(content: bytes) -> dict[str, Any]:
    """Parse a file. Raises BrokenToml with the line at which parsing stopped."""
    text = _decoded(content)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BrokenToml(f"The file is not valid TOML: {problem}.", hint=_hint(text, problem)) from problem


def _decoded(content: bytes) -> str:
    """UTF-8, with or without a byte-order mark."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
            raise UnicodeError
        return content.decode("utf-8-sig")
    except UnicodeError as problem:
        raise BrokenToml(
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


def readable_places(fields: Mapping[str, str]) -> dict[str, str]:
    """Problems by readable places: `access_requests.0.role` becomes `access request 1, role`."""
    return {_place(name): sentence for name, sentence in fields.items()}


def _place(name: str) -> str:
    first, _, rest = name.partition(".")
    if first not in _PLACES or not rest:
        return name
    number, _, inner = rest.partition(".")
    inner, _, at = inner.partition(".")
    place = f"{_PLACES[first]} {int(number) + 1}"
    if inner:
        place += f", {inner}"
    return f"{place} {int(at) + 1}" if at.isdigit() else place


def to_toml(preset: Preset) -> str:
    """Serialize a preset to a file that `parse_toml` reads back."""
    lines = [f"{name} = {_value(getattr(preset, name))}" for name in _HEAD]
    for name, rows in (("access_requests", preset.access_requests), ("questions", preset.questions)):
        for row in rows:
            lines += ["", f"[[{name}]]", *_fields(vars(row))]
    return "\n".join(lines) + "\n"


def _fields(row: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in row.items() if value or name not in _OMITTED]


def _value(value: str | bool | tuple[str, ...]) -> str:
    """A TOML value, written as JSON without escaped surrogates."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))
