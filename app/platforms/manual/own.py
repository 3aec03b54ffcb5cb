"""Own platforms: manual platforms that an agency defines itself, made of their stored definition. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.kit.i18n.locales import SOURCE
from app.kit.i18n.message import ContentDate, Message, _
from app.platforms.manual.library import DONE, ManualPlatform
from app.platforms.manual.schema import FileShape, NeedShape, RoleShape, StepShape, ThingShape
from app.platforms.port import StepPicture

#: Begins the key of each own platform, and of no other.
PREFIX = "own_"
#: The one role of an own platform, as of platform `other`.
ROLE = "AS_WRITTEN"
#: Key of what clients enter there, such as an e-mail address to invite.
_ENTERED = "entered"
_MONEY = _("Ask what this access allows before you agree.")

Definition = Mapping[str, Any]


def is_own(key: str) -> bool:
    """True for the key of an own platform."""
    return key.startswith(PREFIX)


def read(key: str, version: int, definition: Definition, *, written: date, pictures: str) -> ManualPlatform:
    """The platform of a definition that was validated before. `pictures`: the path below which its pictures are.

    A text that a language lacks is shown in the `language` of the definition.
    """

    def words(texts: Mapping[str, str]) -> Message:
        return _words(texts, definition["language"])

    entered = definition["enter"]
    role = RoleShape.model_construct(
        key=ROLE, label=words(definition["role"]), can=[words(each) for each in definition["can"]],
        cannot=[words(each) for each in definition["cannot"]],
        money=words(definition["money"]) if definition["money"] else _MONEY,
    )  # fmt: skip
    thing = ThingShape.model_construct(
        key="access", one=words(definition["access"]), roles=[role],
        steps=[
            StepShape.model_construct(text=words(each["text"]), copies=_ENTERED if each["shows_entered"] else None)
            for each in definition["steps"]
        ],
        removal=[StepShape.model_construct(text=words(each)) for each in definition["removal"]],
    )  # fmt: skip
    file = FileShape.model_construct(
        key=key, name=definition["name"], dated=ContentDate(((SOURCE, written),)), things=[thing],
        agency_side=definition["before_you_confirm"],
        needs=[NeedShape.model_construct(key=_ENTERED, label=words(entered["label"]))] if entered else [],
    )  # fmt: skip
    return ManualPlatform(
        file,
        version=version,
        known_ids={_ENTERED: entered["value"]} if entered else {},
        pictures=dict(_pictures(definition, pictures)),
        done=words(definition["done"]) if definition["done"] else DONE,
    )


def _pictures(definition: Definition, path: str) -> Iterator[tuple[int, StepPicture]]:
    for at, step in enumerate(definition["steps"]):
        if shown := step["picture"]:
            alt = _words(shown["alt"], definition["language"])
            yield at, StepPicture(f"{path}/{shown['sha256']}.png", shown["width"], shown["height"], alt)


def _words(texts: Mapping[str, str], language: str) -> Message:
    """A text of the agency by language. It has no placeholders, so its braces are doubled."""
    doubled = {tag: text.replace("{", "{{").replace("}", "}}") for tag, text in texts.items()}
    return Message(doubled.get(language, ""), texts=doubled)
