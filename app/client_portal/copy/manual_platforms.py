"""Texts for clients about manual platforms: offer, plan, steps and statuses of access requests. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.client_portal.copy.consent import Offer
from app.client_portal.copy.guided_steps import StepLine, filled
from app.client_portal.status_texts import Tone
from app.kit.i18n.message import ContentDate, Message, Text, Value, _
from app.platforms.manual.library import ManualPlatform
from app.platforms.port import GuidedStep


@dataclass(frozen=True)
class ManualRequest:
    """One access request of a manual platform, with the values that its texts need."""

    id: str
    platform: ManualPlatform
    role: str
    reason: Text
    status: str
    since: datetime
    #: the client's own id of the asset, if given
    given: str | None = None
    #: title and steps of the agency's own
    title: str | None = None
    own_steps: tuple[str, ...] = ()
    client_said_by: str | None = None
    client_said_at: datetime | None = None
    agency_said_by: str | None = None
    agency_said_at: datetime | None = None
    agreed_at: datetime | None = None

    @property
    def name(self) -> Text:
        """Subject of the access request, beside its platform."""
        return self.title or self.platform.thing(self.role).one

    @property
    def line(self) -> Text:
        """Subject of the access request with its platform, at the beginning of a line."""
        return self.title or _("{platform}: {asset}", platform=self.platform.name, asset=self.name)

    @property
    def full_name(self) -> Message:
        """Subject of the access request inside a sentence."""
        return _("“{name}”", name=self.line)


@dataclass(frozen=True)
class ManualLine:
    """Status of one access request, with its steps until they are done."""

    id: str
    name: Text
    given: str
    role: Text
    short: Message
    sentence: Message
    tone: Tone
    since: datetime
    steps: tuple[StepLine, ...]
    removal: tuple[StepLine, ...]
    can_say_done: bool
    can_take_back: bool
    asked: ManualRequest


@dataclass(frozen=True)
class ManualGroup:
    """The access requests of one platform.

    `dated`: date on which its menu names were checked; none for the agency's own steps.
    """

    key: str
    name: str
    dated: ContentDate | None
    lines: tuple[ManualLine, ...]

    @property
    def is_to_do(self) -> bool:
        """True if the client has something left to do there."""
        return any(line.can_say_done for line in self.lines)


_NOT_AGREED = _("Not agreed yet")
_YOUR_TURN = _("Your turn")
_FOLLOW = _("Follow the steps, then press “{button}”.")

_SHORT: Mapping[str, tuple[Message, Tone]] = {
    "waiting": (_NOT_AGREED, "yours"),
    "approved": (_YOUR_TURN, "yours"),
    "awaiting_client": (_YOUR_TURN, "yours"),
    "awaiting_partner": (_("Being confirmed"), "moving"),
    "attested": (_("Confirmed"), "quiet"),
    "declined": (_("You said no"), "quiet"),
    "ended": (_("Ended"), "quiet"),
}

_SENTENCES: Mapping[str, Message] = {
    "waiting": _("Nothing happens until you say yes to it."),
    "approved": _FOLLOW,
    "awaiting_client": _FOLLOW,
    "awaiting_partner": _("You’ve done it. {agency} checks that it works — nothing for you to do."),
    "attested": _("{agency} says it works. Keyturn can’t look into {platform} itself."),
    "declined": _("It was not shared."),
    "ended": _("{agency} no longer asks for this."),
}
#: The same about a tool that only the agency names.
_ATTESTED_TOOL = _("{agency} says it works. Keyturn can’t look into this tool itself.")


def offer(asked: ManualRequest) -> Offer:
    """Description of the access requests before consent."""
    role = asked.platform.role(asked.role)
    return Offer(
        things=asked.line, label=role.label, reason=asked.reason, can=tuple(role.can), cannot=tuple(role.cannot),
        money=role.money, where=asked.line,
    )  # fmt: skip


def plan(every: Iterable[ManualRequest], *, agency: str) -> list[Message]:
    """Plan that the client agrees to: a sentence for each access request, and one about verification."""
    listed = list(every)
    if not listed:
        return []
    places = tuple(
        dict.fromkeys(_("“{name}”", name=each.title) if each.title else each.platform.name for each in listed)
    )
    return [
        *(_shared(each, agency) for each in listed),
        _(
            "At {places} you do this yourself, step by step, and {agency} confirms that it works: Keyturn can’t look "
            "there.",
            places=places,
            agency=agency,
        ),
    ]


def _shared(asked: ManualRequest, agency: str) -> Message:
    if asked.title:
        return _("Give {agency} “{access}”.", agency=agency, access=asked.title)
    role = asked.platform.role(asked.role).label
    if asked.given:
        return _(
            "{platform}: {asset} {number}. Give {agency} the role “{role}” there.",
            platform=asked.platform.name,
            asset=asked.name,
            number=asked.given,
            agency=agency,
            role=role,
        )
    return _(
        "{platform}: {asset}. Give {agency} the role “{role}” there.",
        platform=asked.platform.name,
        asset=asked.name,
        agency=agency,
        role=role,
    )


def groups(
    every: Iterable[ManualRequest], *, agency: str, identifiers: Mapping[str, Mapping[str, str]]
) -> list[ManualGroup]:
    """The access requests by platform, in their order; `identifiers` are the agency's own ids there."""
    found: dict[str, list[ManualRequest]] = {}
    for asked in every:
        found.setdefault(asked.platform.key, []).append(asked)
    return [
        ManualGroup(
            key=key,
            name=access_requests[0].platform.name,
            dated=access_requests[0].platform.compared_on,
            lines=tuple(
                _line(asked, agency, {**asked.platform.known_ids, **identifiers.get(key, {})})
                for asked in access_requests
            ),
        )
        for key, access_requests in found.items()
    ]


