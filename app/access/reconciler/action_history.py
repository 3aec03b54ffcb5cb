"""History of actions, read from recorded platform calls, and when an action may be repeated. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, cast

from app.access.pacing import MOST_ACCEPTED, MOST_TRIES, RetryTiming
from app.access.reconciler.state import ActionHistory, PastAction
from app.platforms.access import Action, AssetKey, PlatformAnswer, ShareAction

#: Refusals that concern the person who authorized, not one of the assets.
ABOUT_CONNECTION = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorized"})

Key = TypeVar("Key")


class Desired(Protocol):
    """Desired access, as far as the repetition of attempts depends on it."""

    @property
    def acts(self) -> Sequence[datetime]:
        """Times of actions of people after which a refused attempt is repeated."""


@dataclass(frozen=True)
class RecordedAction:
    """One recorded call that shares, unshares, assigns or unassigns. `outcome` None: no answer was recorded.

    `invites`: the call invites a person.
    """

    at: datetime
    purpose: str
    request: dict[str, Any]
    outcome: str | None
    blocker: str | None
    operation: str = ""
    code: int | None = None
    message: str = ""
    request_id: str | None = None
    invites: bool = False


@dataclass(frozen=True)
class BuyerHistory:
    """The last attempts to assign and to unassign an ad account, by buyer access."""

    assigned: Mapping[str, PastAction] = field(default_factory=dict)
    unassigned: Mapping[str, PastAction] = field(default_factory=dict)


def recorded_request(action: Action) -> dict[str, Any]:
    """The request of an action as it is recorded before it is sent; `history_of` reads it back."""
    request: dict[str, Any] = {
        "kind": action.kind,
        "asset_ids": list(dict.fromkeys(key.asset_id for key in action.keys)),
    }
    if parents := [key.parent_asset_id for key in action.keys if key.parent_asset_id]:
        request["parent_asset_ids"] = parents
    return request | ({"role": action.role} if isinstance(action, ShareAction) else {})


def history_of(actions: Iterable[RecordedAction]) -> ActionHistory:
    """The last attempt for each asset, with the number of attempts. A call that was not processed is not one."""
    return ActionHistory(*_last(actions, "share", _asset_keys))


def buyer_history_of(actions: Iterable[RecordedAction]) -> BuyerHistory:
    """The same for each buyer access."""
    return BuyerHistory(*_last(actions, "assign", lambda request: [str(request["buyer_access_id"])]))


def _last(
    actions: Iterable[RecordedAction], purpose: str, keys_of: Callable[[dict[str, Any]], Sequence[Key]]
) -> tuple[dict[Key, PastAction], dict[Key, PastAction]]:
    """The last attempts with this purpose, and those of the opposite."""
    done: dict[Key, PastAction] = {}
    undone: dict[Key, PastAction] = {}
    for action in actions:
        into, opposite = (done, undone) if action.purpose == purpose else (undone, done)
        keys = keys_of(action.request)
        for key in keys:
            into[key] = _next(action, into.get(key), opposite.get(key), len(keys))
    return done, undone


def _next(action: RecordedAction, before: PastAction | None, undone: PastAction | None, batch: int) -> PastAction:
    outcome = _outcome(action.outcome)
    is_first = before is None or (undone is not None and undone.at > before.at and undone.may_have_happened)
    times = 0 if is_first or before is None else before.times
    since = before.since if before is not None and not is_first else None
    return PastAction(
        at=action.at,
        role=str(action.request.get("role", "")),
        outcome=outcome,
        times=times + (outcome != "unavailable"),
        blocker=action.blocker,
        batch=batch,
        invited=(before is not None and before.invited) or action.invites,
        operation=action.operation,
        since=(since or action.at) if outcome == "unavailable" else None,
        answer=PlatformAnswer(action.operation, action.code, action.message, action.request_id),
    )


def _asset_keys(request: dict[str, Any]) -> list[AssetKey]:
    kind, asset_ids = request.get("kind", "ad_account"), request.get("asset_ids", ())
    parents = request.get("parent_asset_ids") or [None]
    return [AssetKey(kind, asset_id, parent) for asset_id in asset_ids for parent in parents]


def _outcome(recorded: str | None) -> Literal["ok", "unclear", "open", "denied", "unavailable"]:
    """Outcome as it counts for a repetition: without an answer that we can read, the action may have happened."""
    if recorded is None:
        return "open"
    if recorded == "changed":
        return "unclear"
    return cast(Literal["ok", "unclear", "denied", "unavailable"], recorded)


def repeat_at(
    last: PastAction | None,
    desired: Desired,
    role: str,
    now: datetime,
    timing: RetryTiming,
    *,
    undone: PastAction | None,
) -> datetime | None:
    """Time of the next attempt: now, later, or never until a person acts (None).

    `undone` is the last attempt at the opposite: attempts before it no longer count.
    """
    if last is None or (undone is not None and undone.at > last.at and undone.may_have_happened):
        return now
    if is_exhausted(last, desired) or is_refused(last, desired):
        return None
    if last.outcome in ("denied", "unavailable"):
        return now
    pause = timing.accepted if last.outcome == "ok" and last.role == role else timing.settle
    return max(last.at + pause, now)


def is_refused(last: PastAction | None, desired: Desired) -> bool:
    """True if the platform refused and no person has acted since.

    A refusal of a batch may concern only one of its assets: each is then requested separately.
    """
    return last is not None and last.outcome == "denied" and not acted_since(last, desired) and not in_company(last)


def is_exhausted(last: PastAction | None, desired: Desired) -> bool:
    """True if the attempts are used up until a person acts."""
    if last is None or acted_since(last, desired):
        return False
    return last.times >= (MOST_ACCEPTED if last.outcome == "ok" else MOST_TRIES)


def in_company(last: PastAction | None) -> bool:
    """True if the last refusal was of a batch and may concern another asset of it."""
    return last is not None and last.outcome == "denied" and last.batch > 1 and last.blocker not in ABOUT_CONNECTION


def acted_since(last: PastAction, desired: Desired) -> bool:
    """True if a person agreed, requested a check, or authorized after the attempt."""
    return any(moment > last.at for moment in desired.acts)
