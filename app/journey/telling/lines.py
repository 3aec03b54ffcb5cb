"""The lines a screen shows of what can be chosen and of how each ask stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from app.access.connections.choices import Choice
from app.access.handshakes.deciding.giving import BY_API
from app.journey import words
from app.journey.telling.offer import kind_name
from app.journey.words import Does, Tone
from app.links.model import Ask
from app.links.queries import Whole
from app.links.status import OVER, PROVED
from app.platforms.port import Platform


@dataclass(frozen=True)
class ChoiceLine:
    """One line of a list to choose from; `why` it cannot be chosen, and `label` of the button beside it."""

    id: str
    name: str
    detail: str
    can: bool
    why: str
    label: str | None
    does: Does | None
    names: dict[str, str]


@dataclass(frozen=True)
class Mark:
    """One stage an ask passes through."""

    label: str
    state: Literal["done", "now", "todo", "stuck"]


@dataclass(frozen=True)
class AskLine:
    """How one ask stands."""

    id: str
    name: str
    detail: str
    role: str
    short: str
    sentence: str
    tone: Tone
    marks: tuple[Mark, ...]
    since: datetime
    label: str | None
    does: Does | None
    names: dict[str, str]


def names(whole: Whole, asset: str = "") -> dict[str, str]:
    """What the placeholders in words stand for."""
    return {"agency": whole.agency.name, "bc": center(whole), "asset": asset}


def center(whole: Whole) -> str:
    """The client's Business Center by name, else by its number."""
    intake = whole.intake
    return intake.bc_name or (f"Business Center {intake.bc_id}" if intake.bc_id else "your Business Center")


def of_choice(choice: Choice, whole: Whole) -> ChoiceLine:
    """A choice in words; a Business Center names itself, an ad account its Business Center."""
    blocker = words.of_code(choice.code) if choice.code else None
    about = names(whole, choice.name) | ({"bc": choice.name} if choice.code in words.ABOUT_CENTER else {})
    return ChoiceLine(
        choice.id, choice.name, choice.detail, choice.can,
        why=blocker.sentence if blocker else "",
        label=blocker.label if blocker else None,
        does=blocker.does if blocker else None,
        names=about,
    )  # fmt: skip


def of_ask(ask: Ask, whole: Whole, platform: Platform) -> AskLine:
    """An ask in words: its state, or its blocker where there is one."""
    number = f"{kind_name(ask.kind)} {ask.asset_id}" if ask.person_email is None else ask.person_email
    leaves = ask.unwanted_at is not None and ask.state not in OVER
    said = words.LEAVING if leaves else words.of_state(ask.state, whole.link.lane)
    blocker = _blocker(ask, whole.link.lane)
    theirs = blocker is not None and ask.next_actor != "client"
    return AskLine(
        id=ask.id,
        name=ask.asset_name or ask.person_email or ask.asset_id or "",
        detail=(number if ask.asset_name else kind_name(ask.kind)).capitalize(),
        role=platform.role_words(ask.kind, ask.role).label,
        short="Waiting" if theirs else said.short,
        sentence=blocker.sentence if blocker else said.sentence,
        tone="moving" if theirs else said.tone,
        marks=marks(ask.state, whole.link.lane, seen=ask.role_seen is not None),
        since=ask.state_since,
        label=blocker.label if blocker else None,
        does=blocker.does if blocker else None,
        names=names(whole, ask.asset_name or number),
    )


def _blocker(ask: Ask, lane: str | None) -> words.Blocker | None:
    """What stands in the way of it, or of its end, with the button for it."""
    if ask.unwanted_at is not None and ask.state not in OVER:
        if ask.next_actor != "client":
            return words.LEAVES
        return words.LEAVES_BY_HAND if lane == "guided" else words.LEAVES_BY_TRIP
    if not ask.code or ask.state not in ("blocked", "drifted"):
        return None
    blocker = words.of_code(ask.code)
    by_hand = lane == "guided" or ask.kind not in BY_API
    if blocker.does == "reduce" and (by_hand or ask.kind != "ad_account"):
        return words.LOWER_BY_HAND
    if blocker.does == "connect" and by_hand:
        return replace(blocker, label="Check again", does="check")
    return blocker


def marks(state: str, lane: str | None, *, seen: bool = False) -> tuple[Mark, ...]:
    """Sent, accepted, verified: what is done, what is now, what is to come. Nothing for what is over."""
    if state in OVER:
        return ()
    labels = ("Shared" if lane == "guided" else "Sent", "Accepted", "Verified")
    done, now = _reached(state, seen)
    stuck = state in ("blocked", "drifted")
    states: list[Literal["done", "now", "todo", "stuck"]] = ["done"] * done
    if done < len(labels):
        states.append("stuck" if stuck else "now" if now else "todo")
    states += ["todo"] * (len(labels) - len(states))
    return tuple(Mark(label, at) for label, at in zip(labels, states, strict=True))


def _reached(state: str, seen: bool) -> tuple[int, bool]:
    """How many stages are done, and whether the next one is under way."""
    if state == "verified":
        return 3, False
    if state in ("awaiting_partner", "unverifiable"):
        return 1, state == "awaiting_partner"
    if state == "attested":
        return 2, False
    if state in ("blocked", "drifted"):
        return (2 if seen else 0), False
    return 0, state != "waiting"


@dataclass(frozen=True)
class Summary:
    """How all asks of a link stand together."""

    done: int
    total: int
    all_verified: bool
    waiting_for: str | None
    #: something was confirmed by a person that we will read ourselves as soon as we can
    to_be_read: bool
    when: datetime | None

    @property
    def all_done(self) -> bool:
        """Whether nothing is waited for."""
        return self.total > 0 and self.done == self.total


#: Whose turn is told first when several are waited for.
_TURNS = ("client", "us", "platform", "agency")


def summary(asks: Sequence[Ask], lane: str | None) -> Summary:
    """Counts what is proved, and names whose turn it is; by hand it is the client's right after the yes."""
    counted = [ask for ask in asks if ask.state not in OVER and ask.is_chosen]
    proved = [ask for ask in counted if ask.state in PROVED and ask.unwanted_at is None]
    actors = {
        "client" if lane == "guided" and ask.state == "approved" else ask.next_actor
        for ask in counted
        if ask not in proved
    }
    return Summary(
        done=len(proved),
        total=len(counted),
        all_verified=all(ask.state == "verified" for ask in counted),
        to_be_read=any(ask.state == "attested" and not ask.is_custom for ask in counted),
        waiting_for=next((actor for actor in _TURNS if actor in actors), None),
        when=max((ask.verified_at for ask in proved if ask.verified_at), default=None),
    )
