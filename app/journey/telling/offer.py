"""What a link asks for, in plain words, before anything is agreed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.platforms.port import Platform

#: What a kind of asset is called, once and several times.
KINDS = {
    "ad_account": ("ad account", "ad accounts"),
    "pixel": ("pixel", "pixels"),
    "tiktok_account": ("TikTok account", "TikTok accounts"),
    "catalog": ("catalog", "catalogs"),
}

#: "Can they spend my money?", by what the role may do.
_MONEY = {
    "ANALYST": "No. They can only look at results.",
    "OPERATOR": "Only by running ads in the accounts you choose: ads are paid the way you pay for them "
    "today, within "
    "the budgets set there. Your payment method, invoices and billing stay out of their reach.",
    "ADMIN": "Yes: full control includes the account’s finance settings. Ask why they need it before you agree.",
}


@dataclass(frozen=True)
class Offer:
    """One access asked for: of what, in which role, and why."""

    things: str
    label: str
    reason: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    money: str


def offers(asks: Iterable[tuple[str, str, str]], platform: Platform) -> list[Offer]:
    """One offer for each (kind, role, reason) among the asks, in their order."""
    return [_offer(*asked, platform) for asked in dict.fromkeys(asks)]


def _offer(kind: str, role: str, reason: str, platform: Platform) -> Offer:
    words = platform.role_words(kind, role)
    return Offer(
        things=f"{platform.name} {kind_name(kind, 2)}".replace("TikTok TikTok", "TikTok"),
        label=words.label,
        reason=reason,
        can=words.can,
        cannot=words.cannot,
        money=_MONEY.get(role, "Ask what this role allows before you agree."),
    )


def kind_name(kind: str, count: int = 1) -> str:
    """`ad account` or `ad accounts`."""
    one, many = KINDS.get(kind, (kind.replace("_", " "), kind.replace("_", " ") + "s"))
    return one if count == 1 else many
