"""Statuses of a link and of a public link, and their effect on the next actor. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

LinkStatus = Literal[
    "draft", "sent", "opened", "in_progress", "submitted", "completed", "drifted", "expired", "revoked"
]
STATUSES = get_args(LinkStatus)

ACCESS_STATUSES = (
    "waiting", "approved", "awaiting_partner", "awaiting_client", "verified", "attested", "blocked", "unverifiable",
    "drifted", "declined", "ended",
)  # fmt: skip

#: Statuses in which an access request needs no further action.
PROVED = frozenset({"verified", "attested"})
OVER = frozenset({"declined", "ended"})

#: Order in which actors are named if several must act.
TURNS = ("client", "agency", "platform", "us")

LANES = ("connected", "guided")

#: Stage of a link by its next actor, while it is active and nothing more particular is to be said.
STAGE_OF_ACTOR = {
    "client": "waiting_for_client",
    "agency": "waiting_for_agency",
    "platform": "waiting_for_platform",
    "us": "processing",
    None: "closed",
}
Stage = Literal[
    "draft", "waiting_for_client", "waiting_for_agency", "waiting_for_platform", "processing", "closed", "reopened",
    "verified", "unverifiable", "drifted", "expired", "revoked",
]  # fmt: skip
STAGES = get_args(Stage)


def as_of(status: str, expires_at: datetime, now: datetime) -> str:
    """The effective status: a link past its expiry is `expired` even before the row says so.

    A completed link stays open as the client's receipt, even if its access has drifted.
    """
    if status not in ("completed", "drifted", "revoked", "expired") and expires_at <= now:
        return "expired"
    return status


def is_dead(status: str) -> bool:
    """True if the link can no longer be used."""
    return status in ("expired", "revoked")


def is_complete(statuses: list[tuple[str, bool]]) -> bool:
    """True if every required access request is proved; `statuses` are (status, required).

    A link without a proved access request is not.
    """
    required = [status for status, is_required in statuses if is_required and status not in OVER]
    return bool(required) and all(status in PROVED for status in required)


def advanced(status: str, to: str) -> str:
    """The later of two active statuses: a link never returns to an earlier one."""
    return max(status, to, key=STATUSES.index)


def following(status: str, statuses: list[tuple[str, bool]]) -> str:
    """The status that follows from the access requests, for a link with a consent; `statuses` as above.

    It is completed once all are proved, and open again if one no longer is. An access request that merely cannot be
    read at the moment does not reopen it: the client has nothing to do.
    """
    if status in ("draft", "expired", "revoked"):
        return status
    if any(status == "drifted" for status, _ in statuses):
        return "drifted" if status in ("completed", "drifted") else status
    if is_complete(statuses):
        return "completed"
    unread = is_complete([("verified" if status == "unverifiable" else status, needed) for status, needed in statuses])
    if status == "completed" and unread:
        return status
    return "submitted" if status in ("completed", "drifted") else status


def next_actor(status: str, actors: Iterable[str | None]) -> str | None:
    """Next actor of the link: before the consent by its status, then by its access requests, people first."""
    if is_dead(status):
        return None
    if status == "draft":
        return "agency"
    if status not in ("submitted", "completed", "drifted"):
        return "client"
    waiting = set(actors)
    return next((actor for actor in TURNS if actor in waiting), None)


@dataclass(frozen=True)
class RequestStatus:
    """Status of an access request and its next actor; `unwanted`: it is being removed."""

    status: str
    next_actor: str | None
    unwanted: bool = False

    @property
    def is_done(self) -> bool:
        """True if it is proved and stays."""
        return self.status in PROVED and not self.unwanted

    @property
    def is_open(self) -> bool:
        """True if it is neither proved nor over."""
        return not self.is_done and self.status not in OVER


@dataclass(frozen=True)
class Pipeline:
    """A link's place in the agency's pipeline. `next_actor` is None if nobody has to act."""

    stage: str
    next_actor: str | None
    open_count: int
    done_count: int


def pipeline(
    status: str,
    access_requests: Sequence[RequestStatus],
    *,
    needed_again: bool = False,
    awaits_erasure: bool = False,
) -> Pipeline:
    """The place of a link with this status. `needed_again`: the client was needed again after its consent.

    `awaits_erasure`: the client asked for its personal data to be erased. That is the agency's turn, whatever else is.
    """
    actor = next_actor(status, [each.next_actor for each in access_requests])
    stage = _stage(status, actor, {each.status for each in access_requests}, needed_again=needed_again)
    if awaits_erasure:
        actor = "agency"
        stage = STAGE_OF_ACTOR[actor]
    return Pipeline(
        stage=stage,
        next_actor=actor,
        open_count=sum(each.is_open for each in access_requests),
        done_count=sum(each.is_done for each in access_requests),
    )


def _stage(status: str, actor: str | None, statuses: set[str], *, needed_again: bool) -> str:
    if status in ("draft", "drifted", "expired", "revoked"):
        return status
    if status == "completed" and "unverifiable" in statuses:
        return "unverifiable"
    if status == "completed" and actor is None:
        return "verified"
    if status == "submitted" and actor == "client" and needed_again:
        return "reopened"
    return STAGE_OF_ACTOR[actor]


#: The limits of a public link count the uses of the last hour.
PUBLIC_LINK_WINDOW = timedelta(hours=1)
#: Uses per hour from one network address; an office behind one address stays below it.
MOST_PER_ADDRESS = 5


PublicLinkStatus = Literal["open", "paused", "revoked", "expired", "used_up"]


def public_link_status(
    *,
    revoked_at: datetime | None,
    expires_at: datetime | None,
    paused_at: datetime | None,
    uses: int,
    most_uses: int | None,
    now: datetime,
) -> PublicLinkStatus:
    """Its status: what has ended is not paused."""
    if revoked_at is not None:
        return "revoked"
    if expires_at is not None and expires_at <= now:
        return "expired"
    if most_uses is not None and uses >= most_uses:
        return "used_up"
    return "paused" if paused_at is not None else "open"


def is_too_busy(*, in_all: int, most_per_hour: int, from_here: int) -> bool:
    """True if the uses of the last hour leave no room for one more."""
    return in_all >= most_per_hour or from_here >= MOST_PER_ADDRESS
