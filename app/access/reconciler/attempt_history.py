"""What was tried, read from the platform calls of a handshake. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from app.access.reconciler.planner import Deed, ShareAction
from app.access.reconciler.state import INVITE, ActionHistory, AssetKey, PastAction, PlatformAnswer


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


def as_request(deed: Deed) -> dict[str, Any]:
    """What is written down of a deed before it is sent; `from_attempts` reads it back."""
    asked: dict[str, Any] = {"kind": deed.kind, "asset_ids": list(dict.fromkeys(key.asset_id for key in deed.keys))}
    if through := [key.parent_asset_id for key in deed.keys if key.parent_asset_id]:
        asked["through_ids"] = through
    return asked | ({"role": deed.role} if isinstance(deed, ShareAction) else {})


def from_attempts(attempts: Iterable[RecordedAction]) -> ActionHistory:
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
