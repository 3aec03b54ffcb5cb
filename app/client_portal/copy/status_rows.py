"""The lines a screen shows of what can be chosen and of how each ask stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.access.connections.selectable_assets import Choice
from app.client_portal import status_texts
from app.client_portal.copy.access_offer import kind_name
from app.client_portal.status_texts import Case, Does, Held, Tone
from app.kit.html.dates import moment
from app.links.models import Ask
from app.links.queries import LinkAggregate
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
    #: the screen for another choice
    screen: str
    #: True if the steps by hand apply
    steps: bool
    names: dict[str, str]


def names(whole: LinkAggregate, asset: str = "") -> dict[str, str]:
    """What the placeholders in words stand for."""
    return {"agency": whole.agency.name, "bc": center(whole), "asset": asset}


def center(whole: LinkAggregate) -> str:
    """The client's Business Center by name, else by its number."""
    intake = whole.intake
    return intake.bc_name or (f"Business Center {intake.bc_id}" if intake.bc_id else "your Business Center")


def of_choice(choice: Choice, whole: LinkAggregate, kind: str = "ad_account") -> ChoiceLine:
    """A choice in words; a Business Center names itself, an ad account its Business Center."""
    case = Case(kind, whole.link.lane, "live", choosing=True)
    blocker = status_texts.of_code(choice.code, case) if choice.code else None
    about = names(whole, choice.name) | ({"bc": choice.name} if choice.code in status_texts.ABOUT_CENTER else {})
    return ChoiceLine(
        choice.id, choice.name, choice.detail, choice.can,
        why=blocker.sentence if blocker else "",
        label=blocker.label if blocker else None,
        does=blocker.does if blocker else None,
        names=about,
    )  # fmt: skip


def of_ask(
    ask: Ask,
    whole: LinkAggregate,
    platform: Platform,
    held: Held = "never",
    *,
    can_connect: bool = True,
    can_look: bool = True,
) -> AskLine:
    """An ask in words: its state, or what is in the way; `held` is what became of the client's authorisation."""
    case = Case(
        ask.kind,
        whole.link.lane,
        held,
        was_verified=ask.verified_at is not None,
        can_connect=can_connect,
        can_look=can_look,
    )
    leaves = ask.unwanted_at is not None and ask.state not in OVER
    said = status_texts.LEAVING if leaves else status_texts.of_state(ask.state, case, ask.next_actor)
    blocker = _blocker(ask, case)
    theirs = blocker is not None and ask.next_actor != "client"
    called = ask.person_email or ask.asset_id or ""
    return AskLine(
        id=ask.id,
        name=ask.asset_name or called,
        detail=f"{_title(ask.kind)} {called}" if ask.asset_name else _title(ask.kind),
        role=platform.role_words(ask.kind, ask.role).label,
        short="Waiting" if theirs else said.short,
        sentence=blocker.sentence if blocker else said.sentence,
        tone="moving" if theirs else said.tone,
        marks=marks(ask, case),
        since=ask.state_since,
        label=blocker.label if blocker else None,
        does=blocker.does if blocker else None,
        screen=blocker.screen if blocker else "",
        steps=blocker.steps if blocker else case.by_hand and ask.state in ("approved", "awaiting_client"),
        names=_names(ask, whole, platform),
    )


def _names(ask: Ask, whole: LinkAggregate, platform: Platform) -> dict[str, str]:
    seen = platform.role_words(ask.kind, ask.role_seen) if ask.role_seen else None
    return {
        **names(whole, ask.asset_name or ask.person_email or ask.asset_id or ""),
        "role": platform.role_words(ask.kind, ask.role).label,
        "role_seen": seen.label if seen else "another role",
        "lacking": seen.cannot[0] if seen else "do all of that",
        "account": _account(ask, whole),
        "confirmed": moment(ask.attested_at) if ask.attested_at else "that day",
        "shared_from": ask.shared_from_bc_id or "another Business Center",
    }


def _account(ask: Ask, whole: LinkAggregate) -> str:
    """The ad account that a pixel hangs on, by name or number."""
    if ask.through_id is None:
        return "the ad account"
    account = next((each for each in whole.asks if each.asset_id == ask.through_id), None)
    return (account.asset_name if account else None) or ask.through_id


def _title(kind: str) -> str:
    name = kind_name(kind)
    return name[:1].upper() + name[1:]


def _blocker(ask: Ask, case: Case) -> status_texts.BlockerTexts | None:
    """What stands in the way of it, or of its end, with the button for it."""
    if ask.unwanted_at is not None and ask.state not in OVER:
        return status_texts.of_leaving(case, ask.next_actor)
    if not ask.code or ask.state not in ("blocked", "drifted"):
        return None
    return status_texts.of_code(ask.code, case)


def marks(ask: Ask, case: Case) -> tuple[Mark, ...]:
    """Sent, accepted, verified: what was seen is done, what is now, what is to come.

    Nothing for what is over, nor for what a person confirmed: of its stages nothing was seen.
    """
    if ask.state in OVER or ask.state == "attested":
        return ()
    labels = ("Shared" if case.by_hand else "Sent", "Accepted", "Verified")
    done, now = _reached(ask, case)
    states: list[Literal["done", "now", "todo", "stuck"]] = ["done"] * done
    if done < len(labels):
        states.append("stuck" if ask.state in ("blocked", "drifted") else "now" if now else "todo")
    states += ["todo"] * (len(labels) - len(states))
    return tuple(Mark(label, at) for label, at in zip(labels, states, strict=True))


def _reached(ask: Ask, case: Case) -> tuple[int, bool]:
    """Number of stages done, and whether the next one is in progress. A stage counts if it was seen or sent,
    or if the client says that it was shared where nobody can look."""
    if ask.state == "verified":
        return 3, False
    seen = {"agency": 2, "client": 1}.get(ask.seen_by or "", 0)
    if ask.state == "unverifiable" or (ask.state == "awaiting_partner" and not case.by_hand):
        seen = max(seen, 1)  # it went out, or the client says so
    return seen, ask.state in ("approved", "awaiting_client", "awaiting_partner")


@dataclass(frozen=True)
class Fix:
    """One thing that the client can do now, and the lines of all that it mends."""

    does: Does
    label: str
    screen: str
    ask: str
    lines: tuple[AskLine, ...]


def fixes(lines: Sequence[AskLine]) -> list[Fix]:
    """Everything that waits for the client, each action once: one trip to the platform mends all that needs it."""
    by_action: dict[tuple[Does, str, str], list[AskLine]] = {}
    for line in lines:
        if line.tone == "yours" and line.does and line.label:
            one = {"reduce": line.id, "take_center": line.names["shared_from"]}.get(line.does, "")
            by_action.setdefault((line.does, line.screen, one), []).append(line)
    return [
        Fix(does, _label(does, [line.label or "" for line in those]), screen, those[0].id, tuple(those))
        for (does, screen, _), those in by_action.items()
    ]


def _label(does: Does, labels: Sequence[str]) -> str:
    if len(set(labels)) == 1:
        return labels[0]
    return "Connect with TikTok" if does == "connect" else labels[0]


@dataclass(frozen=True)
class Summary:
    """How all asks of a link stand together."""

    done: int
    total: int
    all_verified: bool
    waiting_for: str | None
    when: datetime | None

    @property
    def all_done(self) -> bool:
        """True if nothing is waited for."""
        return self.total > 0 and self.done == self.total


#: Order in which actors are named if several must act.
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
        waiting_for=next((actor for actor in _TURNS if actor in actors), None),
        when=max((ask.verified_at for ask in proved if ask.verified_at), default=None),
    )
