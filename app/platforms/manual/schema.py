"""Schema of the content file of a manual platform; strict, so that mistakes are found when it is loaded. Pure."""

import re
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from app.kit.i18n.content import ContentShape, Dated, Same, Words
from app.kit.i18n.message import Message, placeholders

#: Texts for the agency and values without a language; `Words` are for clients.
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), Same]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$"), Same]
Role = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,31}$"), Same]
Address = Annotated[str, StringConstraints(pattern=r"^https://[^\s\"<>]+$", max_length=300), Same]

#: What a step may name beside the platform's own `needs`.
NAMES = frozenset({"agency", "role"})


class StepShape(ContentShape):
    """One line of guidance, as `GuidedStep` of the port."""

    text: Words
    where: Words | None = None
    variants: list[Words] = Field(default_factory=list)
    help_url: Address | None = None
    help_search: Words | None = None
    copies: Word | None = None

    @property
    def texts(self) -> Iterator[Message]:
        """Every text of the step that is shown."""
        yield from (self.text, *((self.where,) if self.where else ()), *self.variants)


class NeedShape(ContentShape):
    """An id of the agency's own that clients copy: `key` is its name in steps, `pattern` its format."""

    key: Word
    label: Words
    pattern: Line
    example: Line
    #: its format in words, and the place where the agency finds it
    looks: Line
    where: Line


class IdShape(ContentShape):
    """The client's own id of the thing, which is optional. The pattern's group `id` is the part that is kept."""

    label: Words
    pattern: Line
    example: Line
    looks: Words
    where: Words


class RoleShape(ContentShape):
    """A role in a client's words, each ability a phrase of its own; `money` says if it allows spending."""

    key: Role
    label: Words
    can: list[Words] = Field(min_length=1)
    cannot: list[Words] = Field(min_length=1)
    money: Words


class ThingShape(ContentShape):
    """Something that can be requested, with its roles from lowest to highest and its steps."""

    key: Word
    one: Words
    id: IdShape | None = None
    roles: list[RoleShape] = Field(min_length=1)
    steps: list[StepShape] = Field(default_factory=list)
    removal: list[StepShape] = Field(default_factory=list)


class FileShape(ContentShape):
    """The whole file. `own_words`: the agency writes title and steps in the access request itself."""

    key: Word
    name: Line
    dated: Dated
    sources: list[Address] = Field(default_factory=list)
    own_words: bool = False
    #: steps of the agency on its own side before it can confirm the access
    agency_side: list[Line] = Field(min_length=1)
    needs: list[NeedShape] = Field(default_factory=list)
    things: list[ThingShape] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
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
    every: list[tuple[str, NeedShape | IdShape]] = [(need.key, need) for need in given.needs]
    every += [(thing.key, thing.id) for thing in given.things if thing.id]
    for key, about in every:
        if not re.fullmatch(about.pattern, about.example):
            yield f"{key}: the example {about.example} does not fit the pattern"


def _names(given: FileShape) -> Iterator[str]:
    needs = {need.key for need in given.needs}
    for thing in given.things:
        for step in (*thing.steps, *thing.removal):
            used = {name for text in step.texts for name in placeholders(text.msgid)}
            if unknown := used - NAMES - needs | {name for name in (step.copies,) if name} - needs:
                yield f"{thing.key}: a step names {sorted(unknown)}, which nobody fills in"


def _guidance(given: FileShape) -> Iterator[str]:
    if given.own_words:
        return
    if not given.sources:
        yield "a vendor's page is needed as source"
    for thing in given.things:
        if not thing.steps or not thing.removal:
            yield f"{thing.key}: steps to give and to take back are needed"
