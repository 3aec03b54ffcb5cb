"""Request and response schemas of own platforms; the dashboard uses them too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.kit.errors import InvalidInput
from app.kit.input.fields import Asked120, Asked200, Asked500, Language, Line200, RequestShape, Time
from app.kit.input.text import is_empty
from app.links.own_platforms.models import PICTURES, OwnPlatform, PlatformPicture
from app.platforms.manual import own

MOST_STEPS = 20
MOST_LINES = 10


def _without_empty(given: Any) -> Any:
    """A text by language without the languages in which it is empty."""
    if not isinstance(given, dict):
        return given
    return {tag: text for tag, text in given.items() if not (isinstance(text, str) and is_empty(text))}


_WRITTEN = BeforeValidator(_without_empty)
#: A text by language; in the agency's own it is needed.
Texts120 = Annotated[dict[Language, Asked120], _WRITTEN]
Texts200 = Annotated[dict[Language, Asked200], _WRITTEN]
Texts500 = Annotated[dict[Language, Asked500], _WRITTEN]
Key = Annotated[str, StringConstraints(pattern=rf"^{own.PREFIX}[a-z0-9_]{{1,28}}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXAMPLE: Mapping[str, Any] = {
    "name": "Snapchat Ads",
    "access": {"en": "Ad account"},
    "role": {"en": "Campaign manager"},
    "can": [{"en": "Create, change and pause ads"}, {"en": "See their results"}],
    "cannot": [{"en": "Change how you pay"}],
    "money": {"en": "Yes, within the limits of your ad account."},
    "enter": {"label": {"en": "E-mail address to invite"}, "value": "ads@north.example"},
    "steps": [
        {"text": {"en": "Open Ads Manager, then Members."}},
        {"text": {"en": "Press Invite and paste this address:"}, "shows_entered": True},
    ],
    "removal": [{"en": "Open Members, choose North Agency and press Remove."}],
    "done": {"en": "I have sent the invitation"},
    "before_you_confirm": ["Accept the invitation and open the ad account."],
}


class PictureFields(RequestShape):
    """A picture of a step, which was uploaded before."""

    sha256: Sha256 = Field(examples=[_HASH])
    alt: Texts200 = Field(description="What it shows, for who cannot see it.", examples=[{"en": "The page Members."}])


class StepFields(RequestShape):
    """One step of the client, in a sentence or two."""

    text: Texts500 = Field(examples=[{"en": "Press Invite and paste this address:"}])
    picture: PictureFields | None = Field(None, examples=[None])
    shows_entered: bool = Field(False, description="`enter` is shown below it, to copy.", examples=[True])


class EnteredFields(RequestShape):
    """An entry of clients there, such as an e-mail address to invite."""

    label: Texts120 = Field(examples=[{"en": "E-mail address to invite"}])
    value: Line200 = Field(examples=["ads@north.example"])


class OwnPlatformFields(RequestShape):
    """A platform that Keyturn does not know: the access that clients give, and their steps.

    Texts are by language. One that a language lacks is shown in the language of your agency.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [dict(EXAMPLE)]})

    name: Asked120 = Field(examples=["Snapchat Ads"])
    access: Texts120 = Field(description="What clients give access to.", examples=[{"en": "Ad account"}])
    role: Texts120 = Field(description="The role they give you there.", examples=[{"en": "Campaign manager"}])
    can: list[Texts200] = Field(
        min_length=1, max_length=MOST_LINES, description="What you can do with it.",
        examples=[[{"en": "Create, change and pause ads"}]],
    )  # fmt: skip
    cannot: list[Texts200] = Field(
        min_length=1,
        max_length=MOST_LINES,
        description="What you cannot do.",
        examples=[[{"en": "Change how you pay"}]],
    )
    money: Texts500 | None = Field(
        None, description="The answer to “Can they spend my money?”",
        examples=[{"en": "Yes, within the limits of your ad account."}],
    )  # fmt: skip
    enter: EnteredFields | None = None
    steps: list[StepFields] = Field(min_length=1, max_length=MOST_STEPS, description="The client's steps, in order.")
    removal: list[Texts500] = Field(
        default_factory=list, max_length=MOST_STEPS, description="The steps to take the access away again.",
        examples=[[{"en": "Open Members, choose North Agency and press Remove."}]],
    )  # fmt: skip
    done: Texts120 | None = Field(
        None, description="Label of the client's button for steps that are done; by default “I have done this”.",
        examples=[{"en": "I have sent the invitation"}],
    )  # fmt: skip
    before_you_confirm: list[Asked500] = Field(
        default_factory=list, max_length=MOST_LINES, description="What your members do before they attest the access.",
        examples=[["Accept the invitation and open the ad account."]],
    )  # fmt: skip

    def definition(self, language: str, offered: Sequence[str]) -> dict[str, Any]:
        """The definition as it is stored. `language`: the agency's; `offered`: those of the installation.

        Raises InvalidInput.
        """
        problems = dict(self._problems(language, offered))
        if problems:
            raise InvalidInput(fields=problems)
        return {"language": language, **self.model_dump(include=set(OwnPlatformFields.model_fields))}

    def _problems(self, language: str, offered: Sequence[str]) -> Iterator[tuple[str, str]]:
        for place, texts in self._texts():
            for tag in sorted(texts.keys() - {*offered, language}):
                yield f"{place}.{tag}", f"Clients are not offered this language; they are offered {', '.join(offered)}."
            if language not in texts:
                yield (
                    f"{place}.{language}",
                    (f"Write it in {language}, the language of your agency: it is shown where another one is missing."),
                )
        is_shown = any(each.shows_entered for each in self.steps)
        if self.enter and not is_shown:
            yield "enter", "No step shows it: set `shows_entered` of one."
        if is_shown and not self.enter:
            yield "enter", "A step shows what clients enter: say what."

    def _texts(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Each text for clients, with its place."""
        yield from (("access", self.access), ("role", self.role))
        if self.enter:
            yield "enter.label", self.enter.label
        yield from ((name, one) for name, one in (("money", self.money), ("done", self.done)) if one is not None)
        for name, several in (("can", self.can), ("cannot", self.cannot), ("removal", self.removal)):
            yield from ((f"{name}.{at}", each) for at, each in enumerate(several))
        for at, step in enumerate(self.steps):
            yield f"steps.{at}.text", step.text
            if step.picture:
                yield f"steps.{at}.picture.alt", step.picture.alt


class NewOwnPlatform(OwnPlatformFields):
    """A platform of your own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"key": "own_snapchat_ads", **EXAMPLE}]})

    key: Key | None = Field(
        None, description="The `platform` of access requests there; by default made of the name.",
        examples=["own_snapchat_ads"],
    )  # fmt: skip


