"""What was tried, read from the exchanges of a handshake. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from app.access.handshakes.world import Tried, Try


@dataclass(frozen=True)
class Attempt:
    """One recorded share call; `outcome` None: no answer was recorded."""

    at: datetime
    request: dict[str, Any]
    outcome: str | None
    blocker: str | None


def from_attempts(attempts: Iterable[Attempt]) -> Tried:
    """The last try of each asset, with how often it was tried. A call that did nothing does not count as one."""
    tried: dict[str, Try] = {}
    for attempt in attempts:
        for asset_id in attempt.request.get("asset_ids", ()):
            before = tried.get(asset_id)
            counts = attempt.outcome != "unavailable"
            tried[asset_id] = Try(
                at=attempt.at,
                role=str(attempt.request.get("role", "")),
                outcome=_outcome(attempt.outcome),
                times=(before.times if before else 0) + counts,
                blocker=attempt.blocker,
                batch=len(attempt.request["asset_ids"]),
            )
    return tried


def _outcome(recorded: str | None) -> Literal["ok", "unclear", "open", "denied", "unavailable"]:
    if recorded is None:
        return "open"
    if recorded == "changed":  # an answer came that we cannot read: it may have happened
        return "unclear"
    return cast(Literal["ok", "unclear", "denied", "unavailable"], recorded)
