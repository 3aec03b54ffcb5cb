"""Transitions of a delivery: the only statements that write its status, due time, lease and place in an order.

| transition | from | to |
|---|---|---|
| create | | pending, with or without a lease; skipped if the endpoint is disabled |
| lease | pending, retrying | the same, leased by a worker |
| record attempts | leased | succeeded, retrying, exhausted |
| end | leased, or open and not leased | cancelled, exhausted, skipped |
| cancel | pending, retrying | cancelled |
| requeue | any end | pending |
| release | leased, or waiting in an order | the same, due |

Statements of the hot path are SQL text that becomes part of a larger statement. A transition that ends or requeues
deliveries of an ordered endpoint takes the lock of its order first. The sequence of locks is: order, deliveries, health
of the endpoint, endpoint. It prevents deadlocks.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CursorResult,
    String,
    Table,
    Uuid,
    case,
    func,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids, jobs
from app.kit.database import CROSS_TENANT, BulkColumns, Connected, bulk_table, bulk_values
from app.webhooks.deliveries import conditions
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.models import Delivery, Endpoint, EndpointHealth
from app.webhooks.policies import retry_policy
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.fair_share import SlotClass

#: Lease of a delivery: its id, and the token of the claim.
Lease = tuple[uuid.UUID, uuid.UUID]


class ClaimedDelivery(NamedTuple):
    """A leased delivery with its body and event; ids without their prefixes.

    `content` is None if retention dropped the body, empty if it was deleted. `request_id` belongs to the request that
    recorded the event, for the log.
    """

    token: uuid.UUID
    agency_id: uuid.UUID
    id: uuid.UUID
    endpoint_id: uuid.UUID
    event_id: uuid.UUID
    event_type: str
    subject_id: str
    origin: str
    slot_class: SlotClass
    ordered: bool
    replay: bool
    attempt_count: int
    attempts_since_requeue: int
    tries: int
    is_first: bool
    expires_at: datetime
    expired: bool
    lapsed: bool
    content: bytes | None
    happened_at: datetime
    request_id: str | None

    def __repr__(self) -> str:
        """Omits the content."""
        return f"ClaimedDelivery({self.id}, tries={self.tries})"

    @property
    def lease(self) -> Lease:
        """Its lease."""
        return self.id, self.token


class EndedDelivery(NamedTuple):
    """A delivery that ended without success."""

    agency_id: str
    id: str
    endpoint_id: str
    event_id: str
    event_type: str
    origin: str
    status: str
    reason: str | None


#: Maximum number of deliveries that one statement ends or defers.
BATCH = 500
#: Reason of a delivery whose endpoint the keyring cannot decrypt, and the delay until the next try.
KEY_MISSING = "key_missing"
KEY_REST = timedelta(minutes=1)

_TIMEOUTS = " ".join(f"WHEN '{each.name}' THEN {each.attempt_timeouts}" for each in CATALOG.values())
#: A lease exceeds the longest attempt at the endpoint `e` by this much, for recording the result.
LEASE_MARGIN_SECONDS = 10
LEASE_SECONDS = f"{LEASE_MARGIN_SECONDS} + e.timeout_ms / 1000.0 * CASE e.destination {_TIMEOUTS} END"

#: Create: of `pair` (id, body, recipient, token) with `body` (events and bodies) and `recipient` (endpoints). One
#: that has a `token` is leased from its beginning.
CREATE = """
    INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, origin,
      ordered, status, reason, body_id, body_created_at, expires_at, due_at, lease_token, lease_until, tries)
    SELECT body.agency_id, pair.id, recipient.endpoint_id, body.event_id, body.event_type, body.subject_id,
      body.sequence, :origin, recipient.ordered, recipient.status, recipient.reason, body.body_id, :created_at,
      body.occurred_at + make_interval(secs => recipient.lasts), CASE recipient.status WHEN 'pending' THEN now() END,
      pair.token, CASE WHEN pair.token IS NOT NULL THEN now() + make_interval(secs => recipient.lease) END,
      (pair.token IS NOT NULL)::integer
    FROM pair JOIN body ON body.place = pair.body JOIN recipient ON recipient.place = pair.recipient
    ON CONFLICT DO NOTHING
    RETURNING id
    """

#: Lease: `number` deliveries of each `queue` (agency_id, endpoint_id, slot_class, number), the longest due first.
LEASE = f"""
    UPDATE webhook_deliveries d
    SET lease_until = now() + make_interval(secs => chosen.seconds), lease_token = :token, tries = d.tries + 1
    FROM (
      SELECT due.agency_id, due.id, {LEASE_SECONDS} AS seconds, due.lapsed
      FROM queue
      JOIN webhook_endpoints e ON e.agency_id = queue.agency_id AND e.id = queue.endpoint_id
      CROSS JOIN LATERAL (
        SELECT x.agency_id, x.id, x.lease_token IS NOT NULL AS lapsed FROM webhook_deliveries x
        WHERE x.agency_id = queue.agency_id AND x.endpoint_id = queue.endpoint_id AND x.slot_class = queue.slot_class
          AND {conditions.is_due_sql("x")} AND {conditions.is_next_sql("x")}
        ORDER BY x.due_at LIMIT queue.number FOR UPDATE SKIP LOCKED
      ) due
    ) chosen
    WHERE d.agency_id = chosen.agency_id AND d.id = chosen.id
    RETURNING d.agency_id, d.id, d.endpoint_id, d.event_id, d.event_type, d.subject_id, d.origin, d.slot_class,
      d.ordered, d.replay_id IS NOT NULL AS replay, d.body_id, d.body_created_at, d.attempt_count,
      d.attempts_since_requeue, d.tries, d.first_attempt_at IS NULL AS is_first, d.expires_at,
      d.expires_at < now() AS expired, chosen.lapsed
    """  # noqa: S608 - names of ours

#: Record attempts: of `given` (agency_id, delivery_id, id, token, due_in, came) with `came` (outcomes and next steps:
#: succeed, retry later, exhaust). An attempt with a lost lease changes nothing.
RECORD_ATTEMPTS = """
    UPDATE webhook_deliveries d
    SET status = came.delivery_status, reason = came.reason, slot_class = 'retry',
      due_at = now() + make_interval(secs => given.due_in), attempt_count = d.attempt_count + 1,
      attempts_since_requeue = d.attempts_since_requeue + 1, last_code = came.code,
      first_attempt_at = COALESCE(d.first_attempt_at, now()), last_attempt_at = now(),
      lease_until = NULL, lease_token = NULL, tries = 0
    FROM given JOIN came ON came.place = given.came
    WHERE d.agency_id = given.agency_id AND d.id = given.delivery_id AND d.lease_token = given.token
    RETURNING given.id
    """

_NO_LEASE: dict[str, Any] = {"lease_until": None, "lease_token": None}
_OVER: dict[str, Any] = {"due_at": None, **_NO_LEASE}
_table = cast(Table, Delivery.__table__)
_health = cast(Table, EndpointHealth.__table__).c

_ENDED: BulkColumns = {
    "agency_id": Uuid(), "id": Uuid(), "token": Uuid(), "status": String(), "reason": String(),
}  # fmt: skip
_ended = bulk_table("given", _ENDED)
_END_LEASED = (
    update(_table)
    .where(
        _table.c.agency_id == _ended.c.agency_id, _table.c.id == _ended.c.id, _table.c.lease_token == _ended.c.token
    )
    .values(status=_ended.c.status, reason=_ended.c.reason, tries=0, **_OVER)
    .returning(_ended.c.id, _ended.c.token)
    .execution_options(**CROSS_TENANT)
)  # fmt: skip

_DISABLED, _DELETED = EndReason.ENDPOINT_DISABLED, EndReason.ENDPOINT_DELETED
_END_UNSENDABLE = text(
    f"""
    UPDATE webhook_deliveries d
    SET status = CASE WHEN e.deleted_at IS NULL THEN '{_DISABLED.status}' ELSE '{_DELETED.status}' END,
      reason = CASE WHEN e.deleted_at IS NULL THEN '{_DISABLED}' ELSE '{_DELETED}' END,
      due_at = NULL, lease_until = NULL, lease_token = NULL
    FROM webhook_endpoints e
    WHERE e.agency_id = :agency_id AND e.id = :endpoint_id AND NOT {conditions.is_sendable_sql("e")}
      AND d.agency_id = e.agency_id AND d.id IN (
      SELECT x.id FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND {conditions.is_open_sql("x")}
        AND {conditions.is_unleased_sql("x")}
      ORDER BY x.id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
    """  # noqa: S608 - names of ours
)

_ASIDE: BulkColumns = {"agency_id": Uuid(), "id": Uuid(), "at_once": Boolean()}
_aside = bulk_table("stubborn", _ASIDE)
#: `failing_since` is the first failure since the endpoint last accepted something.
_STEP_ASIDE = (
    update(_table)
    .where(
        _table.c.agency_id == _aside.c.agency_id, _table.c.id == _aside.c.id,
        _health.agency_id == _table.c.agency_id, _health.id == _table.c.endpoint_id,
        or_(_aside.c.at_once, _health.failing_since.is_(None), _health.failing_since > _table.c.first_attempt_at),
    )
    .values(ordered=False)
    .execution_options(**CROSS_TENANT)
)  # fmt: skip

_DEFER = text(
    f"""
    UPDATE webhook_deliveries d SET due_at = NULL, reason = 'ordering'
    FROM (
      SELECT x.agency_id, x.id FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.ordered
        AND {conditions.is_due_sql("x")} AND {conditions.has_earlier_sql("x")}
      ORDER BY x.due_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED
    ) late
    WHERE d.agency_id = late.agency_id AND d.id = late.id
    """  # noqa: S608 - names of ours
)
_RELEASE_NEXT = text(
    f"""
    UPDATE webhook_deliveries d SET due_at = now(), reason = NULL
    FROM (
      SELECT DISTINCT ON (x.subject_id) x.agency_id, x.id, x.due_at FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.subject_id = ANY(:subject_ids)
        AND x.ordered AND {conditions.is_open_sql("x")}
      ORDER BY x.subject_id, x.sequence
    ) following
    WHERE d.agency_id = following.agency_id AND d.id = following.id AND d.due_at IS NULL
    """  # noqa: S608 - names of ours
)


async def cancel(
    session: AsyncSession, agency_id: str, endpoint_id: str, *which: ColumnElement[bool], reason: EndReason
) -> None:
    """Cancel open deliveries of an endpoint, also leased ones, and release the next of their subjects."""
    cancelled = await session.execute(
        update(Delivery)
        .where(Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint_id, conditions.is_open(), *which)
        .values(status=reason.status, reason=reason, **_OVER)
        .returning(Delivery.subject_id, Delivery.ordered)
        .execution_options(synchronize_session=False)
    )
    if subjects := {row.subject_id for row in cancelled if row.ordered}:
        await release_next(session, agency_id, endpoint_id, subjects)


async def end_leased(session: AsyncSession, ended: Sequence[tuple[ClaimedDelivery, EndReason]]) -> set[Lease]:
    """End deliveries without an attempt, each with its reason. Returns the leases that were still valid."""
    rows = [(row.agency_id, row.id, row.token, reason.status, reason) for row, reason in ended]
    given = bulk_values("given", _ENDED, rows)
    return {(row[0], row[1]) for row in await session.execute(_END_LEASED, given)}


async def end_unleased(
    session: AsyncSession, found: Any, reason: EndReason, *where: ColumnElement[bool]
) -> Sequence[EndedDelivery]:
    """End those of the deliveries found (agency_id, id) that are not leased, and release the next ones."""
    ended = (
        update(Delivery)
        .where(tuple_(Delivery.agency_id, Delivery.id).in_(found.cte("found").select()), conditions.is_open())
        .where(conditions.is_unleased(), *where)
        .values(status=reason.status, reason=reason, **_OVER)
        .returning(
            Delivery.agency_id, Delivery.id, Delivery.endpoint_id, Delivery.event_id, Delivery.event_type,
            Delivery.origin, Delivery.subject_id, Delivery.ordered, Delivery.status, Delivery.reason,
        )
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )  # fmt: skip
    rows = (await session.execute(ended)).all()
    subjects = {(row.agency_id, row.endpoint_id, row.subject_id) for row in rows if row.ordered}
    if subjects:
        theirs = tuple_(Delivery.agency_id, Delivery.endpoint_id, Delivery.subject_id).in_(sorted(subjects))
        await release_waiting(session, theirs, limit=len(subjects))
    return [EndedDelivery(*(getattr(row, name) for name in EndedDelivery._fields)) for row in rows]


async def end_unsendable(connection: Connected, agency_id: uuid.UUID, endpoint_id: uuid.UUID) -> None:
    """End a batch of open deliveries of an endpoint that is disabled (skipped) or deleted (cancelled)."""
    given = {"agency_id": agency_id, "endpoint_id": endpoint_id}
    await connection.execute(_END_UNSENDABLE, given, execution_options=CROSS_TENANT)


async def requeue(
    session: AsyncSession, agency_id: str, endpoint: Endpoint, delivery_ids: Collection[str], *, replay_id: str | None
) -> None:
    """Make these locked deliveries pending again, with all attempts of the retry policy.

    In an ordered endpoint they wait for their turn, and later deliveries of their subjects wait for them.
    """
    ordered = endpoint.ordering == "by_subject"
    await lock_order(session, agency_id, endpoint.id)
    queued = (
        update(Delivery)
        .where(Delivery.agency_id == agency_id, Delivery.id.in_(sorted(delivery_ids)))
        .values(
            status="pending",
            slot_class="retry",
            ordered=ordered,
            reason="ordering" if ordered else None,
            due_at=None if ordered else func.now(),
            tries=0,
            attempts_since_requeue=0,
            expires_at=func.now() + retry_policy.age_limit(endpoint.retry_policy),
            replay_id=replay_id,
            **_NO_LEASE,
        )
        .returning(Delivery.subject_id)
        .execution_options(synchronize_session=False)
    )
    subjects = set(await session.scalars(queued))
    if ordered and subjects:
        await _defer_later(session, agency_id, endpoint.id, subjects)
        await release_next(session, agency_id, endpoint.id, subjects)


async def release(session: AsyncSession, row: ClaimedDelivery) -> None:
    """Return a delivery that an internal error prevented from being attempted; its tries are counted."""
    await session.execute(
        update(Delivery)
        .where(type_coerce(Delivery.id, Uuid()) == row.id, Delivery.lease_token == row.token)
        .values(due_at=func.now() + jobs.backoff(row.tries), **_NO_LEASE)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def release_without_key(session: AsyncSession, rows: Sequence[ClaimedDelivery]) -> None:
    """Return deliveries of an endpoint that the keyring cannot decrypt, to wait for the key; no try is counted."""
    held = tuple_(type_coerce(Delivery.id, Uuid()), Delivery.lease_token).in_([(row.id, row.token) for row in rows])
    await session.execute(
        update(Delivery)
        .where(held)
        .values(due_at=func.now() + KEY_REST, tries=Delivery.tries - 1, reason=KEY_MISSING, **_NO_LEASE)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def revoke_leases(session: AsyncSession, *where: ColumnElement[bool]) -> int:
    """Revoke the leases of open deliveries: an attempt in flight ends late. Returns their number."""
    revoked = update(Delivery).where(conditions.is_open(), *where).values(**_NO_LEASE)
    return await _execute(session, revoked)


async def release_waiting(session: AsyncSession, *where: ColumnElement[bool], limit: int) -> int:
    """Make open deliveries due that have no due time and wait for no earlier one. Returns their number."""
    waits = Delivery.due_at.is_(None), conditions.is_open()
    found = select(Delivery.agency_id, Delivery.id).where(*waits, conditions.waits_for_nothing(), *where)
    freed = update(Delivery).values(due_at=func.now(), reason=None, **_NO_LEASE)
    return await _execute(session, freed.where(among(found, limit), *waits))


async def release_all(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    """End the order of an endpoint: no delivery waits for its turn."""
    waits = Delivery.due_at.is_(None)
    await session.execute(
        update(Delivery)
        .where(
            Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint_id, conditions.is_open(),
            Delivery.ordered,
        )
        .values(
            ordered=False,
            due_at=func.coalesce(Delivery.due_at, func.now()),
            reason=case((waits, None), else_=Delivery.reason),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


async def step_aside(session: AsyncSession, stubborn: Sequence[tuple[uuid.UUID, uuid.UUID, bool]]) -> None:
    """Let later deliveries of their subjects pass these (agency, id, at once): they are retried without order.

    Unless `at_once`, only if the endpoint accepted another delivery since their first attempt.
    """
    if stubborn:
        await session.execute(_STEP_ASIDE, bulk_values("stubborn", _ASIDE, stubborn))


async def defer(session: Connected, endpoints: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Clear the due time of deliveries that must wait in the order of these (agency, endpoint).

    The locks of the orders are held until the transaction ends.
    """
    chosen = sorted(set(endpoints))
    await lock_orders(session, chosen)
    for agency_id, endpoint_id in chosen:
        given = {"agency_id": agency_id, "endpoint_id": endpoint_id}
        await session.execute(_DEFER, given, execution_options=CROSS_TENANT)


async def lock_order(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    """Lock the order of an endpoint until the transaction ends, before its deliveries are changed."""
    await lock_orders(session, [(ids.parse("agency", agency_id), ids.parse("endpoint", endpoint_id))])


async def lock_orders(session: Connected, endpoints: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Lock the orders of several (agency, endpoint), in a fixed sequence."""
    for _, endpoint_id in sorted(set(endpoints)):
        key = func.hashtextextended(f"webhooks order {endpoint_id}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def release_next(session: AsyncSession, agency_id: str, endpoint_id: str, subject_ids: Collection[str]) -> None:
    """Make the next delivery of each subject due after the previous one ended. Needs the lock of the order."""
    await release_next_of(session, ids.parse("agency", agency_id), ids.parse("endpoint", endpoint_id), subject_ids)


async def release_next_of(
    session: AsyncSession, agency_id: uuid.UUID, endpoint_id: uuid.UUID, subject_ids: Collection[str]
) -> None:
    """`release_next` by raw ids."""
    given = {"agency_id": agency_id, "endpoint_id": endpoint_id, "subject_ids": sorted(set(subject_ids))}
    await session.execute(_RELEASE_NEXT, given, execution_options=CROSS_TENANT)


def among(found: Any, limit: int) -> ColumnElement[bool]:
    """Condition: among the deliveries found (agency_id, id), up to `limit`, without locked ones."""
    locked = found.limit(limit).with_for_update(skip_locked=True, of=found.columns_clause_froms[0]).cte("found")
    return tuple_(Delivery.agency_id, Delivery.id).in_(locked.select())


async def _defer_later(session: AsyncSession, agency_id: str, endpoint_id: str, subjects: Collection[str]) -> None:
    """Let later deliveries of a subject wait for the earlier one that is open again."""
    await session.execute(
        update(Delivery)
        .where(
            Delivery.agency_id == agency_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.subject_id.in_(sorted(subjects)),
            Delivery.ordered,
            conditions.is_open(),
            Delivery.due_at.is_not(None),
            ~conditions.is_in_flight(),
            conditions.has_earlier(),
        )
        .values(due_at=None, reason="ordering")
        .execution_options(synchronize_session=False)
    )


async def _execute(session: AsyncSession, statement: Any) -> int:
    options = {"synchronize_session": False, **CROSS_TENANT}
    return cast(CursorResult[Any], await session.execute(statement.execution_options(**options))).rowcount
