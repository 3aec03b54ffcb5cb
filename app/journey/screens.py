"""Which screen is next, which may be opened, and how far along a client is. Pure."""

from dataclasses import dataclass

#: The screens of the client's way in their order, with the minutes that usually remain on each.
MINUTES = {
    "way": 6,
    "business-center": 5,
    "accounts": 4,
    "pixels": 3,
    "markets": 3,
    "contacts": 2,
    "review": 1,
}
WAY = tuple(MINUTES)
AFTER = ("progress", "receipt")


@dataclass(frozen=True)
class Standing:
    """How far a client has come on one link."""

    lane: str | None = None
    #: there is a living connection made on this link
    connected: bool = False
    business_center: bool = False
    #: at least one ask names its asset
    assets: bool = False
    pixels: bool = False
    markets: bool = False
    contacts: bool = False
    submitted: bool = False
    #: an ask names an asset the client has not agreed to yet
    unapproved: bool = False
    completed: bool = False


def next_screen(standing: Standing) -> str:
    """The first screen that still needs the client, or where to see how it stands."""
    if standing.completed:
        return "receipt"
    answered = {
        "way": _has_way(standing),
        "business-center": standing.business_center,
        "accounts": standing.assets,
        "pixels": standing.pixels,
        "markets": standing.markets,
        "contacts": standing.contacts,
        "review": standing.submitted and not standing.unapproved,
    }
    return next((screen for screen in WAY if not answered[screen]), "progress")


def instead(standing: Standing, screen: str) -> str | None:
    """Where somebody who asks for a screen is sent; None when it can be shown."""
    due = next_screen(standing)
    if screen in AFTER:
        return None if standing.submitted else due
    if standing.completed:
        return "receipt"
    return due if due in WAY and WAY.index(screen) > WAY.index(due) else None


def before(screen: str) -> str | None:
    """The screen its Back leads to; None on the first."""
    at = WAY.index(screen)
    return WAY[at - 1] if at else None


def after_trip(standing: Standing, outcome: str) -> str:
    """Where a trip to the platform leads: to what can be chosen now, how it stands, or the choice of way.

    A way back that was used before (Back, Reload) goes on like the first when it did connect.
    """
    used_before = outcome in ("unknown", "too_late")
    if outcome == "connected" or (used_before and standing.connected):
        if standing.submitted:
            return next_screen(standing)
        return "accounts" if standing.business_center else "business-center"
    here = "progress" if standing.submitted else "way"
    return f"{here}?cancelled=1" if outcome == "cancelled" else f"{here}?outcome={outcome}"


def _has_way(standing: Standing) -> bool:
    if standing.lane == "connected":
        return standing.connected or standing.submitted
    return standing.lane is not None
