"""Results of attempts: recorded a batch at a time with the health of their endpoints, counted and logged."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
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
from app.kit.egress.result import HttpResult, Timing
from app.kit.ids import raw
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.service import record_exhausted
from app.webhooks.deliveries.transitions import ClaimedDelivery, EndedDelivery, Lease
from app.webhooks.dispatcher.endpoint_health import record_health
from app.webhooks.dispatcher.http_attempt import DeliveryUpdate, since_event
from app.webhooks.dispatcher.scheduler import Slots
from app.webhooks.models import TERMINAL
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.response_classifier import classify_response

lines = structlog.get_logger(__name__)

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


class ResultWriter:
    """Writer of attempt results of one worker. Calls `written` after each batch."""

    def __init__(
        self, tools: WebhookContext, slots: Slots, written: Callable[[Sequence[DeliveryUpdate]], None]
    ) -> None:
        self._tools = tools
        self._slots = slots
        self._written = written
        self._done: asyncio.Queue[DeliveryUpdate] = asyncio.Queue()
        self._batching = asyncio.Lock()

    def put(self, one: DeliveryUpdate) -> None:
        """Queue an attempt that has ended."""
        self._done.put_nowait(one)

    async def serve(self) -> None:
        """Write batches one by one; WRITERS of these run at once."""
        line = KeptConnection(self._tools.sessions)
        try:
            while True:
                async with self._batching:
                    self.put(await self._done.get())
                    if not self._is_loaded():
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
        return not self._is_loaded() or self._done.qsize() >= self._slots.number * WRITE_AT

    def _is_loaded(self) -> bool:
        return self._slots.held >= self._slots.number * LOAD

    def _take(self) -> list[DeliveryUpdate]:
        return [self._done.get_nowait() for _ in range(min(self._done.qsize(), BATCH))]

    async def _write(self, batch: Sequence[DeliveryUpdate], line: KeptConnection) -> None:
        """Write a batch as soon as the database accepts it; if that fails, its attempts one by one."""
        late: set[Lease] = set()
        for turn in range(TURNS):
            try:
                late = await write(self._tools.sessions, batch, worker=self._tools.worker, line=line)
                break
            except Exception:
                lines.exception("webhooks.not_written", number=len(batch), turn=turn)
            await self._until_database_answers()
            if len(batch) > 1:
                for each in batch:
                    await self._write([each], line)
                return
        for each in batch:  # a delivery without a result is sent again after its lease expires
            self._slots.forget(each.delivery)
        self._written(batch)
        self._say(batch, late)

    def _say(self, batch: Sequence[DeliveryUpdate], late: set[Lease]) -> None:
        """Count and log. An error here has no effect on deliveries."""
        try:
            self._tools.pulse.attempt()
            metrics.in_flight(self._slots.in_flight)
            count_attempts(batch, late)
            log_attempts(batch, late)
        except Exception:
            lines.exception("webhooks.not_counted")

    async def _until_database_answers(self) -> None:
        """Wait until the database responds; results are kept meanwhile."""
        while True:
            await asyncio.sleep(0.5)
            try:
                async with self._tools.sessions() as session:
                    await session.execute(select(1))
            except Exception:
                lines.warning("webhooks.database_away", kept=self._slots.held)
            else:
                return


async def wait_for_batch(enough: Callable[[], bool]) -> None:
    """Wait shortly until a batch is large enough."""
    latest = time.monotonic() + PATIENCE_SECONDS
    while not enough() and time.monotonic() < latest:  # noqa: ASYNC110 - several things bring it about
        await asyncio.sleep(STEP_SECONDS)


async def write(
    sessions: Sessions, finished: Sequence[DeliveryUpdate], *, worker: str, line: KeptConnection | None = None
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
        await _lock_orders(session, [each.delivery for each in finished if each.over or each.step.aside != "never"])
        late = await write_attempts(session, finished, worker)
        kept = [each for each in finished if each.delivery.lease not in late] if late else finished
        stubborn = [each for each in kept if each.delivery.ordered and each.step.aside != "never"]
        await transitions.step_aside(
            session, [(each.delivery.agency_id, each.delivery.id, each.step.aside == "now") for each in stubborn]
        )
        await _release_next(session, [each.delivery for each in kept if each.over or each.step.aside != "never"])
        exhausted = [each for each in kept if each.step.status == "exhausted"]
        await record_exhausted(
            session, [_ended(each.delivery, each.step.status, each.step.reason) for each in exhausted]
        )
        await record_health(session, kept)
    return late


def _plain(each: DeliveryUpdate) -> bool:
    """True if nothing but its own end follows, provided that its endpoint is healthy."""
    return each.attempted.outcome.arrived and not each.delivery.ordered and len(each.attempted.answers) < 2


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


async def release(sessions: Sessions, row: ClaimedDelivery) -> None:
    """Return a delivery that an internal error prevented from being attempted."""
    async with sessions.begin() as session:
        await transitions.release(session, row)


async def wait_for_key(sessions: Sessions, rows: Sequence[ClaimedDelivery]) -> None:
    """Return deliveries whose endpoint the keyring cannot decrypt."""
    async with sessions.begin() as session:
        await transitions.release_without_key(session, rows)


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


async def write_attempts(to: Connected, finished: Sequence[DeliveryUpdate], worker: str) -> set[Lease]:
    """Move the deliveries of these attempts on, by id, and log every request. Returns the leases that were lost."""
    given = _attempt_rows(finished, worker, only_well=False)
    [(_, moved)] = await to.execute(_WRITE_ATTEMPTS, given, execution_options=CROSS_TENANT)
    late = _late(finished, given, moved)
    await _add(to, finished, late, worker)
    return late


async def write_attempts_directly(driver: Any, finished: Sequence[DeliveryUpdate], worker: str) -> set[Lease] | None:
    """`write_attempts` by the driver in its own transaction, for attempts of one request each.

    Returns None and writes nothing if one of the endpoints is not healthy.
    """
    given = _attempt_rows(finished, worker, only_well=True)
    [(written, moved)] = await _WRITE_ATTEMPTS_DIRECTLY.fetch(driver, given)
    return _late(finished, given, moved) if written else None


def _attempt_rows(finished: Sequence[DeliveryUpdate], worker: str, *, only_well: bool) -> dict[str, Any]:
    came = _Outcomes()
    given = [came.request(each, _part(each), each.attempted.answer, _due_in(each)) for each in finished]
    return {
        **bulk_values("given", _REQUEST, given),
        **came.values(),
        "worker": worker,
        "only_well": only_well,
    }


def _late(
    finished: Sequence[DeliveryUpdate], given: Mapping[str, Any], moved: Collection[uuid.UUID] | None
) -> set[Lease]:
    ours = set(moved or ())
    return {each.delivery.lease for each, key in zip(finished, given["given_id"], strict=True) if key not in ours}


async def _add(to: Connected, finished: Sequence[DeliveryUpdate], late: set[Lease], worker: str) -> None:
    came = _Outcomes()
    given = [
        (*came.request(each, part, answer, None), each.delivery.lease in late)
        for each in finished
        if len(each.attempted.answers) > 1
        for part, answer in each.attempted.answers[:-1]
    ]
    if given:
        values = {**bulk_values("given", _EARLIER, given), **came.values(), "worker": worker}
        await to.execute(_ADD, values, execution_options=CROSS_TENANT)


def _part(each: DeliveryUpdate) -> str | None:
    answers = each.attempted.answers
    return answers[-1][0] if answers else None


def _due_in(each: DeliveryUpdate) -> float | None:
    return None if each.step.due_in is None else each.step.due_in.total_seconds()


class _Outcomes:
    """Distinct outcomes of the requests of a batch."""

    def __init__(self) -> None:
        self._places: dict[tuple[Any, ...], int] = {}

    def values(self) -> dict[str, list[Any]]:
        """Parameters of a statement."""
        return bulk_values("came", _CAME, list(self._places))

    def request(
        self, each: DeliveryUpdate, part: str | None, answer: HttpResult, due_in: float | None
    ) -> tuple[Any, ...]:
        """Row of a request. The last request has the outcome of the attempt; each earlier one has its own."""
        attempted, step = each.attempted, each.step
        row, timing, outcome = attempted.delivery, answer.timing, attempted.outcome
        if answer is not attempted.answer:
            outcome = classify_response(answer.status, answer.error, answer.headers, attempted.began)
        came = (
            part, outcome.arrived, outcome.code, outcome.explanation, answer.status,
            _json(tuple(answer.headers.items())), answer.body, answer.address, answer.tls, timing.dns, timing.connect,
            row.attempt_count + 1, step.status, step.reason,
        )  # fmt: skip
        return (
            raw(), row.agency_id, row.id, row.endpoint_id, row.token, timing.first_byte, timing.total, due_in,
            self._places.setdefault(came, len(self._places) + 1),
        )  # fmt: skip


@lru_cache(1024)
def _json(headers: tuple[tuple[str, str], ...]) -> str:
    """Headers as text, cached: a receiver usually returns the same ones."""
    return json.dumps(dict(headers))


def count_attempts(batch: Sequence[DeliveryUpdate], late: Collection[Lease]) -> None:
    """Count written attempts; `late` are those whose lease was lost."""
    made: Counter[tuple[bool, int | None, str, int]] = Counter()
    ended: Counter[tuple[str, str | None]] = Counter()
    firsts, arrivals = list[float](), list[float]()
    for attempt, step in batch:
        row, outcome, answer = attempt.delivery, attempt.outcome, attempt.answer
        made[outcome.arrived, answer.status, outcome.code, row.attempt_count] += 1
        after = since_event(row, attempt.began)
        if row.is_first:
            firsts.append(after)
        if outcome.arrived and not row.replay:
            arrivals.append(after + answer.timing.total / 1000)
        if step.status in TERMINAL and not (late and row.lease in late):
            ended[step.status, step.reason] += 1
    metrics.first_attempts(firsts)
    metrics.succeeded(arrivals)
    _count_durations([each.attempted.answer.timing for each in batch])
    for (arrived, status, code, before), n in made.items():
        kind = metrics.code_class(status, code)
        metrics.attempts_made("success" if arrived else "failure", kind, metrics.attempt_bucket(before + 1), n)
        if code == "blocked_address":
            metrics.ssrf_blocked("connect", n)
    for end, n in ended.items():
        metrics.delivery_ended(*end, n)
    if late:
        metrics.late_finish(len(late))


def _count_durations(timings: Sequence[Timing]) -> None:
    metrics.attempts_took("dns", [each.dns for each in timings if each.dns is not None])
    metrics.attempts_took("connect", [each.connect for each in timings if each.connect is not None])
    metrics.attempts_took("ttfb", [each.first_byte for each in timings if each.first_byte is not None])
    metrics.attempts_took("total", [each.total for each in timings])


def log_attempts(batch: Sequence[DeliveryUpdate], late: Collection[Lease]) -> None:
    """Log a line for each attempt; unlike the stored attempt it may name the address."""
    logs.many("webhooks.attempt", (_log_line(each, late) for each in batch))


def _log_line(each: DeliveryUpdate, late: Collection[Lease]) -> dict[str, Any]:
    row, attempt = each.delivery, each.attempted
    return {
        "agency": attempt.endpoint.agency_id,
        "endpoint": attempt.outbound.endpoint_id,
        "delivery": attempt.outbound.delivery_id,
        "event_id": attempt.outbound.event_id,
        "number": row.attempt_count + 1,
        "code": attempt.outcome.code,
        "status": "late" if late and row.lease in late else each.step.status,
        "total_ms": sum([answer.timing.total for _, answer in attempt.answers]),
        "detail": attempt.answer.detail,
        "request_id": row.request_id,
    }
