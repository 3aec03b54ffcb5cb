"""What was tried, read from the platform calls of a handshake. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from app.access.reconciler.state import (
    INVITE,
    Action,
    ActionHistory,
    AssetKey,
    DesiredAccess,
    PastAction,
    PlatformAnswer,
    ShareAction,
)
from app.access.retry_policy import MOST_ACCEPTED, MOST_TRIES, RetryTiming


@dataclass(frozen=True)
class RecordedAction:
    """One recorded call that gives or takes; `outcome` None: no answer was recorded."""

    at: datetime
    purpose: str
    request: dict[str, Any]
    outcome: str | None
    blocker: str | None
    operation: str = ""
    code: int | None = None
    message: str = ""
    request_id: str | None = None


def recorded_request(deed: Action) -> dict[str, Any]:
    """What is written down of a deed before it is sent; `from_attempts` reads it back."""
    asked: dict[str, Any] = {"kind": deed.kind, "asset_ids": list(dict.fromkeys(key.asset_id for key in deed.keys))}
    if through := [key.parent_asset_id for key in deed.keys if key.parent_asset_id]:
        asked["through_ids"] = through
    return asked | ({"role": deed.role} if isinstance(deed, ShareAction) else {})


def history_of(attempts: Iterable[RecordedAction]) -> ActionHistory:
    """The last try of each thing, with how often it was tried. A call that did nothing does not count as one."""
    given: dict[AssetKey, PastAction] = {}
    taken: dict[AssetKey, PastAction] = {}
    for attempt in attempts:
        into, opposite = (given, taken) if attempt.purpose == "share" else (taken, given)
        keys = _keys(attempt.request)
        for key in keys:
            into[key] = _next(attempt, into.get(key), opposite.get(key), len(keys))
    return ActionHistory(given, taken)


def _next(attempt: RecordedAction, before: PastAction | None, undone: PastAction | None, batch: int) -> PastAction:
    outcome = as_outcome(attempt.outcome)
    afresh = before is None or (undone is not None and undone.at > before.at and undone.may_have_happened)
    times = 0 if afresh or before is None else before.times
    since = before.since if before is not None and not afresh else None
    return PastAction(
        at=attempt.at,
        role=str(attempt.request.get("role", "")),
        outcome=outcome,
        times=times + (outcome != "unavailable"),
        blocker=attempt.blocker,
        batch=batch,
        invited=(before is not None and before.invited) or attempt.operation == INVITE,
        operation=attempt.operation,
        since=(since or attempt.at) if outcome == "unavailable" else None,
        answer=PlatformAnswer(attempt.operation, attempt.code, attempt.message, attempt.request_id),
    )


def _keys(request: dict[str, Any]) -> list[AssetKey]:
    kind, asset_ids = request.get("kind", "ad_account"), request.get("asset_ids", ())
    through = request.get("through_ids") or [None]
    return [AssetKey(kind, asset_id, account) for asset_id in asset_ids for account in through]


def as_outcome(recorded: str | None) -> Literal["ok", "unclear", "open", "denied", "unavailable"]:
    """What a recorded outcome means for repeating it: no answer, or one we cannot read, may have done it."""
    if recorded is None:
        return "open"
    if recorded == "changed":  # an answer came that we cannot read: it may have happened
        return "unclear"
    return cast(Literal["ok", "unclear", "denied", "unavailable"], recorded)


#: Refusals that are about whoever asks, not about one of the assets.
ABOUT_US = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorized"})


def repeat_at(
    last: PastAction | None,
    want: DesiredAccess,
    role: str,
    now: datetime,
    patience: RetryTiming,
    *,
    undone: PastAction | None,
) -> datetime | None:
    """When to try (again): now, a later moment, or never until a person acts (None).

    `undone` is the last attempt at the opposite: what came before it tells nothing any more.
    """
    if last is None or (undone is not None and undone.at > last.at and undone.may_have_happened):
        return now
    if is_exhausted(last, want) or is_refused(last, want):
        return None
    if last.outcome in ("denied", "unavailable"):
        return now
    rest = patience.accepted if last.outcome == "ok" and last.role == role else patience.settle
    return max(last.at + rest, now)


def is_refused(last: PastAction | None, want: DesiredAccess) -> bool:
    """True if the platform refused and nobody has acted since.

    A refusal of several assets at once may concern only one of them: each is then requested separately.
    """
    return last is not None and last.outcome == "denied" and not acted_since(last, want) and not in_company(last)


def is_exhausted(last: PastAction | None, want: DesiredAccess) -> bool:
    """True if the attempts are used up until a person acts."""
    if last is None or acted_since(last, want):
        return False
    return last.times >= (MOST_ACCEPTED if last.outcome == "ok" else MOST_TRIES)


def in_company(last: PastAction | None) -> bool:
    """True if the last refusal covered several assets and may concern one of the others."""
    return last is not None and last.outcome == "denied" and last.batch > 1 and last.blocker not in ABOUT_US


def acted_since(last: PastAction, want: DesiredAccess) -> bool:
    """True if a person agreed, requested a check, or authorized after the attempt."""
    return any(moment > last.at for moment in want.acts)
