"""Loops of a worker, fan-out and claims, and the sending of what they lease: from a claim to the outcome of an attempt.

Work is done in batches: requests are composed a slice at a time right before they are sent, and responses are
classified shortly after.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import structlog

from app.events.models import OutboxEntry
from app.kit import clock, ids, poller
from app.kit.egress.client import Egress
from app.kit.jobs import POISON_AFTER, UNTIL_WOKEN
from app.kit.poller import DueRows
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import transitions
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.dispatcher import result_writer, scheduler
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot, RowVersions
from app.webhooks.dispatcher.fanout import AT_FIRST, AT_ONCE, Fanout
from app.webhooks.dispatcher.result_writer import WRITERS, AttemptResult, ResultWriter, wait_for_batch
from app.webhooks.dispatcher.scheduler import Slots, claim
from app.webhooks.maintenance import retention
from app.webhooks.message import STANDARD, Destination, OutboundRequest, standard_webhook
from app.webhooks.models import Delivery
from app.webhooks.policies import retry_policy
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.fair_share import NEW_SHARE

log = structlog.get_logger(__name__)
#: Names of the loops in the health of a worker.
FANOUT_LOOP, CLAIM_LOOP = LOOPS = ("fan-out", "deliveries")
#: Minimum pause between two rounds of fan-out: events are fanned out together, and deliveries in flight get their turn.
PAUSE_SECONDS = 0.005
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
#: Time-out of a request for which the time of its attempt is used up.
LEAST_SECONDS = 0.1


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
            await serve_fanout(tools, stop, dispatcher)
        finally:
            fanned.set()  # its last deliveries are sent before the dispatcher ends

    await asyncio.gather(fan(), dispatcher.serve(fanned))


async def serve_fanout(tools: WebhookContext, stop: asyncio.Event, dispatcher: "Dispatcher") -> None:
    """Fan out until `stop` is set; the dispatcher sends deliveries that need no claim."""
    more, fanout = False, Fanout(tools.sessions, dispatcher.endpoints, tools.public_url)
    months = retention.PartitionKeeper(tools.sessions)
    stopping = asyncio.create_task(tools.happened.ring_at(stop))
    while not stop.is_set():
        tools.pulse.beat(FANOUT_LOOP)
        try:
            await months.keep()
            more = await dispatcher.fan_out(fanout, AT_ONCE if more else AT_FIRST)
        except Exception:  # the database is unavailable: log it and try again
            log.exception("webhooks.fan_out_failed")
            await asyncio.sleep(1)
            continue
        if not more:
            ended = time.monotonic()
            await tools.happened.sleep(UNTIL_WOKEN)
            if (pause := ended + PAUSE_SECONDS - time.monotonic()) > 0:
                await asyncio.sleep(pause)
    stopping.cancel()
    await fanout.close()


class Dispatcher:
    """Dispatcher of the deliveries of every agency. One per worker."""

    def __init__(self, tools: WebhookContext) -> None:
        self._tools = tools
        self.endpoints = EndpointCache(tools.sessions, tools.keyring)
        self.slots = Slots(tools.slots)
        self._results = ResultWriter(tools, self.slots, self._written)
        self._senders = Senders(tools, self.slots, self._results)
        self._allocating = asyncio.Lock()
        #: of the last claim; see `ClaimResult`
        self._more = self._left = False
        #: claims in a row that brought nothing
        self._empty = 0

    async def serve(self, stop: asyncio.Event) -> None:
        """Claim and send until `stop` is set, then let deliveries under way end and record them."""
        metrics.SLOTS.labels("new").set(round(self._tools.slots * NEW_SHARE))
        metrics.SLOTS.labels("retry").set(self._tools.slots - round(self._tools.slots * NEW_SHARE))
        standing = [asyncio.create_task(each()) for each in (self._senders.serve, *[self._results.serve] * WRITERS)]
        standing.append(asyncio.create_task(self._tools.alarm.ring_at(stop)))
        while not stop.is_set():
            self._tools.pulse.beat(CLAIM_LOOP)
            await self.claim()
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
            log.warning("webhooks.stopped_with_some_under_way", number=self.slots.held)
        for each in standing:
            each.cancel()
        self._senders.cancel()

    async def once(self) -> None:
        """Claim due deliveries once, send and record them. For tests."""
        sending = asyncio.create_task(self._senders.serve())
        await self.claim()
        while self.slots.in_flight:
            await asyncio.sleep(0.001)
            self._senders.settle()
        await self._results.once()
        sending.cancel()

    async def settle(self) -> None:
        """Wait until nothing is in flight."""
        while self.slots.held:  # noqa: ASYNC110 - several things end it
            await asyncio.sleep(BEAT_SECONDS)

    async def fan_out(self, fanout: Fanout, limit: int) -> bool:
        """Fan out once, send what needs no claim, and wake the claims for the rest. True if there may be more events.

        While deliveries wait for slots, all new ones are left to the claims.
        """
        try:
            if self._more:
                done = await fanout.once(limit)
            else:
                async with self._allocating:
                    self._senders.settle()
                    done = await fanout.once(limit, self.slots.usage())
                    if done.leased:
                        await self.accept(done.leased, done.versions)
            if done.left:
                self._tools.alarm.ring()
            return done.more
        except Exception:
            log.warning("webhooks.fan_out_again", exc_info=True)
        number = await fanout.all(limit)
        self._tools.alarm.ring()
        return number > 0

    async def claim(self) -> None:
        """Claim deliveries for the free slots, and send them."""
        try:
            async with self._allocating:
                self._senders.settle()
                usage = self.slots.usage()
                if usage.free <= 0:
                    self._more = True
                    return
                started = time.perf_counter()
                claimed = await claim(self._tools.sessions, usage)
                metrics.CLAIM.observe(time.perf_counter() - started)
                if lapsed := sum(each.lapsed for each in claimed.deliveries):
                    metrics.LEASE_EXPIRED.inc(lapsed)
                self._left = claimed.left
                self._empty = 0 if claimed.deliveries else self._empty + 1
                if claimed.deliveries:
                    await self.accept(claimed.deliveries, claimed.versions)
                self._more = claimed.more
        except Exception:  # the database is unavailable, or an internal error: log it and try again
            log.exception("webhooks.claim_failed")
            await asyncio.sleep(1)

    async def accept(self, deliveries: Sequence[ClaimedDelivery], versions: RowVersions) -> None:
        """Send these deliveries, whose leases are committed; end or set aside those that cannot be sent."""
        endpoints = await self.endpoints.get(versions)
        ended: list[tuple[ClaimedDelivery, EndReason]] = []
        without_key: list[ClaimedDelivery] = []
        for delivery in deliveries:
            endpoint = endpoints.get((delivery.agency_id, delivery.endpoint_id))
            has_key = endpoint is not None and endpoint.is_decrypted
            if reason := unsendable_reason(delivery, has_key=has_key):
                ended.append((delivery, reason))
            elif endpoint is None or not has_key:
                without_key.append(delivery)
            else:
                self.slots.fill(delivery)
                self._senders.put(delivery, endpoint)
        if without_key:
            await self._wait_for_key(without_key)
        if ended:
            await self._end(ended)

    def _has_capacity(self) -> bool:
        self._senders.settle()
        return self.slots.in_flight <= self.slots.number * CLAIM_AT

    def _written(self, batch: Sequence[AttemptResult]) -> None:
        if self._left or any(each.delivery.ordered for each in batch):
            self._tools.alarm.ring()  # their endpoints have capacity again, or the next of a subject is released

    async def _end(self, ended: Sequence[tuple[ClaimedDelivery, EndReason]]) -> None:
        try:
            for _, reason in await result_writer.end_unsent(self._tools.sessions, ended):
                metrics.delivery_ended(reason.status, reason)
        except Exception:  # their leases expire
            log.exception("webhooks.not_ended")

    async def _wait_for_key(self, deliveries: Sequence[ClaimedDelivery]) -> None:
        try:
            async with self._tools.sessions.begin() as session:
                await transitions.release_without_key(session, deliveries)
        except Exception:  # their leases expire
            log.warning("webhooks.not_set_aside", number=len(deliveries))


class Senders:
    """Senders of one worker. Each continues with the next delivery while there is one."""

    def __init__(self, tools: WebhookContext, slots: Slots, results: ResultWriter) -> None:
        self._tools = tools
        self._slots = slots
        self._results = results
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
                conclude_attempt(attempt)
            except Exception:
                self._failed(attempt.delivery)
            else:
                self._results.put(attempt)
                self._slots.free(attempt.delivery, arrived=attempt.outcome.arrived)

    def _compose(self) -> bool:
        """Compose the next slice. Returns whether there is something to send."""
        now = clock.now()
        while self._waiting and len(self._composed) < SLICE:
            delivery, endpoint = self._waiting.popleft()
            try:
                self._composed.append(start_attempt(delivery, endpoint, self._tools.destinations, now))
            except Exception:
                self._failed(delivery)
        return bool(self._composed)

    async def _send_on(self, attempt: AttemptResult) -> None:
        while True:
            try:
                await send_requests(attempt, self._tools.egress)
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
        log.exception("webhooks.not_sent", delivery=str(delivery.id))
        self._spawn(self._release(delivery))

    async def _release(self, delivery: ClaimedDelivery) -> None:
        try:
            async with self._tools.sessions.begin() as session:
                await transitions.release(session, delivery)
        except Exception:  # its lease expires
            log.warning("webhooks.not_given_back", delivery=str(delivery.id))
        self._slots.free(delivery, arrived=False)
        self._slots.forget(delivery)

    def _spawn(self, what: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def unsendable_reason(delivery: ClaimedDelivery, *, has_key: bool) -> EndReason | None:
    """Reason of a delivery that cannot be sent; None if it can. Without the key of its endpoint its body may wait."""
    if delivery.expired:
        return EndReason.EXPIRED
    if delivery.tries > POISON_AFTER:
        return EndReason.WORKER_LOST
    if delivery.content or not has_key:
        return None
    return EndReason.BODY_EXPIRED if delivery.content is None else EndReason.PAYLOAD_DELETED


def start_attempt(
    delivery: ClaimedDelivery, endpoint: EndpointSnapshot, destinations: Mapping[str, Destination], now: datetime
) -> AttemptResult:
    """Compose the first request: signed, to be sent at once."""
    destination = standard_webhook if endpoint.destination in STANDARD else destinations[endpoint.destination]
    outbound = OutboundRequest(
        endpoint.url, _event_id(delivery.event_id), delivery.event_type, ids.text("delivery", delivery.id),
        endpoint.id, delivery.attempt_count + 1, delivery.replay, delivery.content or b"", endpoint.signing(now),
        endpoint.headers, endpoint.options, now,
    )  # fmt: skip
    attempt = AttemptResult(delivery, endpoint, outbound, destination(outbound), None)
    try:
        attempt.request = next(attempt.sequence)
    except StopIteration as ended:
        attempt.outcome = ended.value
    return attempt


@lru_cache(4096)
def _event_id(value: UUID) -> str:
    """The public id of an event; several endpoints get the same one."""
    return ids.text("evt", value)


async def send_requests(attempt: AttemptResult, egress: Egress, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Make the requests, each once, within the time for which the delivery is leased.

    A standard webhook is one request, independent of the response: its outcome is classified later.
    """
    endpoint = attempt.endpoint
    began, longest = clock(), endpoint.seconds * CATALOG[endpoint.destination].attempt_timeouts
    while request := attempt.request:
        left = max(longest - (clock() - began), LEAST_SECONDS)
        answer = await egress.call(
            request.method, request.url, headers=request.headers, body=request.body,
            seconds=min(endpoint.seconds, left),
        )  # fmt: skip
        attempt.answer = answer
        attempt.answers.append((request.part, answer))
        if endpoint.destination in STANDARD:
            return
        attempt.advance()


def conclude_attempt(attempt: AttemptResult) -> None:
    """Work out the outcome, where that was put off, and the step that follows by the endpoint's retry policy."""
    if attempt.endpoint.destination in STANDARD:
        attempt.advance()
    assert not attempt.request, "a sequence of one request has a second one"
    if attempt.outcome.arrived:
        attempt.step = retry_policy.ARRIVED
        return
    attempt.step = retry_policy.step_after(
        attempt.outcome,
        made=attempt.delivery.attempts_since_requeue + 1,
        policy=attempt.endpoint.retry_policy,
        jitter=random.uniform(1.0, retry_policy.MOST_JITTER),  # noqa: S311 - spreads load, protects nothing
        now=attempt.outbound.now,
        expires_at=attempt.delivery.expires_at,
    )