def _line(asked: ManualRequest, agency: str, identifiers: Mapping[str, str]) -> ManualLine:
    short, tone = _SHORT[asked.status]
    to_do = asked.status in ("approved", "awaiting_client")
    sentence = _ATTESTED_TOOL if asked.title and asked.status == "attested" else _SENTENCES[asked.status]
    return ManualLine(
        id=asked.id,
        name=asked.name,
        given=asked.given or "",
        role=asked.platform.role(asked.role).label,
        short=short,
        sentence=sentence.fill(agency=agency, platform=asked.platform.name, button=asked.platform.done),
        tone=tone,
        since=asked.since,
        steps=steps(asked, agency=agency, identifiers=identifiers) if to_do else (),
        removal=_removal(asked, agency, identifiers),
        can_say_done=to_do,
        can_take_back=asked.status == "awaiting_partner",
        asked=asked,
    )


def steps(asked: ManualRequest, *, agency: str, identifiers: Mapping[str, str]) -> tuple[StepLine, ...]:
    """Steps for the client, with names and numbers filled in."""
    if asked.own_steps:
        return tuple(StepLine((text,)) for text in asked.own_steps)
    return tuple(_filled(asked, step, agency, identifiers) for step in asked.platform.steps(asked.role))


def _removal(asked: ManualRequest, agency: str, identifiers: Mapping[str, str]) -> tuple[StepLine, ...]:
    written = asked.platform.removal(asked.role)
    if not written:
        anywhere = _(
            "Open the tool, take {agency} off the list of who has access, or ask {agency} where that is.",
            agency=agency,
        )
        return (StepLine((anywhere,)),)
    return tuple(_filled(asked, step, agency, identifiers) for step in written)


def _filled(asked: ManualRequest, step: GuidedStep, agency: str, identifiers: Mapping[str, str]) -> StepLine:
    """A step with names and numbers; an id to copy is shown below it, in a field of its own."""
    copied = next((need for need in asked.platform.needs if need.key == step.copies), None)
    known: dict[str, Text] = {
        need.key: identifiers.get(need.key) or _("(ask {agency} for “{label}”)", agency=agency, label=need.label)
        for need in asked.platform.needs
    }
    values: dict[str, Value] = {**known, "agency": agency, "role": asked.platform.role(asked.role).label}
    line = filled(step, values)
    if copied is None:
        return line
    return replace(line, label=_("{agency}: {label}", agency=agency, label=copied.label), value=known[copied.key])
