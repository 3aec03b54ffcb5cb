"""Order of the client's screens: the next one, those that may be opened, and progress. Pure.

A screen is named by its path under the link. Those of a platform begin with its key: `tiktok/way`. `platform_screens`
repeats for each platform of the link.
"""

import re
from dataclasses import dataclass

#: Screen on which the lane of a platform is chosen.
LANE = "way"
#: Screen on which the client's account at a platform is chosen.
ACCOUNT = "account"
#: Screen on which the assets of a platform are chosen, of every kind.
ASSETS = "assets"
#: Screens of a link after those of its platforms, in their order.
COMMON = ("others", "about", "questions", "review")
AFTER = ("progress", "receipt")
_PLATFORM_SCREEN = re.compile(rf"[^/]+/(?:{LANE}|{ACCOUNT}|{ASSETS})")
#: Usual minutes for each screen.
_MINUTES = {LANE: 1, ACCOUNT: 1, ASSETS: 1, "others": 1, "about": 1, "questions": 2, "review": 1}


@dataclass(frozen=True)
class Progress:
    """Progress of a client on one link."""

    #: the screens of this client, in their order
    sequence: tuple[str, ...]
    #: those of them that need no more input; `review` is not among them
    answered: frozenset[str] = frozenset()
    #: platforms with an active connection
    connected: frozenset[str] = frozenset()
    submitted: bool = False
    #: an access request has an asset that the client has not agreed to yet
    unapproved: bool = False
    completed: bool = False


def platform_screens(platform: str) -> list[str]:
    """The screens of one platform."""
    return [f"{platform}/{name}" for name in (LANE, ACCOUNT, ASSETS)]


def is_screen(name: str) -> bool:
    """True for the path of a screen, of any link; false for that of a form's other actions."""
    return name in (*COMMON, *AFTER) or bool(_PLATFORM_SCREEN.fullmatch(name))


def next_screen(progress: Progress) -> str:
    """The first screen that still needs the client, else the progress or the receipt."""
    if progress.completed:
        return "receipt"
    answered = progress.answered
    if progress.submitted and not progress.unapproved:
        answered |= {"review"}
    return next((screen for screen in progress.sequence if screen not in answered), "progress")


def instead(progress: Progress, screen: str) -> str | None:
    """Redirect target for a requested screen; None if it can be shown."""
    due = next_screen(progress)
    if screen in AFTER:
        return None if progress.submitted else due
    if progress.completed:
        return "receipt"
    sequence = progress.sequence
    if screen not in sequence:
        return due
    return due if due in sequence and sequence.index(screen) > sequence.index(due) else None


def before(sequence: tuple[str, ...], screen: str) -> str | None:
    """The screen its Back leads to; None on the first."""
    at = sequence.index(screen)
    return sequence[at - 1] if at else None


def minutes_of(screen: str) -> int:
    """Minutes that a screen usually takes."""
    return _MINUTES[screen] if screen in _MINUTES else _MINUTES[screen.split("/")[1]]


def minutes_left(sequence: tuple[str, ...], screen: str) -> int:
    """Minutes that the remaining screens usually take, this one included."""
    return sum(minutes_of(each) for each in sequence[sequence.index(screen) :])


def after_authorization(progress: Progress, platform: str, outcome: str) -> str:
    """Target after an authorization at a platform: the choice of assets, the progress, or the choice of lane.

    A callback that was used before (Back, Reload) continues like the first one if that one connected.
    """
    used_before = outcome in ("unknown", "too_late")
    account = f"{platform}/{ACCOUNT}"
    if outcome == "connected" or (used_before and platform in progress.connected):
        if progress.submitted or account not in progress.sequence:
            return next_screen(progress)
        at = progress.sequence.index(account)
        return progress.sequence[at + 1] if account in progress.answered else account
    result = "cancelled=1" if outcome == "cancelled" else f"outcome={outcome}"
    return f"progress?{result}&at={platform}" if progress.submitted else f"{platform}/{LANE}?{result}"
