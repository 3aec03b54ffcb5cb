"""The sending loop of a worker: claims as slots come free, and sends."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from app.kit import clock
from app.kit.jobs import UNTIL_WOKEN
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries.claimed import ClaimedDelivery, Leased, Stamps
from app.webhooks.dispatcher import http_attempt, result_writer
from app.webhooks.dispatcher import result_writer as delivery_metrics
from app.webhooks.dispatcher.endpoint_cache import EndpointCache
from app.webhooks.dispatcher.http_attempt import (
    AnsweredAttempt,
    OutboundDelivery,
    StartedAttempt,
    abandoned_reason,
    unsendable_reason,
    with_endpoints,
)
from app.webhooks.dispatcher.result_writer import WRITERS, DeliveryUpdate, ResultWriter, wait_for_batch
from app.webhooks.dispatcher.scheduler import Slots, claim
from app.webhooks.monitoring import metrics
from app.webhooks.policies.fair_share import NEW_SHARE, SlotUsage

lines = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "deliveries"

#: Between two claims; twice as long each time where one brought nothing though something was due, up to a third of a
#: second.
BEAT_SECONDS = 0.02
_LONGER = 4
#: A claim waits a while until so large a part of the slots is left to send: few large ones cost less than many small.
CLAIM_AT = 0.5
#: A worker that is told to stop waits so long for what is under way.
LONGEST_END = 45.0


class Dispatcher:
    """Sends the deliveries of every agency. One in a worker."""

    def __init__(self, tools: WebhookContext) -> None:
        self._tools = tools
        self._shelf = EndpointCache(tools.keyring)
        self._slots = Slots(tools.slots)
        self._writing = ResultWriter(tools, self._slots, self._written)
        self._senders = Senders(tools, self._slots, self._writing.put, self._give_back)
        self._dealing = asyncio.Lock()
        #: what the last claim said; see `Haul`
        self._more = self._left = False
        #: claims in a row that brought nothing
        self._empty = 0

    async def serve(self, stop: asyncio.Event) -> None:
        """Claims and sends until `stop` is set, then lets what is under way end and writes it down."""
        metrics.worker_slots("new", round(self._tools.slots * NEW_SHARE))
        metrics.worker_slots("retry", self._tools.slots - round(self._tools.slots * NEW_SHARE))
        standing = [asyncio.create_task(each()) for each in (self._senders.serve, *[self._writing.serve] * WRITERS)]
        standing.append(asyncio.create_task(self._tools.alarm.ring_at(stop)))
        while not stop.is_set():
            self._tools.pulse.beat(LOOP)
            await self._beat()
            if self._more and not self._has_room():
                await wait_for_batch(self._has_room)
                continue
            await asyncio.sleep(BEAT_SECONDS)
            if not self._more:
                again = BEAT_SECONDS * (2 ** min(self._empty, _LONGER) - 1) if self._left else UNTIL_WOKEN
                await self._tools.alarm.sleep(again)
        try:
            async with asyncio.timeout(LONGEST_END):
                await self.settle()
        except TimeoutError:  # their leases run out: they are sent again
            lines.warning("webhooks.stopped_with_some_under_way", number=self._slots.held)
        for each in standing:
            each.cancel()
        self._senders.cancel()

    async def once(self) -> None:
        """Claims once what is due, sends it and writes it down. For tests."""
        sending = asyncio.create_task(self._senders.serve())
        await self._beat()
        while self._slots.in_flight:
            await asyncio.sleep(0.001)
            self._senders.settle()
        await self._writing.once()
        sending.cancel()

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        while self._slots.held:  # noqa: ASYNC110 - several things end it
            await asyncio.sleep(BEAT_SECONDS)

    @asynccontextmanager
    async def offer(self) -> AsyncIterator[SlotUsage | None]:
        """See `at_once.Hands`."""
        if self._more:
            yield None
            return
        async with self._dealing:
            self._senders.settle()
            yield self._slots.taken()

    async def take(self, leased: Sequence[Leased], stamps: Stamps) -> None:
        """See `at_once.Hands`."""
        parcels = await with_endpoints(self._tools.sessions, self._shelf, leased, stamps)
        ended = await self._set_aside(leased, parcels)
        for parcel in parcels:
            if reason := unsendable_reason(parcel):
                ended.append((parcel.row, *reason))
            else:
                self._slots.fill(parcel.row)
                self._senders.put(parcel)
        if ended:
            await self._end(ended)

    async def _beat(self) -> None:
        """Claims what there are slots for, and sends it."""
        try:
            async with self._dealing:
                self._more = await self._claim()
        except Exception:  # the database is away, or a fault of ours: say so, stay, try again
            lines.exception("webhooks.claim_failed")
            await asyncio.sleep(1)

    async def _claim(self) -> bool:
        """See `Haul.more`."""
        self._senders.settle()
        taken = self._slots.taken()
        if taken.free <= 0:
            return True
        started = time.perf_counter()
        haul = await claim(self._tools.sessions, taken)
        delivery_metrics.count_claim(haul.rows, time.perf_counter() - started)
        self._left = haul.left
        self._empty = 0 if haul.rows else self._empty + 1
        if haul.rows:
            await self.take(haul.rows, haul.stamps)
        return haul.more

    async def _set_aside(
        self, claimed: Sequence[Leased], parcels: Sequence[OutboundDelivery]
    ) -> list[tuple[ClaimedDelivery, str, str]]:
        """Set aside what has no parcel, because its endpoint cannot be opened; those among them that are over."""
        if len(parcels) == len(claimed):
            return []
        packed, ended, sealed = {parcel.row.id for parcel in parcels}, [], []
        for row, _ in claimed:
            if row.id in packed:
                continue
            if reason := abandoned_reason(row):
                ended.append((row, *reason))
            else:
                sealed.append(row)
        try:
            await result_writer.wait_for_key(self._tools.sessions, sealed)
        except Exception:  # their leases run out
            lines.warning("webhooks.not_set_aside", number=len(sealed))
        return ended

    def _has_room(self) -> bool:
        self._senders.settle()
        return self._slots.in_flight <= self._slots.number * CLAIM_AT

    def _written(self, batch: Sequence[DeliveryUpdate]) -> None:
        if self._left or any(each.row.ordered for each in batch):
            self._tools.alarm.ring()  # their endpoints have room again, or the next of a subject may go

    async def _end(self, ended: Sequence[tuple[ClaimedDelivery, str, str]]) -> None:
        try:
            for _, status, reason in await result_writer.end_unsent(self._tools.sessions, ended):
                metrics.delivery_ended(status, reason)
        except Exception:  # their leases run out
            lines.exception("webhooks.not_ended")

    async def _give_back(self, row: ClaimedDelivery) -> None:
        try:
            await result_writer.release(self._tools.sessions, row)
        except Exception:  # its lease runs out
            lines.warning("webhooks.not_given_back", delivery=str(row.id))


#: So many are composed together, and as many senders begun at once; what was answered, the database's answers too, is
#: not kept waiting for more.
SLICE = 25
SLICE_SECONDS = 0.005
#: What was answered is weighed after so long at the latest. A slice of it is at once: claims count on its room. So is
#: the last that was in the air.
WEIGH_SECONDS = 0.01


class Senders:
    """Those of one worker. A sender goes on with the next delivery as long as there is one."""

    def __init__(
        self,
        tools: WebhookContext,
        slots: Slots,
        ended: Callable[[DeliveryUpdate], None],
        gives_back: Callable[[ClaimedDelivery], Awaitable[None]],
    ) -> None:
        self._tools = tools
        self._slots = slots
        self._ended = ended
        self._gives_back = gives_back
        self._waiting: deque[OutboundDelivery] = deque()
        self._something = asyncio.Event()
        self._ready: deque[StartedAttempt] = deque()
        self._spoken: list[AnsweredAttempt] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, parcel: OutboundDelivery) -> None:
        """Sends it as soon as possible; its slot is taken."""
        self._waiting.append(parcel)
        self._something.set()

    async def serve(self) -> None:
        """Begins senders for what no other has got to yet, while more is claimed."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._compose():
                while self._ready:
                    self._spawn(self._send_on(self._ready.popleft()))
                if not self._waiting:
                    break
                await asyncio.sleep(SLICE_SECONDS)

    def cancel(self) -> None:
        """Ends all of them, whatever is under way."""
        for each in self._tasks:
            each.cancel()

    def settle(self) -> None:
        """Weighs what was answered, and frees its slots."""
        spoken, self._spoken = self._spoken, []
        for each in spoken:
            row = each.begun.parcel.row
            try:
                attempted = http_attempt.conclude_attempt(each)
                self._ended(result_writer.next_update(attempted))
            except Exception:
                self._failed(row)
            else:
                self._slots.free(row, arrived=attempted.outcome.arrived)

    def _compose(self) -> bool:
        """Prepares the next slice; whether there is something to send."""
        now = clock.now()
        while self._waiting and len(self._ready) < SLICE:
            parcel = self._waiting.popleft()
            try:
                self._ready.append(http_attempt.start_attempt(parcel, self._tools.destinations, now))
            except Exception:
                self._failed(parcel.row)
        return bool(self._ready)

    async def _send_on(self, begun: StartedAttempt) -> None:
        while True:
            try:
                spoken = await http_attempt.send_requests(begun, self._tools.egress)
            except Exception:
                self._failed(begun.parcel.row)
            else:
                self._spoken.append(spoken)
                if len(self._spoken) in (SLICE, self._slots.in_flight):
                    self.settle()
                elif len(self._spoken) == 1:
                    asyncio.get_running_loop().call_later(WEIGH_SECONDS, self.settle)
            if not self._ready and not self._compose():
                return
            begun = self._ready.popleft()

    def _failed(self, row: ClaimedDelivery) -> None:
        """A fault of ours: the delivery is given back, its tries keep counting."""
        lines.exception("webhooks.not_sent", delivery=str(row.id))
        self._spawn(self._give_back(row))

    async def _give_back(self, row: ClaimedDelivery) -> None:
        await self._gives_back(row)
        self._slots.free(row, arrived=False)
        self._slots.forget(row)

    def _spawn(self, what: Awaitable[None]) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
