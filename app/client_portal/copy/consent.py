"""Access requests in plain words, groups that can be declined, and the agreement of a consent. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, Text, _
from app.platforms import declarations
from app.platforms.port import Platform


@dataclass(frozen=True)
class Offer:
    """One requested access: assets, role and reason. `where` begins a line about it."""

    things: Text
    label: Text
    reason: Text
    can: tuple[Text, ...]
    cannot: tuple[Text, ...]
    money: Text
    where: Text


@dataclass(frozen=True)
class Agreement:
    """The plan, the abilities of the role under their headings, and the statement beside the button."""

    plan: tuple[Text, ...]
    can_heading: Message
    can: tuple[Text, ...]
    cannot_heading: Message
    cannot: tuple[Text, ...]
    statement: Message

    @property
    def sentences(self) -> list[Text]:
        """Everything shown, in order; the consent stores it."""
        return [*self.plan, self.can_heading, *self.can, self.cannot_heading, *self.cannot, self.statement]

    def mark(self, locale: Locale) -> str:
        """Hash of the texts as shown: a form with another one was filled in under another text, or language."""
        return hashlib.sha256("\n".join(map(locale.text, self.sentences)).encode()).hexdigest()


class RequestSummary(Protocol):
    """Fields of an access request that grouping needs."""

    id: str
    kind: str
    role: str
    required: bool
    asset_id: str | None
    asset_name: str | None
    status: str

    @property
    def why(self) -> Text: ...


@dataclass(frozen=True)
class RequestGroup:
    """Access requests of one kind, role and reason, agreed to or declined together.

    `key` is the id of the first.
    """

    key: str
    title: Message
    role: Text
    reason: Text
    required: bool
    names: tuple[str, ...]
    declined: bool


def platform_offers(access_requests: Iterable[tuple[str, str, Text]], platform: Platform) -> list[Offer]:
    """One offer for each (kind, role, reason) among the access requests, in their order."""
    return [_offer(*asked, platform) for asked in dict.fromkeys(access_requests)]


def agreement(plan: Sequence[Text], offers: Sequence[Offer], *, agency: str, client: str) -> Agreement:
    """The current text for one link."""
    return Agreement(
        plan=tuple(plan),
        can_heading=_("What {agency} can do", agency=agency),
        can=tuple(dict.fromkeys(item for offer in offers for item in offer.can)),
        cannot_heading=_("What {agency} can’t do", agency=agency),
        cannot=tuple(dict.fromkeys(item for offer in offers for item in offer.cannot)),
        statement=_(
            "By saying yes I confirm that I may decide this for {client}, and I share exactly what is listed here with "
            "{agency}. I can take it back at any time.",
            client=client,
            agency=agency,
        ),
    )


def group_requests(access_requests: Iterable[RequestSummary], platform: Platform) -> list[RequestGroup]:
    """One group for each kind, role and reason, in the order of the access requests; declined ones apart."""
    by_what: dict[tuple[str, str, Text, bool, bool], list[RequestSummary]] = {}
    for access_request in access_requests:
        what = (
            access_request.kind,
            access_request.role,
            access_request.why,
            access_request.required,
            access_request.status == "declined",
        )
        by_what.setdefault(what, []).append(access_request)
    return [
        RequestGroup(
            key=those[0].id,
            title=declarations.find(platform.key, kind).texts.title(len(those)),
            role=platform.role_words(kind, role).label,
            reason=why,
            required=required,
            names=tuple(
                access_request.asset_name or access_request.asset_id or ""
                for access_request in those
                if access_request.asset_id
            ),
            declined=declined,
        )
        for (kind, role, why, required, declined), those in by_what.items()
    ]


def together(access_requests: Iterable[RequestSummary], key: str) -> list[str]:
    """Ids of the access requests in the group of one; none if there is no such access request."""
    every = list(access_requests)
    one = next((access_request for access_request in every if access_request.id == key), None)
    if one is None:
        return []

    def what(access_request: RequestSummary) -> tuple[str, str, Text, bool, bool]:
        return (
            access_request.kind,
            access_request.role,
            access_request.why,
            access_request.required,
            access_request.status == "declined",
        )

    return [access_request.id for access_request in every if what(access_request) == what(one)]


def _offer(kind: str, role: str, reason: Text, platform: Platform) -> Offer:
    words, texts = platform.role_words(kind, role), declarations.find(platform.key, kind).texts
    return Offer(
        things=texts.all.fill(platform=platform.name),
        label=words.label,
        reason=reason,
        can=words.can,
        cannot=words.cannot,
        money=words.money,
        where=texts.where.fill(platform=platform.name),
    )
