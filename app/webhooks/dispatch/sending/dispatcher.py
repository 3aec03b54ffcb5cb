"""The sending loop of a worker: claims as slots come free, and sends."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from app.kit import clock
from app.webhooks.dispatch.claiming import lanes
from app.webhooks.dispatch.claiming.claim import Claimed, Stamps, claim
from app.webhooks.dispatch.claiming.parcels import Contents, Parcel, pack
from app.webhooks.dispatch.claiming.prepared import Shelf
from app.webhooks.dispatch.deciding.fairness import FIRST_SHARE, Taken
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending import counting, finish
from app.webhooks.dispatch.sending.send import attempt, given_up, why_not
from app.webhooks.dispatch.sending.slots import Slots
from app.webhooks.dispatch.sending.writing import WRITERS, Writing, patiently
from app.webhooks.dispatch.tools import Tools

lines = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "deliveries"

#: Between two claims, and without anything to do.
BEAT_SECONDS = 0.02
IDLE_SECONDS = 0.08
#: A claim waits a while until so large a part of the slots is left to send: few large ones cost less than many small.
CLAIM_AT = 0.5
#: A worker that is told to stop waits so long for what is under way.
LONGEST_END = 45.0
#: So many senders more are begun at once, so that answers, the database's too, are not kept waiting for all of them.
SLICE = 25
SLICE_SECONDS = 0.002


class Dispatcher:
    """Sends the deliveries of every agency. One in a worker."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shelf = Shelf(tools.vault)
        self._slots = Slots(tools.slots)
        self._writing = Writing(tools, self._slots, self._written)
        self._claimed: asyncio.Queue[Parcel] = asyncio.Queue()
        self._senders: set[asyncio.Task[None]] = set()
        self._dealing = asyncio.Lock()
        #: what the last claim said; see `Haul`
        self._more = self._left = False

    async def serve(self, stop: asyncio.Event) -> None:
        """Claims and sends until `stop` is set, then lets what is under way end and writes it down."""
        figures.worker_slots("first", round(self._tools.slots * FIRST_SHARE))
        figures.worker_slots("again", self._tools.slots - round(self._tools.slots * FIRST_SHARE))
        standing = [asyncio.create_task(each()) for each in (self._start, *[self._writing.serve] * WRITERS)]
        while not stop.is_set():
            self._tools.pulse.beat(LOOP)
            await self._beat()
            if self._more and not self._has_room():
                await patiently(self._has_room)
                continue
            await asyncio.sleep(BEAT_SECONDS)
            if not self._more:
                await self._tools.alarm.sleep(IDLE_SECONDS - BEAT_SECONDS)
        try:
            async with asyncio.timeout(LONGEST_END):
                await self.settle()
        except TimeoutError:  # their leases run out: they are sent again
            lines.warning("webhooks.stopped_with_some_under_way", number=self._slots.held)
        for each in (*standing, *self._senders):
            each.cancel()

    async def once(self) -> None:
        """Claims once what is due, sends it and writes it down. For tests."""
        starting = asyncio.create_task(self._start())
        await self._beat()
        while self._slots.in_flight:  # noqa: ASYNC110 - what is not sent ends it too
            await asyncio.sleep(0.001)
        await self._writing.once()
        starting.cancel()

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        while self._slots.held:  # noqa: ASYNC110 - several things end it
            await asyncio.sleep(BEAT_SECONDS)

    @asynccontextmanager
    async def offer(self) -> AsyncIterator[Taken | None]:
        """See `at_once.Hands`."""
        if self._more:
            yield None
            return
        async with self._dealing:
            yield self._slots.taken()

    async def take(self, leased: Sequence[tuple[Claimed, Contents]], stamps: Stamps) -> None:
        """See `at_once.Hands`."""
        endpoints = await self._shelf.get(self._tools.sessions, stamps)
        parcels = [
            Parcel(row, endpoints[row.endpoint_id], contents)
            for row, contents in leased
            if row.endpoint_id in endpoints
        ]
        await self._send_all([row for row, _ in leased], parcels)

    async def _beat(self) -> None:
        """Claims what there are slots for, and sends it."""
        async with self._dealing:
            taken = self._slots.taken()
            if taken.free <= 0:
                self._more = True
                return
            try:
                if not self._left and not await lanes.anything(self._tools.sessions):
                    self._more = False
                    return
                started = time.perf_counter()
                haul = await claim(self._tools.sessions, taken)
                counting.claimed(haul.rows, time.perf_counter() - started)
                parcels = await pack(self._tools.sessions, self._shelf, haul) if haul.rows else []
            except Exception:  # the database is away, or a fault of ours: say so, stay, try again
                lines.exception("webhooks.claim_failed")
                await asyncio.sleep(1)
                return
            self._more, self._left = haul.more, haul.left
            await self._send_all(haul.rows, parcels)

    async def _send_all(self, claimed: Sequence[Claimed], parcels: Sequence[Parcel]) -> None:
        ended = await self._give_back_all(claimed, parcels)
        for parcel in parcels:
            if reason := why_not(parcel):
                ended.append((parcel.row, *reason))
            else:
                self._slots.fill(parcel.row)
                self._claimed.put_nowait(parcel)
        if ended:
            await self._end(ended)

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
        """Begins a sender for what no other sender has got to yet, while more is claimed."""
        while True:
            for _ in range(SLICE):
                sender = asyncio.create_task(self._send_on(await self._claimed.get()))
                self._senders.add(sender)
                sender.add_done_callback(self._senders.discard)
            await asyncio.sleep(SLICE_SECONDS)

    async def _send_on(self, parcel: Parcel) -> None:
        """Sends this one, and goes on with those that wait."""
        await self._send(parcel)
        while not self._claimed.empty():
            await self._send(self._claimed.get_nowait())

    async def _send(self, parcel: Parcel) -> None:
        try:
            attempted = await attempt(parcel, self._tools.egress, self._tools.destinations, began=clock.now())
            self._writing.put(finish.decide(attempted))
        except Exception:  # a fault of ours: the delivery is given back, its tries keep counting
            lines.exception("webhooks.not_sent", delivery=str(parcel.row.id))
            await self._give_back(parcel.row)
            self._slots.held -= 1
            self._slots.free(parcel.row, arrived=False)
        else:
            self._slots.free(parcel.row, arrived=attempted.outcome.arrived)

    def _has_room(self) -> bool:
        return self._slots.in_flight <= self._slots.number * CLAIM_AT

    def _written(self) -> None:
        if self._left:
            self._tools.alarm.ring()  # their endpoints have room again

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
