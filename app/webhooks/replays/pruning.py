"""Deleting replays that are long over; retention asks for it."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, select, tuple_

from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.models import Delivery
from app.webhooks.replays.models import Replay

KEPT = timedelta(days=90)


async def prune(sessions: Sessions, now: datetime, limit: int) -> int:
    """Deletes replays that ended 90 days ago and have no delivery any more. How many."""
    sent = exists().where(Delivery.agency_id == Replay.agency_id, Delivery.replay_id == Replay.id)
    found = select(Replay.agency_id, Replay.id).where(Replay.ended_at < now - KEPT, ~sent).limit(limit)
    options = {"synchronize_session": False, **CROSS_TENANT}
    gone = delete(Replay).where(tuple_(Replay.agency_id, Replay.id).in_(found)).execution_options(**options)
    async with sessions.begin() as session:
        return cast(CursorResult[Any], await session.execute(gone)).rowcount
