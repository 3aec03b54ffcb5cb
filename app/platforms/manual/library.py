"""Manual platforms that come with Keyturn, each backed by its file in `content/`, loaded once. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from app.kit.i18n.content import InvalidContent, read
from app.kit.i18n.locales import SOURCE, english
from app.kit.i18n.message import ContentDate, Message, _
from app.kit.input.text import folded
from app.platforms.manual.schema import FileShape, IdShape, NeedShape, RoleShape, StepShape, ThingShape
from app.platforms.port import AssetKind, GuidedStep, RoleWords, StepPicture

#: The one kind of access request that manual platforms have; its role says which thing it is about.
CUSTOM = "custom"
FOLDER = Path(__file__).parent / "content"
DONE = _("I have done this")


@dataclass(frozen=True)
class ManualPlatform:
    """A platform defined by its content file. A role belongs to exactly one thing, so the role identifies the thing."""

    file: FileShape
    #: of an own platform of an agency
    version: int | None = None
    #: ids that its definition has, beside those that the agency sets
    known_ids: Mapping[str, str] = field(default_factory=dict)
    #: pictures of an own platform by the number of the step
    pictures: Mapping[int, StepPicture] = field(default_factory=dict)
    #: label of the button with which the client says that the steps are done
    done: Message = DONE

    @property
    def key(self) -> str:
        """Key in URLs and rows."""
        return self.file.key

    @property
    def name(self) -> str:
        """Display name."""
        return self.file.name

    @property
    def connects(self) -> bool:
        """Always false: the platform has no API."""
        return False

    @property
    def guided_dated(self) -> ContentDate:
        """The day on which the steps were last compared with the vendor's help."""
        return self.file.dated

    @property
    def compared_on(self) -> ContentDate | None:
        """The day on which the vendor's help was compared; None for steps that the agency writes."""
        return None if self.own_words or self.version is not None else self.guided_dated

    @property
    def own_words(self) -> bool:
        """True if the agency writes title and steps in the access request itself."""
        return self.file.own_words

    @property
    def needs(self) -> Sequence[NeedShape]:
        """The agency's own ids that its clients copy."""
        return self.file.needs

    @property
    def kinds(self) -> Mapping[str, AssetKind]:
        """The single kind, with the roles of all things."""
        roles = tuple(role.key for thing in self.file.things for role in thing.roles)
        return {CUSTOM: AssetKind(CUSTOM, "access", "accesses", roles)}

    def thing(self, role: str) -> ThingShape:
        """The thing that a role applies to. Raises KeyError for an unknown role."""
        for thing in self.file.things:
            if any(each.key == role for each in thing.roles):
                return thing
        raise KeyError(role)

    def role(self, role: str) -> RoleShape:
        """A role in the words of its file. Raises KeyError for an unknown role."""
        return next(each for each in self.thing(role).roles if each.key == role)

    def role_words(self, kind: str, role: str) -> RoleWords:
        """A role in a client's words."""
        assert kind == CUSTOM
        words = self.role(role)
        return RoleWords(words.label, tuple(words.can), tuple(words.cannot), words.label)

    def guided_steps(self, kind: str, *, is_partner: bool = False) -> tuple[GuidedStep, ...]:  # noqa: ARG002
        """The steps of all things in sequence; `steps` returns those of one."""
        assert kind == CUSTOM
        return tuple(_step(step) for thing in self.file.things for step in thing.steps)

    def steps(self, role: str) -> tuple[GuidedStep, ...]:
        """The client's steps to give a role."""
        steps = [_step(step) for step in self.thing(role).steps]
        return tuple(replace(step, picture=self.pictures.get(at)) for at, step in enumerate(steps))

    def removal(self, role: str) -> tuple[GuidedStep, ...]:
        """The client's steps to remove a role."""
        return tuple(_step(step) for step in self.thing(role).removal)

    def missing(self, identifiers: Mapping[str, str]) -> list[NeedShape]:
        """The needs for which the agency has not set an id yet."""
        return [need for need in self.needs if not (identifiers.get(need.key) or self.known_ids.get(need.key))]

    def wrong(self, identifiers: Mapping[str, str]) -> dict[str, str]:
        """An error sentence for each invalid id; empty if all are valid."""
        known = {need.key: need for need in self.needs}
        problems = {}
        for key, value in identifiers.items():
            need = known.get(key)
            if need is None:
                takes = f"it takes {', '.join(known)}" if known else "it takes none"
                problems[key] = f"{self.name} has no such id; {takes}."
            elif not re.fullmatch(need.pattern, value, re.ASCII):
                problems[key] = f"{english(need.label)}: {need.looks}, such as {need.example}."
        return problems


@cache
def every() -> Mapping[str, ManualPlatform]:
    """All manual platforms by key, sorted by name; the agency's own (`other`) is last."""
    found = sorted(
        (load(FOLDER, path.stem) for path in (FOLDER / SOURCE).glob("*.toml")),
        key=lambda each: (each.own_words, each.name.casefold()),
    )
    return {each.key: each for each in found}


def find(key: str) -> ManualPlatform:
    """One manual platform. Raises KeyError for an unknown key."""
    return every()[key]


def load(folder: Path, key: str) -> ManualPlatform:
    """Load one platform from its files, which are named after its key. Raises InvalidContent."""
    try:
        file = FileShape.model_validate(read(folder, key))
    except ValidationError as problem:
        raise InvalidContent(f"{key}.toml: {problem}") from problem
    if file.key != key:
        raise InvalidContent(f"{key}.toml: its key is {file.key}")
    return ManualPlatform(file)


def read_id(about: IdShape, text: str) -> str | None:
    """The id of a thing parsed from the client's input; None if it does not look like one.

    Only the pattern's group `id` is kept.
    """
    bare = tidied(text)
    found = re.fullmatch(about.pattern, bare, re.ASCII)
    return None if found is None else found.groupdict().get("id") or bare


def tidied(text: str) -> str:
    """An id without surrounding quotes, brackets and full stop, with ASCII digits."""
    return folded(text).strip(" \t\n\"'“”‘’«»<>()[],;.")


def _step(step: StepShape) -> GuidedStep:
    return GuidedStep(
        (step.text,), where=step.where, variants=tuple(step.variants), help_url=step.help_url or "",
        help_search=step.help_search, copies=step.copies,
    )  # fmt: skip
