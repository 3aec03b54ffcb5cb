"""A token bucket: how many deliveries a rate limit lets go now. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def tokens(limit: Mapping[str, Any] | None, left: float | None, at: datetime | None, now: datetime) -> float | None:
    """How many there are now, of which `left` were there `at`; None without a limit. A bucket never used is full.

    `limit`: `{"max": 10, "per_seconds": 1, "burst": 20}`; burst is max unless given.
    """
    if limit is None:
        return None
    most = float(limit.get("burst") or limit["max"])
    if left is None or at is None:
        return most
    refilled = (now - at).total_seconds() * float(limit["max"]) / float(limit["per_seconds"])
    return min(most, left + max(refilled, 0.0))
