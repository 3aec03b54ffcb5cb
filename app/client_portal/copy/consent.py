"""Access requests in plain words, groups that can be declined, and the agreement of a consent. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.platforms.port import Platform

#: Name of a kind of asset, singular and plural.
KIND_NAMES = {
    "ad_account": ("ad account", "ad accounts"),
    "pixel": ("pixel", "pixels"),
    "catalog": ("catalog", "catalogs"),
    "person": ("person", "people"),
}
#: Answer to "Can they spend my money?", by role.
_MONEY = {
    "ANALYST": "No. They can only look at results.",
    "OPERATOR": "Only by running ads in the accounts you choose: ads are paid the way you pay for them "
    "today, within "
    "the budgets set there. Your payment method, invoices and billing stay out of their reach.",
    "LINK": "No. The pixel only tells which ads lead to visits and sales.",
    "ADMIN": "Yes: full control includes the account’s finance settings. Ask why they need it before you agree.",
}


@dataclass(frozen=True)
class Offer:
    """One requested access: assets, role and reason. `where` begins a line about it."""

    things: str
    label: str
    reason: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    money: str
    where: str


@dataclass(frozen=True)
class Agreement:
    """The plan, the abilities of the role, and the statement that is ticked."""

    plan: tuple[str, ...]
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    statement: str

    @property
    def sentences(self) -> list[str]:
        """Every sentence shown, in order; the consent stores them."""
        return [*self.plan, *self.can, *self.cannot, self.statement]

    @property
    def mark(self) -> str:
        """Hash of the sentences: a form with another one was filled in under another text."""
        return hashlib.sha256("\n".join(self.sentences).encode()).hexdigest()


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
    def why(self) -> str: ...


@dataclass(frozen=True)
class RequestGroup:
    """Access requests of one kind, role and reason, agreed to or declined together.

    `key` is the id of the first.
    """

    key: str
    title: str
    role: str
    reason: str
    required: bool
    names: tuple[str, ...]
    declined: bool


def platform_offers(access_requests: Iterable[tuple[str, str, str]], platform: Platform) -> list[Offer]:
    """One offer for each (kind, role, reason) among the access requests, in their order."""
    return [_offer(*asked, platform) for asked in dict.fromkeys(access_requests)]


def agreement(plan: Sequence[str], offers: Sequence[Offer], *, agency: str, client: str) -> Agreement:
    """The current text for one link."""
    can = dict.fromkeys(item for offer in offers for item in offer.can)
    cannot = dict.fromkeys(item for offer in offers for item in offer.cannot)
    return Agreement(
        plan=tuple(plan),
        can=tuple(f"{agency} can {item}." for item in can),
        cannot=tuple(f"{agency} can’t {item}." for item in cannot),
        statement=f"I may decide this for {client}, and I agree to share exactly what is listed here "
        f"with {agency}. "
        "I can take it back at any time.",
    )


def group_requests(access_requests: Iterable[RequestSummary], platform: Platform) -> list[RequestGroup]:
    """One group for each kind, role and reason, in the order of the access requests; declined ones apart."""
    by_what: dict[tuple[str, str, str, bool, bool], list[RequestSummary]] = {}
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
            title=kind_name(kind, len(those)).capitalize(),
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

    def what(access_request: RequestSummary) -> tuple[str, str, str, bool, bool]:
        return (
            access_request.kind,
            access_request.role,
            access_request.why,
            access_request.required,
            access_request.status == "declined",
        )

    return [access_request.id for access_request in every if what(access_request) == what(one)]


def kind_name(kind: str, count: int = 1) -> str:
    """`ad account` or `ad accounts`."""
    one, many = KIND_NAMES.get(kind, (kind.replace("_", " "), kind.replace("_", " ") + "s"))
    return one if count == 1 else many


def _offer(kind: str, role: str, reason: str, platform: Platform) -> Offer:
    words = platform.role_words(kind, role)
    things = f"{platform.name} {kind_name(kind, 2)}"
    return Offer(
        things=things,
        label=words.label,
        reason=reason,
        can=words.can,
        cannot=words.cannot,
        money=_MONEY.get(role, "Ask what this role allows before you agree."),
        where=f"In the {things} you choose",
    )
