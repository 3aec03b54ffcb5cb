"""Loops of a worker: fan-out, and the dispatcher, which claims deliveries as slots become free and sends them.

Work is done in batches: requests are composed a slice at a time right before they are sent, and responses are
classified shortly after.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from app.events.models import OutboxEntry
from app.kit import clock, poller
from app.kit.jobs import UNTIL_WOKEN
from app.kit.poller import DueRows
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.dispatcher import fanout, http_attempt, result_writer, scheduler
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot, RowVersions
from app.webhooks.dispatcher.http_attempt import AttemptResult, DeliveryUpdate, abandoned_reason, unsendable_reason
from app.webhooks.dispatcher.result_writer import WRITERS, ResultWriter, wait_for_batch
from app.webhooks.dispatcher.scheduler import Slots, claim
from app.webhooks.models import Delivery
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.fair_share import NEW_SHARE, SlotUsage

lines = structlog.get_logger(__name__)
#: The name of this loop in the worker's health.
LOOP = "deliveries"
#: Loops in the health of a worker.
LOOPS = (fanout.LOOP, LOOP)
#: Pause between two claims; doubled, up to a third of a second, while claims return nothing although deliveries are
#: due.
BEAT_SECONDS = 0.02
_LONGER = 4
#: Share of the slots in flight below which the next claim is made: few large claims cost less than many small ones.
CLAIM_AT = 0.5
#: Seconds that a stopping worker waits for deliveries in flight.
LONGEST_END = 45.0
#: Number of requests that are composed and started together, so that responses wait no longer than for these.
SLICE = 25
SLICE_SECONDS = 0.005
#: Maximum delay before responses are classified. A full slice, and the last one in flight, are classified at once to
#: free their slots.
CLASSIFY_SECONDS = 0.01


def kinds(tools: WebhookContext) -> list[DueRows]:
    """Kinds of due rows that wake the loops."""
    return [
        DueRows(OutboxEntry.__tablename__, poller.seconds(OutboxEntry), tools.happened, in_bursts=True),
        DueRows(Delivery.__tablename__, scheduler.SECONDS, tools.alarm),
    ]


async def serve(tools: WebhookContext, stop: asyncio.Event) -> None:
    """Run both loops until `stop` is set; deliveries in flight are then finished and recorded."""
    dispatcher, fanned = Dispatcher(tools), asyncio.Event()

    async def fan() -> None:
        try:
            await fanout.serve(tools, stop, dispatcher, dispatcher.endpoints)
        finally:
            fanned.set()  # its last deliveries are sent before the dispatcher ends

    await asyncio.gather(fan(), dispatcher.serve(fanned))


class Dispatcher:
    """Dispatcher of the deliveries of every agency. One per worker."""

    def __init__(self, tools: WebhookContext) -> None:
        self._tools = tools
        self.endpoints = EndpointCache(tools.sessions, tools.keyring)
        self._slots = Slots(tools.slots)
        self._results = ResultWriter(tools, self._slots, self._written)
        self._senders = Senders(tools, self._slots, self._results.put, self._release)
        self._allocating = asyncio.Lock()
        #: of the last claim; see `ClaimResult`
        self._more = self._left = False
        #: claims in a row that brought nothing
        self._empty = 0

    async def serve(self, stop: asyncio.Event) -> None:
        """Claim and send until `stop` is set, then let deliveries under way end and record them."""
        metrics.worker_slots("new", round(self._tools.slots * NEW_SHARE))
        metrics.worker_slots("retry", self._tools.slots - round(self._tools.slots * NEW_SHARE))
        standing = [asyncio.create_task(each()) for each in (self._senders.serve, *[self._results.serve] * WRITERS)]
        standing.append(asyncio.create_task(self._tools.alarm.ring_at(stop)))
        while not stop.is_set():
            self._tools.pulse.beat(LOOP)
            await self._beat()
            if self._more and not self._has_capacity():
                await wait_for_batch(self._has_capacity)
                continue
            await asyncio.sleep(BEAT_SECONDS)
            if not self._more:
                again = BEAT_SECONDS * (2 ** min(self._empty, _LONGER) - 1) if self._left else UNTIL_WOKEN
                await self._tools.alarm.sleep(again)
        try:
            async with asyncio.timeout(LONGEST_END):
                await self.settle()
        except TimeoutError:  # they are sent again after their leases expire
            lines.warning("webhooks.stopped_with_some_under_way", number=self._slots.held)
        for each in standing:
            each.cancel()
        self._senders.cancel()

    async def once(self) -> None:
        """Claim due deliveries once, send and record them. For tests."""
        sending = asyncio.create_task(self._senders.serve())
        await self._beat()
        while self._slots.in_flight:
            await asyncio.sleep(0.001)
            self._senders.settle()
        await self._results.once()
        sending.cancel()

    async def settle(self) -> None:
        """Wait until nothing is in flight."""
        while self._slots.held:  # noqa: ASYNC110 - several things end it
            await asyncio.sleep(BEAT_SECONDS)

    @asynccontextmanager
    async def reserve_slots(self) -> AsyncIterator[SlotUsage | None]:
        """See `fanout.ImmediateSender`."""
        if self._more:
            yield None
            return
        async with self._allocating:
            self._senders.settle()
            yield self._slots.usage()

    async def accept(self, deliveries: Sequence[ClaimedDelivery], versions: RowVersions) -> None:
        """See `fanout.ImmediateSender`."""
        endpoints = await self.endpoints.get(versions)
        ended: list[tuple[ClaimedDelivery, EndReason]] = []
        without_key: list[ClaimedDelivery] = []
        for delivery in deliveries:
            endpoint = endpoints.get((delivery.agency_id, delivery.endpoint_id))
            is_sendable = endpoint is not None and endpoint.is_decrypted
            if reason := (unsendable_reason if is_sendable else abandoned_reason)(delivery):
                ended.append((delivery, reason))
            elif endpoint is None or not endpoint.is_decrypted:
                without_key.append(delivery)
            else:
                self._slots.fill(delivery)
                self._senders.put(delivery, endpoint)
        if without_key:
            await self._wait_for_key(without_key)
        if ended:
            await self._end(ended)

    async def _beat(self) -> None:
        """Claim deliveries for the free slots, and send them."""
        try:
            async with self._allocating:
                self._more = await self._claim()
        except Exception:  # the database is unavailable, or an internal error: log it and try again
            lines.exception("webhooks.claim_failed")
            await asyncio.sleep(1)

    async def _claim(self) -> bool:
        """See `ClaimResult.more`."""
        self._senders.settle()
        usage = self._slots.usage()
        if usage.free <= 0:
            return True
        started = time.perf_counter()
        claimed = await claim(self._tools.sessions, usage)
        metrics.claim_took(time.perf_counter() - started)
        if lapsed := sum(each.lapsed for each in claimed.deliveries):
            metrics.lease_expired(lapsed)
        self._left = claimed.left
        self._empty = 0 if claimed.deliveries else self._empty + 1
        if claimed.deliveries:
            await self.accept(claimed.deliveries, claimed.versions)
        return claimed.more

    def _has_capacity(self) -> bool:
        self._senders.settle()
        return self._slots.in_flight <= self._slots.number * CLAIM_AT

    def _written(self, batch: Sequence[DeliveryUpdate]) -> None:
        if self._left or any(each.delivery.ordered for each in batch):
            self._tools.alarm.ring()  # their endpoints have capacity again, or the next of a subject is released

    async def _end(self, ended: Sequence[tuple[ClaimedDelivery, EndReason]]) -> None:
        try:
            for _, reason in await result_writer.end_unsent(self._tools.sessions, ended):
                metrics.delivery_ended(reason.status, reason)
        except Exception:  # their leases expire
            lines.exception("webhooks.not_ended")

    async def _wait_for_key(self, deliveries: Sequence[ClaimedDelivery]) -> None:
        try:
            await result_writer.wait_for_key(self._tools.sessions, deliveries)
        except Exception:  # their leases expire
            lines.warning("webhooks.not_set_aside", number=len(deliveries))

    async def _release(self, delivery: ClaimedDelivery) -> None:
        try:
            await result_writer.release(self._tools.sessions, delivery)
        except Exception:  # its lease expires
            lines.warning("webhooks.not_given_back", delivery=str(delivery.id))


class Senders:
    """Senders of one worker. Each continues with the next delivery while there is one."""

    def __init__(
        self,
        tools: WebhookContext,
        slots: Slots,
        ended: Callable[[DeliveryUpdate], None],
        release: Callable[[ClaimedDelivery], Awaitable[None]],
    ) -> None:
        self._tools = tools
        self._slots = slots
        self._ended = ended
        self._release = release
        self._waiting: deque[tuple[ClaimedDelivery, EndpointSnapshot]] = deque()
        self._something = asyncio.Event()
        self._composed: deque[AttemptResult] = deque()
        self._answered: list[AttemptResult] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, delivery: ClaimedDelivery, endpoint: EndpointSnapshot) -> None:
        """Queue a delivery; its slot is filled."""
        self._waiting.append((delivery, endpoint))
        self._something.set()

    async def serve(self) -> None:
        """Start senders for queued deliveries."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._compose():
                while self._composed:
                    self._spawn(self._send_on(self._composed.popleft()))
                if not self._waiting:
                    break
                await asyncio.sleep(SLICE_SECONDS)

    def cancel(self) -> None:
        """Cancel all senders, with requests in flight."""
        for each in self._tasks:
            each.cancel()

    def settle(self) -> None:
        """Classify responses, and free their slots."""
        answered, self._answered = self._answered, []
        for attempt in answered:
            try:
                http_attempt.conclude_attempt(attempt)
                self._ended(http_attempt.next_update(attempt))
            except Exception:
                self._failed(attempt.delivery)
            else:
                self._slots.free(attempt.delivery, arrived=attempt.outcome.arrived)

    def _compose(self) -> bool:
        """Compose the next slice. Returns whether there is something to send."""
        now = clock.now()
        while self._waiting and len(self._composed) < SLICE:
            delivery, endpoint = self._waiting.popleft()
            try:
                self._composed.append(http_attempt.start_attempt(delivery, endpoint, self._tools.destinations, now))
            except Exception:
                self._failed(delivery)
        return bool(self._composed)

    async def _send_on(self, attempt: AttemptResult) -> None:
        while True:
            try:
                await http_attempt.send_requests(attempt, self._tools.egress)
            except Exception:
                self._failed(attempt.delivery)
            else:
                self._answered.append(attempt)
                if len(self._answered) in (SLICE, self._slots.in_flight):
                    self.settle()
                elif len(self._answered) == 1:
                    asyncio.get_running_loop().call_later(CLASSIFY_SECONDS, self.settle)
            if not self._composed and not self._compose():
                return
            attempt = self._composed.popleft()

    def _failed(self, delivery: ClaimedDelivery) -> None:
        """Release a delivery after an internal error; its tries are counted."""
        lines.exception("webhooks.not_sent", delivery=str(delivery.id))
        self._spawn(self._release_failed(delivery))

    async def _release_failed(self, delivery: ClaimedDelivery) -> None:
        await self._release(delivery)
        self._slots.free(delivery, arrived=False)
        self._slots.forget(delivery)

    def _spawn(self, what: Awaitable[None]) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
