"""The sending loop of a worker: claims as slots come free, sends, and writes down what came of it in batches."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import select

from app.kit import clock
from app.webhooks.dispatch.deciding.fairness import FIRST_SHARE, Share, Taken
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending import counting, finish
from app.webhooks.dispatch.sending.claim import Claimed, Lease, claim
from app.webhooks.dispatch.sending.finish import Finished
from app.webhooks.dispatch.sending.parcels import Parcel, pack
from app.webhooks.dispatch.sending.prepared import Shelf
from app.webhooks.dispatch.sending.send import attempt, given_up, why_not
from app.webhooks.dispatch.tools import Tools

lines = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "deliveries"

#: Between two claims, and without anything to do.
BEAT_SECONDS = 0.02
IDLE_SECONDS = 0.08
#: As many attempts are written down at once, and as long they wait for others.
BATCH = 512
GATHER_SECONDS = 0.02
#: Under load few large statements cost less than many small ones. A claim waits until so large a part of the slots is
#: left to send, a batch, when as many slots as LOAD are held, until it is as large as WRITE_AT; both at most so long.
CLAIM_AT = 0.5
LOAD = 0.25
WRITE_AT = 0.5
PATIENCE_SECONDS = 0.12
STEP_SECONDS = 0.01
#: So many batches are written at once: while one waits for the disk, the other goes on.
WRITERS = 2
#: So often a batch that the database refuses is tried.
TURNS = 3
#: A worker that is told to stop waits so long for what is under way.
LONGEST_END = 45.0
#: So many are begun in one turn of the loop.
SLICE = 25


class Dispatcher:
    """Sends the deliveries of every agency. One in a worker."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shelf = Shelf(tools.vault)
        self._shares: Counter[Share] = Counter()
        self._agencies: Counter[uuid.UUID] = Counter()
        self._in_air: Counter[uuid.UUID] = Counter()
        self._claimed: asyncio.Queue[Parcel] = asyncio.Queue()
        self._parcels: asyncio.Queue[Parcel] = asyncio.Queue()
        self._senders: list[asyncio.Task[None]] = []
        self._resting = 0
        self._done: asyncio.Queue[Finished] = asyncio.Queue()
        #: that arrived and wait to be written down, by endpoint
        self._arrived: Counter[uuid.UUID] = Counter()
        #: claimed and not written down
        self._held = 0
        self._batching = asyncio.Lock()

    async def serve(self, stop: asyncio.Event) -> None:
        """Claims and sends until `stop` is set, then lets what is under way end and writes it down."""
        figures.worker_slots("first", round(self._tools.slots * FIRST_SHARE))
        figures.worker_slots("again", self._tools.slots - round(self._tools.slots * FIRST_SHARE))
        standing = [asyncio.create_task(each()) for each in (self._start, *[self._write_down] * WRITERS)]
        while not stop.is_set():
            self._tools.pulse.beat(LOOP)
            more = await self._beat()
            if more and not self._has_room():
                await _patiently(self._has_room)
                continue
            await asyncio.sleep(BEAT_SECONDS)
            if not more:
                await self._tools.alarm.sleep(IDLE_SECONDS - BEAT_SECONDS)
        try:
            async with asyncio.timeout(LONGEST_END):
                await self.settle()
        except TimeoutError:  # their leases run out: they are sent again
            lines.warning("webhooks.stopped_with_some_under_way", number=self._held)
        for each in (*standing, *self._senders):
            each.cancel()

    async def once(self) -> None:
        """Claims once what is due, sends it and writes it down. For tests."""
        starting = asyncio.create_task(self._start())
        await self._beat()
        while self._in_flight:  # noqa: ASYNC110 - what is not sent ends it too
            await asyncio.sleep(0.001)
        while not self._done.empty():
            await self._write(self._take_batch())
        for each in (starting, *self._senders):
            each.cancel()
        self._senders.clear()
        self._resting = 0

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        while self._held:  # noqa: ASYNC110 - several things end it
            await asyncio.sleep(BEAT_SECONDS)

    @property
    def _in_flight(self) -> int:
        return self._shares.total()

    async def _beat(self) -> bool:
        """Claims and starts sending; whether there was more than could be taken."""
        # what was answered and is not written down has no slot; with those in flight it never exceeds twice the slots
        left = max(2 * self._tools.slots - self._held, 0)
        slots = min(self._tools.slots, self._in_flight + left)
        taken = Taken(slots, dict(self._shares), dict(self._agencies), self._in_air, self._arrived)
        if taken.free <= 0:
            return True
        started = time.perf_counter()
        try:
            haul = await claim(self._tools.sessions, taken)
            counting.claimed(haul.rows, time.perf_counter() - started)
            parcels = await pack(self._tools.sessions, self._shelf, haul) if haul.rows else []
        except Exception:  # the database is away, or a fault of ours: say so, stay, try again
            lines.exception("webhooks.claim_failed")
            await asyncio.sleep(1)
            return False
        ended = await self._give_back_all(haul.rows, parcels)
        for parcel in parcels:
            if reason := why_not(parcel):
                ended.append((parcel.row, *reason))
            else:
                self._held += 1
                self._shares[parcel.row.share] += 1
                self._agencies[parcel.row.agency_id] += 1
                self._in_air[parcel.row.endpoint_id] += 1
                self._claimed.put_nowait(parcel)
        if ended:
            await self._end(ended)
        return haul.more

    async def _give_back_all(
        self, claimed: Sequence[Claimed], parcels: Sequence[Parcel]
    ) -> list[tuple[Claimed, str, str]]:
        """Gives back what has no parcel; those among them that are over."""
        packed, ended = {parcel.row.id for parcel in parcels}, []
        for row in claimed:
            if row.id in packed:
                continue
            if reason := given_up(row):
                ended.append((row, *reason))
            else:
                await self._give_back(row)
        return ended

    async def _start(self) -> None:
        """Hands what was claimed to senders, while more is claimed: some at a time, so that answers, the
        database's too, are not kept waiting for all of them.
        """
        while True:
            for _ in range(SLICE):
                self._parcels.put_nowait(await self._claimed.get())
                if self._resting:
                    self._resting -= 1
                else:
                    self._senders.append(asyncio.create_task(self._send_on()))
            await asyncio.sleep(0)

    async def _send_on(self) -> None:
        """One of as many as there were ever in flight at once: a task that stays is cheaper than one a delivery."""
        while True:
            await self._send(await self._parcels.get())
            self._resting += 1

    async def _send(self, parcel: Parcel) -> None:
        try:
            attempted = await attempt(
                parcel, self._tools.egress, self._tools.destinations, began=clock.now()
            )  # fmt: skip
            self._done.put_nowait(finish.decide(attempted))
            if attempted.outcome.arrived:
                self._arrived[parcel.row.endpoint_id] += 1
        except Exception:  # a fault of ours: the delivery is given back, its tries keep counting
            lines.exception("webhooks.not_sent", delivery=str(parcel.row.id))
            await self._give_back(parcel.row)
            self._held -= 1
        self._free(parcel.row)

    def _free(self, row: Claimed) -> None:
        self._shares[row.share] -= 1
        _drop(self._agencies, row.agency_id)
        _drop(self._in_air, row.endpoint_id)

    async def _write_down(self) -> None:
        while True:
            async with self._batching:
                self._done.put_nowait(await self._done.get())
                if self._done.qsize() == 1:
                    await asyncio.sleep(GATHER_SECONDS)
                await _patiently(self._is_worth_writing)
                batch = self._take_batch()
            await self._write(batch)

    def _has_room(self) -> bool:
        return self._in_flight <= self._tools.slots * CLAIM_AT

    def _is_worth_writing(self) -> bool:
        return self._held < self._tools.slots * LOAD or self._done.qsize() >= self._tools.slots * WRITE_AT

    def _take_batch(self) -> list[Finished]:
        batch = [self._done.get_nowait() for _ in range(min(self._done.qsize(), BATCH))]
        for each in batch:
            if each.attempted.outcome.arrived:
                _drop(self._arrived, each.row.endpoint_id)
        return batch

    async def _write(self, batch: Sequence[Finished]) -> None:
        """Writes a batch down, as soon as the database takes it; one that cannot be written whole, one by one."""
        late: set[Lease] = set()
        for turn in range(TURNS):
            try:
                late = await finish.write(self._tools.sessions, batch, worker=self._tools.worker)
                break
            except Exception:
                lines.exception("webhooks.not_written", number=len(batch), turn=turn)
            await self._until_database_answers()
            if len(batch) > 1:
                for each in batch:
                    await self._write([each])
                return
        self._held -= len(batch)  # what was not written has a lease that runs out: it is sent again
        self._tools.alarm.ring()  # their endpoints have room again
        self._say(batch, late)

    def _say(self, batch: Sequence[Finished], late: set[Lease]) -> None:
        """Counts and logs; a fault in that ends nothing."""
        try:
            self._tools.pulse.attempt()
            figures.in_flight(self._in_flight)
            counting.attempted(batch, late)
            counting.say(batch, late)
        except Exception:
            lines.exception("webhooks.not_counted")

    async def _until_database_answers(self) -> None:
        """However long it is away: what was sent is kept until it can be written down."""
        while True:
            await asyncio.sleep(0.5)
            try:
                async with self._tools.sessions() as session:
                    await session.execute(select(1))
            except Exception:
                lines.warning("webhooks.database_away", kept=self._held)
            else:
                return

    async def _end(self, ended: Sequence[tuple[Claimed, str, str]]) -> None:
        try:
            for _, state, reason in await finish.give_up(self._tools.sessions, ended):
                figures.delivery_ended(state, reason)
        except Exception:  # their leases run out
            lines.exception("webhooks.not_ended")

    async def _give_back(self, row: Claimed) -> None:
        try:
            await finish.give_back(self._tools.sessions, row)
        except Exception:  # its lease runs out
            lines.warning("webhooks.not_given_back", delivery=str(row.id))


def _drop(counter: Counter[uuid.UUID], key: uuid.UUID) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


async def _patiently(enough: Callable[[], bool]) -> None:
    """Waits a little longer until there is enough to do at once."""
    latest = time.monotonic() + PATIENCE_SECONDS
    while not enough() and time.monotonic() < latest:  # noqa: ASYNC110 - several things bring it about
        await asyncio.sleep(STEP_SECONDS)