class PictureView(BaseModel):
    """A picture, re-encoded as PNG. A step names it by its hash."""

    sha256: str = Field(examples=[_HASH])
    width: int = Field(examples=[960])
    height: int = Field(examples=[540])
    path: str = Field(examples=[f"{PICTURES}/agency_01ksy1q3e0fzs8qj5m8g3d4w7r/{_HASH}.png"])

    @classmethod
    def of(cls, row: PlatformPicture) -> "PictureView":
        """From the row."""
        path = f"{PICTURES}/{row.agency_id}/{row.sha256}.png"
        return cls(sha256=row.sha256, width=row.width, height=row.height, path=path)


class OwnPlatformView(BaseModel):
    """A manual platform of your own. A link keeps its version."""

    key: str = Field(description="The `platform` of access requests there.", examples=["own_snapchat_ads"])
    version: int = Field(examples=[1])
    language: str = Field(description="Shown where another language is missing.", examples=["en"])
    name: str = Field(examples=["Snapchat Ads"])
    access: dict[str, str] = Field(examples=[{"en": "Ad account"}])
    role: dict[str, str] = Field(examples=[{"en": "Campaign manager"}])
    can: list[dict[str, str]] = Field(examples=[[{"en": "Create, change and pause ads"}]])
    cannot: list[dict[str, str]] = Field(examples=[[{"en": "Change how you pay"}]])
    money: dict[str, str] | None = Field(examples=[{"en": "Yes, within the limits of your ad account."}])
    enter: EnteredFields | None
    steps: list[StepFields]
    removal: list[dict[str, str]] = Field(examples=[[{"en": "Open Members and press Remove."}]])
    done: dict[str, str] | None = Field(examples=[{"en": "I have sent the invitation"}])
    before_you_confirm: list[str] = Field(examples=[["Accept the invitation and open the ad account."]])
    archived_at: Time | None

    @classmethod
    def of(cls, row: OwnPlatform) -> "OwnPlatformView":
        """From the row."""
        steps = [
            {**each, "picture": each["picture"] and {name: each["picture"][name] for name in ("sha256", "alt")}}
            for each in row.definition["steps"]
        ]
        return cls(
            key=row.key, version=row.version, archived_at=row.archived_at,
            **{**row.definition, "steps": steps},
        )  # fmt: skip


class OwnPlatformUseView(BaseModel):
    """Active links and open public links that have an own platform, and the presets that request it."""

    model_config = ConfigDict(from_attributes=True)

    active_links: int = Field(examples=[3])
    public_links: int = Field(examples=[1])
    presets: list[str] = Field(description="By name.", examples=[["Snapchat launch"]])
