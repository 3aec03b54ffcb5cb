"""Order of the client's screens: the next one, those that may be opened, and progress. Pure."""

from dataclasses import dataclass

#: All screens of a client in their order, with the usual minutes for each.
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
SEQUENCE = tuple(MINUTES)
AFTER = ("progress", "receipt")
#: The screens of a link without manual platforms and without questions of the preset.
USUAL_SEQUENCE = tuple(screen for screen in SEQUENCE if screen not in ("questions", "others"))


#: The screen on which assets of each kind are chosen. People are named by the agency.
OF_KIND = {"ad_account": "accounts", "pixel": "pixels", "catalog": "pixels"}


@dataclass(frozen=True)
class Progress:
    """Progress of a client on one link."""

    #: the screens of this client, in their order
    sequence: tuple[str, ...] = USUAL_SEQUENCE
    lane: str | None = None
    #: the link has an active connection
    connected: bool = False
    business_center: bool = False
    #: every requested ad account is chosen
    assets: bool = False
    others: bool = False
    pixels: bool = False
    markets: bool = False
    contacts: bool = False
    questions: bool = False
    #: the client completed the checklist
    ready: bool = False
    submitted: bool = False
    #: an access request has an asset that the client has not agreed to yet
    unapproved: bool = False
    completed: bool = False

    @property
    def connecting(self) -> bool:
        """True if access on a connected platform is requested."""
        return "way" in self.sequence


def next_screen(progress: Progress) -> str:
    """The first screen that still needs the client, else the progress or the receipt."""
    if progress.completed:
        return "receipt"
    answered = {
        "way": _has_lane(progress),
        "business-center": progress.business_center,
        "accounts": progress.assets,
        "others": progress.others,
        "pixels": progress.pixels,
        "markets": progress.markets,
        "contacts": progress.contacts,
        "questions": progress.questions,
        "get-ready": progress.ready,
        "review": progress.submitted and not progress.unapproved,
    }
    return next((screen for screen in progress.sequence if not answered[screen]), "progress")


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


def minutes_left(sequence: tuple[str, ...], screen: str) -> int:
    """Minutes that the remaining screens usually take, this one included."""
    return sum(MINUTES[each] for each in sequence[sequence.index(screen) :])


def after_authorization(progress: Progress, outcome: str) -> str:
    """Target after an authorization at the platform: the choice of assets, the progress, or the choice of lane.

    A callback that was used before (Back, Reload) continues like the first one if that one connected.
    """
    used_before = outcome in ("unknown", "too_late")
    if outcome == "connected" or (used_before and progress.connected):
        if progress.submitted:
            return next_screen(progress)
        return "accounts" if progress.business_center else "business-center"
    here = "progress" if progress.submitted else "way"
    return f"{here}?cancelled=1" if outcome == "cancelled" else f"{here}?outcome={outcome}"


def _has_lane(progress: Progress) -> bool:
    if progress.lane == "connected":
        return progress.connected or progress.submitted
    return progress.lane is not None
