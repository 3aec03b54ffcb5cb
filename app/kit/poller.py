"""Poller of a worker: wakes each loop when it has work, and sleeps otherwise.

A commit of a due row sends a notification (trigger `wake_workers`), but only while a worker listens: a NOTIFY in every
commit would make all commits wait for each other. The listener holds an advisory lock, and the trigger takes the same
lock, shared, until its transaction ends. Either the trigger sees the listener and notifies it, or the listener gets the
lock only after the commit and finds the row by polling. In a burst nobody listens, and polls replace notifications.

A notification may still be lost, and rows that become due later send none. A poll every second, by the database's
clock, finds both. Behind a pooler in transaction mode notifications do not arrive, and there are only polls. The same
applies if a notification to ourselves does not arrive.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Float, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import asyncpg

from app.kit.database import DriverStatement, KeptConnection, Sessions, autocommit
from app.kit.jobs import JobType, WakeUp, seconds_until, serve

log = structlog.get_logger(__name__)

#: Both as in the migration that created the trigger.
CHANNEL = "keyturn_due"
LISTENER = 0x77616B65
#: Pause between polls: of a listener; while nobody listens; and in a burst, for tables with bursts.
LISTENING_SECONDS = 1.0
LOOKING_SECONDS = 0.08
BURST_SECONDS = 0.01
#: This many notifications in this time are a burst, which ends when polls find nothing for a while.
BURST, BURST_WITHIN, BURST_OVER = 40, 0.1, 0.5
#: Timeout of a notification to ourselves, and pause before the test is repeated after a failure.
ECHO_SECONDS, ECHO_AGAIN = 2.0, 60.0

_LISTEN = DriverStatement.of(text(f"SELECT pg_try_advisory_lock({LISTENER})"))
_STOP_LISTENING = DriverStatement.of(text(f"SELECT pg_advisory_unlock({LISTENER})"))
#: Notifications to one listener go to all.
_IS_LISTENED = DriverStatement.of(
    text(
        f"""
    SELECT EXISTS (
      SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = {LISTENER} AND granted
        AND mode = 'ExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    """  # noqa: S608 - a number of ours
    )
)


@dataclass(frozen=True)
class DueRows:
    """Rows of a table that may be due, and the loops to wake for them.

    `seconds`: SQL for the seconds until one can be claimed; null: not within LISTENING_SECONDS. `in_bursts`: rows come
    in bursts, and the poll is cheap.
    """

    table: str
    seconds: str
    alarm: WakeUp = field(default_factory=WakeUp)
    in_bursts: bool = False


def seconds(model: Any, where: ColumnElement[bool] | None = None) -> str:
    """See `DueRows.seconds`; for a table with an index on `due_at`."""
    query = seconds_until(model, where, timedelta(seconds=LISTENING_SECONDS))
    return str(query.compile(dialect=asyncpg.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]


async def serve_all(
    works: Sequence[JobType[Any]], sessions: Sessions, stop: asyncio.Event, others: Sequence[DueRows] = ()
) -> None:
    """Run every job of the worker's table until `stop` is set, and wake the loops of the others."""
    kinds = [DueRows(work.model.__tablename__, seconds(work.model, work.where)) for work in works]
    loops = [serve(work, sessions, stop, kind.alarm) for work, kind in zip(works, kinds, strict=True)]
    await asyncio.gather(Poller([*kinds, *others], sessions).serve(stop), *loops)


class Poller:
    """Poller of one worker."""

    def __init__(self, kinds: Sequence[DueRows], sessions: Sessions) -> None:
        self._kinds = kinds
        self._sessions = sessions
        self._looks = {all_of_them: _Look([each for each in kinds if all_of_them or each.in_bursts])
                       for all_of_them in (True, False)}  # fmt: skip
        self._turn = WakeUp()
        self._echo = ""
        self._echoed = asyncio.Event()
        #: times of the recent notifications
        self._since, self._words = 0.0, 0
        self._burst = False

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""
        stopping = asyncio.create_task(self._turn.ring_at(stop))
        while not stop.is_set():
            try:
                await self._watch(stop)
            except Exception:  # the database is unavailable: log it, stay, try again
                log.exception("due.look_failed")
                await self._turn.sleep(1)
        stopping.cancel()

    async def _watch(self, stop: asyncio.Event) -> None:
        """Poll and listen on one connection, as long as it lasts."""
        line = KeptConnection(self._sessions)
        try:
            if not line.behind_pooler:
                async with line.driver() as driver:
                    await driver.add_listener(CHANNEL, self._hear)
                    driver.add_termination_listener(lambda _: self._turn.ring())
            await self._take_turns(line, stop)
        finally:
            await line.close()

    async def _take_turns(self, line: KeptConnection, stop: asyncio.Event) -> None:
        hears, tried, listens, looked, found = False, -ECHO_AGAIN, False, 0.0, 0.0
        while not stop.is_set():
            now = time.monotonic()
            if not hears and not line.behind_pooler and now - tried > ECHO_AGAIN:
                hears, tried = await self._hears_itself(), now
            if self._burst and now - max(found, self._since) > BURST_OVER:
                self._burst = False
            async with line.driver() as driver:
                if self._burst and listens:
                    await _STOP_LISTENING.fetch(driver, {})
                listens = hears and not self._burst and (listens or (await _LISTEN.fetch(driver, {}))[0][0])
                whole = not self._burst or now - looked > LOOKING_SECONDS
                soonest = await self._looks[whole].look(driver)
                quiet = listens or (hears and not self._burst and (await _IS_LISTENED.fetch(driver, {}))[0][0])
            looked, found = now if whole else looked, now if soonest <= 0 else found
            pause = LISTENING_SECONDS if quiet else BURST_SECONDS if self._burst else LOOKING_SECONDS
            await self._turn.sleep(min(pause, soonest) if soonest > 0 else pause)

    async def _hears_itself(self) -> bool:
        """True if notifications arrive: sends one to ourselves on another connection."""
        self._echo, self._echoed = str(uuid.uuid4()), asyncio.Event()
        async with autocommit(self._sessions) as connection:
            await connection.execute(select(func.pg_notify(CHANNEL, self._echo)))
        try:
            await asyncio.wait_for(self._echoed.wait(), ECHO_SECONDS)
        except TimeoutError:
            log.warning("due.no_words", looks_every_ms=round(LOOKING_SECONDS * 1000))
            return False
        return True

    def _hear(self, _driver: Any, _pid: int, _channel: str, word: str) -> None:
        """Handle a notification: the name of a table with due rows, or our own echo."""
        if word == self._echo:
            self._echoed.set()
        for each in self._kinds:
            if each.table == word:
                each.alarm.ring()
        now = time.monotonic()
        if now - self._since > BURST_WITHIN:
            self._since, self._words = now, 0
        self._words += 1
        if self._words > BURST and not self._burst:
            self._burst = True
            self._turn.ring()


class _Look:
    """One statement for several kinds."""

    def __init__(self, kinds: Sequence[DueRows]) -> None:
        self._kinds = kinds
        self._statement = DriverStatement.of(select(*(literal_column(f"({each.seconds})", Float()) for each in kinds)))

    async def look(self, driver: Any) -> float:
        """Wake the loops with due rows. Returns seconds until the next row is due, negative if one was due."""
        if not self._kinds:
            return LISTENING_SECONDS
        [row] = await self._statement.fetch(driver, {})
        soonest = LISTENING_SECONDS
        for each, left in zip(self._kinds, row, strict=True):
            if left is not None:
                soonest = min(soonest, float(left))
                if left <= 0:
                    each.alarm.ring()
        return soonest
