"""Preset: a named, versioned set of access requests, screens and questions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Screens every agency may have asked; a preset names those it wants.
SCREENS = ("pixels", "markets", "contacts")
#: Full control: allowed, and pointed out wherever it is asked for.
WIDE = "ADMIN"
#: What an answer may be.
ANSWERS = ("text", "choice", "address", "file")


@dataclass(frozen=True)
class PresetAccessRequest:
    """One access a preset asks for. `needs_events`: a pixel that must have been seen to receive events."""

    platform: str
    kind: str
    role: str
    reason: str
    required: bool = True
    needs_events: bool = False
    #: where the platform is the agency's own (`other`): what the access is called, and the steps to it
    title: str | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of the agency's own. `choices` are those of an answer of kind `choice`."""

    key: str
    kind: str
    label: str
    hint: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A set of access requests and questions. A link keeps the version it was made with."""

    slug: str
    version: int
    name: str
    sentence: str
    access_requests: tuple[PresetAccessRequest, ...]
    questions: tuple[Question, ...] = ()
    screens: tuple[str, ...] = SCREENS
    #: one of Keyturn's own, which no agency changes
    built_in: bool = False

    def asks_screen(self, screen: str) -> bool:
        """True if a client meets this screen on its way."""
        return bool(self.questions) if screen == "questions" else screen not in SCREENS or screen in self.screens


def read(slug: str, version: int, body: Mapping[str, Any], *, built_in: bool = False) -> Preset:
    """The preset whose body was kept, or stands in a file, and was checked before."""
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
