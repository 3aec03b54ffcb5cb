"""Order of the client's screens: the next one, those that may be opened, and progress. Pure."""

from dataclasses import dataclass

#: Every screen a client's way may have, in their order, with the minutes each usually takes.
MINUTES = {
    "way": 1,
    "business-center": 1,
    "accounts": 1,
    "others": 1,
    "pixels": 0,
    "markets": 0,
    "contacts": 1,
    "questions": 2,
    "get-ready": 1,
    "review": 1,
}
WAY = tuple(MINUTES)
AFTER = ("progress", "receipt")
#: The way of a link that asks for nothing on manual platforms, and whose preset asks nothing of its own.
USUAL = tuple(screen for screen in WAY if screen not in ("questions", "others"))


@dataclass(frozen=True)
class Progress:
    """Progress of a client on one link."""

    #: the screens this client meets, in their order
    way: tuple[str, ...] = USUAL
    lane: str | None = None
    #: there is a living connection made on this link
    connected: bool = False
    business_center: bool = False
    #: every ad account asked for is named
    assets: bool = False
    others: bool = False
    pixels: bool = False
    markets: bool = False
    contacts: bool = False
    questions: bool = False
    #: the client went through the checklist
    ready: bool = False
    submitted: bool = False
    #: an access request names an asset the client has not agreed to yet
    unapproved: bool = False
    completed: bool = False

    @property
    def connecting(self) -> bool:
        """True if something is asked for on a platform that we connect with or read."""
        return "way" in self.way


def next_screen(standing: Progress) -> str:
    """The first screen that still needs the client, or where to see how it stands."""
    if standing.completed:
        return "receipt"
    answered = {
        "way": _has_way(standing),
        "business-center": standing.business_center,
        "accounts": standing.assets,
        "others": standing.others,
        "pixels": standing.pixels,
        "markets": standing.markets,
        "contacts": standing.contacts,
        "questions": standing.questions,
        "get-ready": standing.ready,
        "review": standing.submitted and not standing.unapproved,
    }
    return next((screen for screen in standing.way if not answered[screen]), "progress")


def instead(standing: Progress, screen: str) -> str | None:
    """Redirect target for a requested screen; None if it can be shown."""
    due = next_screen(standing)
    if screen in AFTER:
        return None if standing.submitted else due
    if standing.completed:
        return "receipt"
    way = standing.way
    if screen not in way:
        return due
    return due if due in way and way.index(screen) > way.index(due) else None


def before(way: tuple[str, ...], screen: str) -> str | None:
    """The screen its Back leads to; None on the first."""
    at = way.index(screen)
    return way[at - 1] if at else None


def minutes_left(way: tuple[str, ...], screen: str) -> int:
    """Minutes that the remaining screens usually take, this one included."""
    return sum(MINUTES[each] for each in way[way.index(screen) :])


def after_trip(standing: Progress, outcome: str) -> str:
    """Target after a trip to the platform: the choice of assets, the statuses, or the choice of lane.

    A way back that was used before (Back, Reload) goes on like the first when it did connect.
    """
    used_before = outcome in ("unknown", "too_late")
    if outcome == "connected" or (used_before and standing.connected):
        if standing.submitted:
            return next_screen(standing)
        return "accounts" if standing.business_center else "business-center"
    here = "progress" if standing.submitted else "way"
    return f"{here}?cancelled=1" if outcome == "cancelled" else f"{here}?outcome={outcome}"


def _has_way(standing: Progress) -> bool:
    if standing.lane == "connected":
        return standing.connected or standing.submitted
    return standing.lane is not None
