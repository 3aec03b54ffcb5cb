"""Texts for clients about manual platforms: offer, plan, steps and statuses of access requests. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.client_portal.copy.consent import Offer
from app.client_portal.status_texts import Tone
from app.platforms.manual.library import ManualPlatform
from app.platforms.port import GuidedStep


@dataclass(frozen=True)
class ManualRequest:
    """One access request of a manual platform, with the values that its texts need."""

    id: str
    platform: ManualPlatform
    role: str
    reason: str
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
    def name(self) -> str:
        """Subject of the access request, at the beginning of a line."""
        called = self.title or self.platform.thing(self.role).one
        return called[:1].upper() + called[1:]

    @property
    def full_name(self) -> str:
        """Subject of the access request inside a sentence, without its platform beside it."""
        return f"“{self.title}”" if self.title else f"{self.platform.name} {self.platform.thing(self.role).one}"


@dataclass(frozen=True)
class ManualStep:
    """One numbered step. `label` and `value`: the value to copy."""

    text: str
    where: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    help_url: str = ""
    help_search: str = ""
    label: str = ""
    value: str = ""


@dataclass(frozen=True)
class ManualLine:
    """Status of one access request, with its steps until they are done."""

    id: str
    name: str
    given: str
    role: str
    short: str
    sentence: str
    tone: Tone
    since: datetime
    steps: tuple[ManualStep, ...]
    removal: tuple[ManualStep, ...]
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
    dated: date | None
    lines: tuple[ManualLine, ...]

    @property
    def is_to_do(self) -> bool:
        """True if the client has something left to do there."""
        return any(line.can_say_done for line in self.lines)


_SHORT: Mapping[str, tuple[str, Tone]] = {
    "waiting": ("Not agreed yet", "yours"),
    "approved": ("Your turn", "yours"),
    "awaiting_client": ("Your turn", "yours"),
    "awaiting_partner": ("Being confirmed", "moving"),
    "attested": ("Confirmed", "quiet"),
    "declined": ("You said no", "quiet"),
    "ended": ("Ended", "quiet"),
}

_SENTENCES: Mapping[str, str] = {
    "waiting": "Nothing happens until you say yes to it.",
    "approved": "Follow the steps, then press “I have done this”.",
    "awaiting_client": "Follow the steps, then press “I have done this”.",
    "awaiting_partner": "You’ve done it. {agency} checks that it works — nothing for you to do.",
    "attested": "{agency} says it works. Keyturn can’t look into {platform} itself.",
    "declined": "It was not shared.",
    "ended": "{agency} no longer asks for this.",
}


def offer(asked: ManualRequest) -> Offer:
    """Description of the access requests before consent."""
    role = asked.platform.role(asked.role)
    return Offer(
        things=asked.full_name, label=role.label, reason=asked.reason, can=tuple(role.can),
        cannot=tuple(role.cannot), money=role.money,
        where=f"For {asked.full_name}" if asked.title else f"In your {asked.full_name}",
    )  # fmt: skip


def plan(every: Iterable[ManualRequest], *, agency: str) -> list[str]:
    """Plan that the client agrees to: a sentence for each access request, and one about verification."""
    listed = list(every)
    if not listed:
        return []
    places = named(dict.fromkeys(f"“{each.title}”" if each.title else each.platform.name for each in listed))
    return [
        *(_shared(each, agency) for each in listed),
        f"At {places} you do this yourself, step by step, and {agency} confirms that it works: Keyturn can’t look "
        "there.",
    ]


def _shared(asked: ManualRequest, agency: str) -> str:
    if asked.title:
        return f"Give {agency} “{asked.title}”."
    number = f" {asked.given}" if asked.given else ""
    return f"Give {agency} access to your {asked.full_name}{number} as {asked.platform.role(asked.role).label}."


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
            dated=None
            if access_requests[0].platform.own_words
            else date.fromisoformat(access_requests[0].platform.guided_dated),
            lines=tuple(_line(asked, agency, identifiers.get(key, {})) for asked in access_requests),
        )
        for key, access_requests in found.items()
    ]


def _line(asked: ManualRequest, agency: str, identifiers: Mapping[str, str]) -> ManualLine:
    short, tone = _SHORT[asked.status]
    to_do = asked.status in ("approved", "awaiting_client")
    platform = "this tool" if asked.title else asked.platform.name
    return ManualLine(
        id=asked.id,
        name=asked.name,
        given=asked.given or "",
        role=asked.platform.role(asked.role).label,
        short=short,
        sentence=_SENTENCES[asked.status].format(agency=agency, platform=platform),
        tone=tone,
        since=asked.since,
        steps=steps(asked, agency=agency, identifiers=identifiers) if to_do else (),
        removal=tuple(_filled(asked, step, agency, identifiers) for step in _removal_steps(asked)),
        can_say_done=to_do,
        can_take_back=asked.status == "awaiting_partner",
        asked=asked,
    )


def steps(asked: ManualRequest, *, agency: str, identifiers: Mapping[str, str]) -> tuple[ManualStep, ...]:
    """Steps for the client, with names and numbers filled in."""
    if asked.own_steps:
        return tuple(ManualStep(text) for text in asked.own_steps)
    return tuple(_filled(asked, step, agency, identifiers) for step in asked.platform.steps(asked.role))


def _removal_steps(asked: ManualRequest) -> tuple[GuidedStep, ...]:
    written = asked.platform.removal(asked.role)
    sentence = "Open the tool, take {agency} off the list of who has access, or ask {agency} where that is."
    return written or (GuidedStep(sentence, where="", variants=(), help_url="", help_search=""),)


def _filled(asked: ManualRequest, step: GuidedStep, agency: str, identifiers: Mapping[str, str]) -> ManualStep:
    """A step with names and numbers; an id to copy is shown below it, in a field of its own."""
    needs = {need.key: need for need in asked.platform.needs}
    copied = next((need for key, need in needs.items() if f": {{{key}}}" in step.text), None)
    known = {key: identifiers.get(key) or f"(ask {agency} for its {need.label})" for key, need in needs.items()}
    words = known | {"agency": agency, "asset": _asset(asked), "role": asked.platform.role(asked.role).label}
    text = step.text.replace(f": {{{copied.key}}}", ":") if copied else step.text
    return ManualStep(
        text=text.format(**words),
        where=tuple(step.where.format(**words).split(" > ")) if step.where else (),
        variants=tuple(variant.format(**words) for variant in step.variants),
        help_url=step.help_url,
        help_search=step.help_search,
        label=f"{agency}’s {copied.label}" if copied else "",
        value=known[copied.key] if copied else "",
    )


def _asset(asked: ManualRequest) -> str:
    number = f" {asked.given}" if asked.given else ""
    return f"your {asked.platform.thing(asked.role).one}{number}"


def named(names: Iterable[str]) -> str:
    """`TikTok, Meta Business and Shopify`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
