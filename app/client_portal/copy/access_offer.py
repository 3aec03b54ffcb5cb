"""Description of a link's access requests in plain words, shown before consent. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.platforms.port import Platform

#: What a kind of asset is called, once and several times.
KINDS = {
    "ad_account": ("ad account", "ad accounts"),
    "pixel": ("pixel", "pixels"),
    "tiktok_account": ("TikTok account", "TikTok accounts"),
    "catalog": ("catalog", "catalogs"),
    "person": ("person", "people"),
}

#: "Can they spend my money?", by what the role may do.
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
    """One access asked for: of what, in which role, and why. `where` begins a line about it."""

    things: str
    label: str
    reason: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    money: str
    where: str


def offers(access_requests: Iterable[tuple[str, str, str]], platform: Platform) -> list[Offer]:
    """One offer for each (kind, role, reason) among the access requests, in their order."""
    return [_offer(*asked, platform) for asked in dict.fromkeys(access_requests)]


def _offer(kind: str, role: str, reason: str, platform: Platform) -> Offer:
    words = platform.role_words(kind, role)
    things = f"{platform.name} {kind_name(kind, 2)}".replace("TikTok TikTok", "TikTok")
    return Offer(
        things=things,
        label=words.label,
        reason=reason,
        can=words.can,
        cannot=words.cannot,
        money=_MONEY.get(role, "Ask what this role allows before you agree."),
        where=f"In the {things} you choose",
    )


def kind_name(kind: str, count: int = 1) -> str:
    """`ad account` or `ad accounts`."""
    one, many = KINDS.get(kind, (kind.replace("_", " "), kind.replace("_", " ") + "s"))
    return one if count == 1 else many
