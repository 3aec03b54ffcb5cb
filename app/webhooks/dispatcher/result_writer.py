"""Attempts and their results: recorded a batch at a time with the health of their endpoints, counted and logged."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import (
    Boolean,
    Float,
    Integer,
    String,
    Uuid,
    bindparam,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids, logs
from app.kit.database import (
    CROSS_TENANT,
    BulkColumns,
    Connected,
    DriverStatement,
    KeptConnection,
    Sessions,
    bulk_given,
    bulk_parameters,
    bulk_values,
)
from app.kit.egress.result import HttpResult
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.service import record_exhausted
from app.webhooks.deliveries.transitions import ClaimedDelivery, EndedDelivery, Lease
from app.webhooks.dispatcher.endpoint_cache import EndpointSnapshot
from app.webhooks.dispatcher.endpoint_health import record_health
from app.webhooks.dispatcher.scheduler import Slots
from app.webhooks.message import HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.health_rules import HealthInput
from app.webhooks.policies.response_classifier import AttemptOutcome, classify_response
from app.webhooks.policies.retry_policy import Step

log = structlog.get_logger(__name__)

#: Maximum number of attempts per batch, and seconds that the first of them waits for others.
BATCH = 512
GATHER_SECONDS = 0.05
#: Under load, few large statements cost less than many small ones: if the share LOAD of the slots is held, a batch
#: waits until it has the share WRITE_AT of them.
LOAD = 0.25
WRITE_AT = 0.5
PATIENCE_SECONDS = 0.12
STEP_SECONDS = 0.01
#: Number of concurrent writers: while one waits for the disk, the other continues.
WRITERS = 2
#: Number of tries of a batch that the database refuses.
TURNS = 3
#: The answer where a destination makes no request.
NO_ANSWER = HttpResult()


@dataclass(slots=True, eq=False)
class AttemptResult:
    """One attempt, from its first request to its outcome and the step that follows.

    `answers` has the response to each request with its part; `answer` is the last one, which defines the outcome. There
    is none if a destination makes no request for an event.
    """

    delivery: ClaimedDelivery
    endpoint: EndpointSnapshot
    #: `outbound.now` is the start, by the clock of this machine
    outbound: OutboundRequest
    sequence: RequestSequence
    request: HttpRequest | None
    answer: HttpResult = NO_ANSWER
    answers: list[tuple[str | None, HttpResult]] = field(default_factory=list)
    outcome: AttemptOutcome = field(init=False)
    step: Step = field(init=False)

    def advance(self) -> None:
        """Pass the last response to the sequence: sets the next `request`, or None and the outcome."""
        try:
            self.request = self.sequence.send(self.answer)
        except StopIteration as ended:
            self.request, self.outcome = None, ended.value

    @property
    def moves_order(self) -> bool:
        """True if later deliveries of its subject may go on: it has ended, or steps aside."""
        return self.step.due_in is None or self.step.aside != "never"


class ResultWriter:
    """Writer of attempt results of one worker. Calls `written` after each batch."""

    def __init__(self, tools: WebhookContext, slots: Slots, written: Callable[[Sequence[AttemptResult]], None]) -> None:
        self._tools = tools
        self._slots = slots
        self._written = written
        self._done: asyncio.Queue[AttemptResult] = asyncio.Queue()
        self._batching = asyncio.Lock()

    def put(self, one: AttemptResult) -> None:
        """Queue an attempt that has ended."""
        self._done.put_nowait(one)

    async def serve(self) -> None:
        """Write batches one by one; WRITERS of these run at once."""
        line = KeptConnection(self._tools.sessions)
        try:
            while True:
                async with self._batching:
                    self.put(await self._done.get())
                    if self._slots.held < self._slots.number * LOAD:
                        await asyncio.sleep(GATHER_SECONDS)
                    await wait_for_batch(self._is_worth_it)
                    batch = self._take()
                await self._write(batch, line)
        finally:
            await line.close()

    async def once(self) -> None:
        """Write what is queued. For tests."""
        line = KeptConnection(self._tools.sessions)
        while not self._done.empty():
            await self._write(self._take(), line)
        await line.close()

    def _is_worth_it(self) -> bool:
        return self._slots.held < self._slots.number * LOAD or self._done.qsize() >= self._slots.number * WRITE_AT

    def _take(self) -> list[AttemptResult]:
        return [self._done.get_nowait() for _ in range(min(self._done.qsize(), BATCH))]

    async def _write(self, batch: Sequence[AttemptResult], line: KeptConnection) -> None:
        """Write a batch as soon as the database accepts it; if that fails, its attempts one by one."""
        late: set[Lease] = set()
        for turn in range(TURNS):
            try:
                late = await write(self._tools.sessions, batch, worker=self._tools.worker, line=line)
                break
            except Exception:
                log.exception("webhooks.not_written", number=len(batch), turn=turn)
            await self._until_database_answers()
            if len(batch) > 1:
                for each in batch:
                    await self._write([each], line)
                return
        for each in batch:  # a delivery without a result is sent again after its lease expires
            self._slots.forget(each.delivery)
        self._written(batch)
        self._tools.pulse.attempt()
        try:
            metrics.IN_FLIGHT.set(self._slots.in_flight)
            count_attempts(batch, late)
            log_attempts(batch, late)
        except Exception:  # no effect on deliveries
            log.exception("webhooks.not_counted")

    async def _until_database_answers(self) -> None:
        """Wait until the database responds; results are kept meanwhile."""
        while True:
            await asyncio.sleep(0.5)
            try:
                async with self._tools.sessions() as session:
                    await session.execute(select(1))
            except Exception:
                log.warning("webhooks.database_away", kept=self._slots.held)
            else:
                return


async def wait_for_batch(enough: Callable[[], bool]) -> None:
    """Wait shortly until a batch is large enough."""
    latest = time.monotonic() + PATIENCE_SECONDS
    while not enough() and time.monotonic() < latest:  # noqa: ASYNC110 - several things bring it about
        await asyncio.sleep(STEP_SECONDS)


async def write(
    sessions: Sessions, finished: Sequence[AttemptResult], *, worker: str, line: KeptConnection | None = None
) -> set[Lease]:
    """Write results in one transaction. Returns the leases that were lost.

    Their attempts are stored as `late` and decide nothing. In most cases it is one statement on the `line`.
    """
    finished = sorted(finished, key=lambda each: each.delivery.id)  # the sequence of all locks
    if line and all(map(_plain, finished)):
        async with line.driver() as driver:
            written = await write_attempts_directly(driver, finished, worker)
        if written is not None:
            return written
    async with sessions.begin() as session:
        await _lock_orders(session, [each.delivery for each in finished if each.moves_order])
        late = await write_attempts(session, finished, worker)
        kept = [each for each in finished if each.delivery.lease not in late] if late else finished
        stubborn = [each for each in kept if each.delivery.ordered and each.step.aside != "never"]
        await transitions.step_aside(
            session, [(each.delivery.agency_id, each.delivery.id, each.step.aside == "now") for each in stubborn]
        )
        await _release_next(session, [each.delivery for each in kept if each.moves_order])
        exhausted = [each for each in kept if each.step.status == "exhausted"]
        await record_exhausted(
            session, [_ended(each.delivery, each.step.status, each.step.reason) for each in exhausted]
        )
        await _record_health(session, kept)
    return late


def _plain(each: AttemptResult) -> bool:
    """True if nothing but its own end follows, provided that its endpoint is healthy."""
    return each.outcome.arrived and not each.delivery.ordered and len(each.answers) < 2


async def _record_health(session: AsyncSession, finished: Sequence[AttemptResult]) -> None:
    tried: dict[tuple[uuid.UUID, uuid.UUID], tuple[EndpointSnapshot, list[HealthInput]]] = {}
    for each in finished:
        if each.delivery.origin != "test":
            _, theirs = tried.setdefault((each.delivery.agency_id, each.delivery.endpoint_id), (each.endpoint, []))
            theirs.append(HealthInput(each.outcome, each.outbound.event_id, each.step.status == "exhausted"))
    await record_health(session, tried)


async def end_unsent(
    sessions: Sessions, ended: Sequence[tuple[ClaimedDelivery, EndReason]]
) -> Sequence[tuple[ClaimedDelivery, EndReason]]:
    """End deliveries without an attempt, each with its reason. Returns those whose lease was valid."""
    ended = sorted(ended, key=lambda each: each[0].id)
    async with sessions.begin() as session:
        await _lock_orders(session, [row for row, _ in ended])
        held = await transitions.end_leased(session, ended)
        kept = [each for each in ended if each[0].lease in held]
        await _release_next(session, [row for row, _ in kept])
        await record_exhausted(session, [_ended(row, reason.status, reason) for row, reason in kept])
    return kept


async def _lock_orders(session: AsyncSession, over: Sequence[ClaimedDelivery]) -> None:
    await transitions.lock_orders(session, [(row.agency_id, row.endpoint_id) for row in over if row.ordered])


async def _release_next(session: AsyncSession, over: Sequence[ClaimedDelivery]) -> None:
    """Release the next delivery of each subject that waited for one of these."""
    subjects: dict[tuple[uuid.UUID, uuid.UUID], list[str]] = {}
    for row in over:
        if row.ordered:
            subjects.setdefault((row.agency_id, row.endpoint_id), []).append(row.subject_id)
    for (agency_id, endpoint_id), subject_ids in sorted(subjects.items()):
        await transitions.release_next_of(session, agency_id, endpoint_id, subject_ids)


def _ended(row: ClaimedDelivery, status: str, reason: str | None) -> EndedDelivery:
    return EndedDelivery(
        ids.text("agency", row.agency_id), ids.text("delivery", row.id), ids.text("endpoint", row.endpoint_id),
        ids.text("evt", row.event_id), row.event_type, row.origin, status, reason,
    )  # fmt: skip


_REQUEST: BulkColumns = {
    "id": Uuid(), "agency_id": Uuid(), "delivery_id": Uuid(), "endpoint_id": Uuid(), "token": Uuid(),
    "first_byte_ms": Integer(), "total_ms": Integer(), "due_in": Float(), "came": Integer(),
}  # fmt: skip
#: Outcomes of requests and the next steps. Many requests of a batch share one, so each is passed once; it contains
#: nothing that is specific to a request.
_CAME: BulkColumns = {
    "part": String(), "arrived": Boolean(), "code": String(), "explanation": String(), "status": Integer(),
    "headers": String(), "body": String(), "address": String(), "tls": String(), "dns_ms": Integer(),
    "connect_ms": Integer(), "number": Integer(), "delivery_status": String(), "reason": String(),
}  # fmt: skip
_EARLIER: BulkColumns = {**_REQUEST, "late": Boolean()}
_CAME_TO = f"""
    came AS MATERIALIZED (
      SELECT place, headers::jsonb AS headers, {", ".join(name for name in _CAME if name != "headers")}
      FROM {bulk_given("came", _CAME, place="place")}
    )"""  # noqa: S608 - names of ours
_LOGGED = [name for name in (*_REQUEST, *_CAME) if name not in ("token", "due_in", "came", "delivery_status", "reason")]
_LOG = f"INSERT INTO webhook_attempts ({', '.join(_LOGGED)}, late, worker) SELECT {', '.join(_LOGGED)}"

#: An attempt with a lost lease decides nothing and is stored as `late`. Returns the ids of the others.
_WRITE_ATTEMPTS = text(
    f"""
    WITH {_CAME_TO}, given AS MATERIALIZED (
      SELECT * FROM {bulk_given("given", _REQUEST)}
      WHERE NOT :only_well OR NOT EXISTS (
        SELECT FROM webhook_health h
        WHERE (h.agency_id, h.id) IN (SELECT * FROM unnest(:given_agency_id, :given_endpoint_id))
          AND {conditions.success_changes_health_sql("h")})
    ), moved AS (
      {transitions.RECORD_ATTEMPTS}
    ), logged AS (
      {_LOG}, id NOT IN (SELECT id FROM moved), :worker FROM given JOIN came ON came.place = given.came
    )
    SELECT EXISTS (SELECT FROM given), array_agg(id) FROM moved
    """  # noqa: S608 - names of ours
).bindparams(
    *bulk_parameters("given", _REQUEST),
    *bulk_parameters("came", _CAME),
    bindparam("only_well", type_=Boolean()),
)
_WRITE_ATTEMPTS_DIRECTLY = DriverStatement.of(_WRITE_ATTEMPTS)

#: The requests before the last one, if a destination sends several.
_ADD = text(
    f"""
    WITH {_CAME_TO}
    {_LOG}, late, :worker FROM {bulk_given("given", _EARLIER)}
    JOIN came ON came.place = given.came
    """
).bindparams(*bulk_parameters("given", _EARLIER), *bulk_parameters("came", _CAME))


async def write_attempts(to: Connected, finished: Sequence[AttemptResult], worker: str) -> set[Lease]:
    """Move the deliveries of these attempts on, by id, and log every request. Returns the leases that were lost."""
    given = _attempt_rows(finished, worker, only_well=False)
    [(_, moved)] = await to.execute(_WRITE_ATTEMPTS, given, execution_options=CROSS_TENANT)
    late = _late(finished, given, moved)
    await _add(to, finished, late, worker)
    return late


async def write_attempts_directly(driver: Any, finished: Sequence[AttemptResult], worker: str) -> set[Lease] | None:
    """`write_attempts` by the driver in its own transaction, for attempts of one request each.

    Returns None and writes nothing if one of the endpoints is not healthy.
    """
    given = _attempt_rows(finished, worker, only_well=True)
    [(written, moved)] = await _WRITE_ATTEMPTS_DIRECTLY.fetch(driver, given)
    return _late(finished, given, moved) if written else None


def _attempt_rows(finished: Sequence[AttemptResult], worker: str, *, only_well: bool) -> dict[str, Any]:
    places: dict[tuple[Any, ...], int] = {}
    given = []
    for each in finished:
        part, due_in = each.answers[-1][0] if each.answers else None, each.step.due_in
        seconds = None if due_in is None else due_in.total_seconds()
        given.append(_request_row(places, each, part, each.answer, each.outcome, seconds))
    return {
        **bulk_values("given", _REQUEST, given),
        **bulk_values("came", _CAME, list(places)),
        "worker": worker,
        "only_well": only_well,
    }


def _request_row(
    places: dict[tuple[Any, ...], int],
    attempt: AttemptResult,
    part: str | None,
    answer: HttpResult,
    outcome: AttemptOutcome,
    due_in: float | None,
) -> tuple[Any, ...]:
    """Row of a request; `places` collects the distinct outcomes of the batch."""
    row, step, timing = attempt.delivery, attempt.step, answer.timing
    came = (
        part, outcome.arrived, outcome.code, outcome.explanation, answer.status, _json(tuple(answer.headers.items())),
        answer.body, answer.address, answer.tls, timing.dns, timing.connect, row.attempt_count + 1, step.status,
        step.reason,
    )  # fmt: skip
    return (
        ids.raw(), row.agency_id, row.id, row.endpoint_id, row.token, timing.first_byte, timing.total, due_in,
        places.setdefault(came, len(places) + 1),
    )  # fmt: skip


def _late(
    finished: Sequence[AttemptResult], given: Mapping[str, Any], moved: Collection[uuid.UUID] | None
) -> set[Lease]:
    """Leases that were lost: of attempts that moved no delivery."""
    ours = set(moved or ())
    return {each.delivery.lease for each, key in zip(finished, given["given_id"], strict=True) if key not in ours}


async def _add(to: Connected, finished: Sequence[AttemptResult], late: set[Lease], worker: str) -> None:
    """Log the requests before the last one. Each has an outcome of its own."""
    places: dict[tuple[Any, ...], int] = {}
    given = []
    for each in finished:
        for part, answer in each.answers[:-1]:
            outcome = classify_response(answer.status, answer.error, answer.headers, each.outbound.now)
            row = _request_row(places, each, part, answer, outcome, None)
            given.append((*row, each.delivery.lease in late))
    if given:
        values = {**bulk_values("given", _EARLIER, given), **bulk_values("came", _CAME, list(places))}
        await to.execute(_ADD, {**values, "worker": worker}, execution_options=CROSS_TENANT)


@lru_cache(1024)
def _json(headers: tuple[tuple[str, str], ...]) -> str:
    """Headers as text, cached: a receiver usually returns the same ones."""
    return json.dumps(dict(headers))


def count_attempts(batch: Sequence[AttemptResult], late: Collection[Lease]) -> None:
    """Count written attempts; `late` are those whose lease was lost."""
    made: Counter[tuple[bool, int | None, str, int]] = Counter()
    ended: Counter[tuple[str, str | None]] = Counter()
    firsts, arrivals = list[float](), list[float]()
    for each in batch:
        row, outcome, step = each.delivery, each.outcome, each.step
        made[outcome.arrived, each.answer.status, outcome.code, row.attempt_count + 1] += 1
        after = max((each.outbound.now - row.happened_at).total_seconds(), 0.0)
        if row.is_first:
            firsts.append(after)
        if outcome.arrived and not row.replay:
            arrivals.append(after + each.answer.timing.total / 1000)
        if step.due_in is None and not (late and row.lease in late):
            ended[step.status, step.reason] += 1
    metrics.FIRST_ATTEMPT.observe(firsts)
    metrics.SUCCESS.observe(arrivals)
    timings = [each.answer.timing for each in batch]
    for phase, taken in (
        ("dns", [each.dns for each in timings]), ("connect", [each.connect for each in timings]),
        ("ttfb", [each.first_byte for each in timings]), ("total", [each.total for each in timings]),
    ):  # fmt: skip
        metrics.DURATION.observe([ms / 1000 for ms in taken if ms is not None], phase)
    for (arrived, status, code, number), n in made.items():
        metrics.attempts_made(arrived, status, code, number, n)
        if code == "blocked_address":
            metrics.BLOCKED.labels("connect").inc(n)
    for end, n in ended.items():
        metrics.delivery_ended(*end, n)
    if late:
        metrics.LATE_FINISH.inc(len(late))


def log_attempts(batch: Sequence[AttemptResult], late: Collection[Lease]) -> None:
    """Log a line for each attempt; unlike the stored attempt it may name the address."""
    logs.many("webhooks.attempt", [
        {
            "agency": each.endpoint.agency_id,
            "endpoint": each.endpoint.id,
            "delivery": each.outbound.delivery_id,
            "event_id": each.outbound.event_id,
            "number": each.delivery.attempt_count + 1,
            "code": each.outcome.code,
            "status": "late" if late and each.delivery.lease in late else each.step.status,
            "total_ms": sum([answer.timing.total for _, answer in each.answers]),
            "detail": each.answer.detail,
            "request_id": each.delivery.request_id,
        }
        for each in batch
    ])  # fmt: skip
