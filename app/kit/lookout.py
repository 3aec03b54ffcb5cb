"""One look for all kinds of work that may be due."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import select

from app.kit.database import ACROSS_AGENCIES, Sessions, autocommit
from app.kit.due import IDLE_SECONDS, Alarm, Work, anything, serve

log = structlog.get_logger(__name__)

#: A loop that is woken when there is something looks by itself all the same, in case of a fault in that.
_UNTIL_WOKEN = 30.0


async def serve_all(works: Sequence[Work[Any]], sessions: Sessions, stop: asyncio.Event) -> None:
    """Serves every kind until `stop` is set; a kind that has something is woken."""
    alarms = [Alarm() for _ in works]
    loops = [serve(work, sessions, stop, alarm, idle=_UNTIL_WOKEN) for work, alarm in zip(works, alarms, strict=True)]
    await asyncio.gather(_look_out(works, alarms, sessions, stop), *loops)


async def _look_out(
    works: Sequence[Work[Any]], alarms: Sequence[Alarm], sessions: Sessions, stop: asyncio.Event
) -> None:
    """Looks a dozen times a second: by itself for each kind it would be most of what an idle worker does."""
    looks = select(*(anything(work.model, work.where).exists() for work in works)).execution_options(**ACROSS_AGENCIES)
    while not stop.is_set():
        try:
            async with autocommit(sessions) as connection:
                found = (await connection.execute(looks)).one()
        except Exception:  # the database is away: say so, stay, try again
            log.exception("due.look_failed")
            await asyncio.sleep(1)
            continue
        for alarm, there in zip(alarms, found, strict=True):
            if there:
                alarm.ring()
        await asyncio.sleep(IDLE_SECONDS)
    for alarm in alarms:
        alarm.ring()
