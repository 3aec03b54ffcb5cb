"""Schema of the data file of a manual platform; strict, so that mistakes are found when it is loaded. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Role = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https://[^\s\"<>]+$", max_length=300)]

#: What a step may name beside the platform's own `needs`.
NAMES = frozenset({"agency", "role", "asset"})


class ManualShape(BaseModel):
    """Base of a table in the file: no coercion, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class StepShape(ManualShape):
    """One line of guidance, as `GuidedStep` of the port."""

    text: Line
    where: str = ""
    variants: list[Line] = []
    help_url: Address | None = None
    help_search: str = ""

    @property
    def sentences(self) -> Iterator[str]:
        """Every text of the step that is shown."""
        yield from (self.text, self.where, *self.variants)


class NeedShape(ManualShape):
    """An id of the agency's own that clients copy: `key` is its name in steps, `pattern` its format."""

    key: Word
    label: Line
    pattern: Line
    example: Line
    #: its format in words, and the place where the agency finds it
    looks: Line
    where: Line


class IdShape(ManualShape):
    """The client's own id of the thing, which is optional. The pattern's group `id` is the part that is kept."""

    label: Line
    pattern: Line
    example: Line
    looks: Line
    where: Line


class RoleShape(ManualShape):
    """A role in a client's words; `money` says if it allows spending."""

    key: Role
    label: Line
    can: list[Line] = Field(min_length=1)
    cannot: list[Line] = Field(min_length=1)
    money: Line


class ThingShape(ManualShape):
    """Something that can be requested, with its roles from lowest to highest and its steps."""

    key: Word
    one: Line
    many: Line
    id: IdShape | None = None
    roles: list[RoleShape] = Field(min_length=1)
    steps: list[StepShape] = []
    removal: list[StepShape] = []


class FileShape(ManualShape):
    """The whole file. `own_words`: the agency writes title and steps in the access request itself."""

    key: Word
    name: Line
    dated: Line
    sources: list[Address] = []
    own_words: bool = False
    #: steps of the agency on its own side before it can confirm the access
    agency_side: list[Line] = Field(min_length=1)
    needs: list[NeedShape] = []
    things: list[ThingShape] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        date.fromisoformat(self.dated)
        problems = [*_repeated(self), *_patterns(self), *_names(self), *_guidance(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _repeated(given: FileShape) -> Iterator[str]:
    for what, keys in (
        ("role", [role.key for thing in given.things for role in thing.roles]),
        ("thing", [thing.key for thing in given.things]),
        ("need", [need.key for need in given.needs]),
    ):
        if len(set(keys)) < len(keys):
            yield f"a {what} is named twice"


def _patterns(given: FileShape) -> Iterator[str]:
    every: list[NeedShape | IdShape] = [*given.needs, *(thing.id for thing in given.things if thing.id)]
    for about in every:
        if not re.fullmatch(about.pattern, about.example):
            yield f"{about.label}: the example {about.example} does not fit the pattern"


def _names(given: FileShape) -> Iterator[str]:
    known = NAMES | {need.key for need in given.needs}
    for thing in given.things:
        for step in (*thing.steps, *thing.removal):
            used = {name for text in step.sentences for _, name, _, _ in Formatter().parse(text) if name is not None}
            if used - known:
                yield f"{thing.key}: a step names {sorted(used - known)}, which nobody fills in"


def _guidance(given: FileShape) -> Iterator[str]:
    if given.own_words:
        return
    if not given.sources:
        yield "a vendor's page is needed as source"
    for thing in given.things:
        if not thing.steps or not thing.removal:
            yield f"{thing.key}: steps to give and to take back are needed"
