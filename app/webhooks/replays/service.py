"""Replays: their selection of events, preview, start, cancellation and progress, and activation of an endpoint."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, func, literal, not_, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events import queries as events
from app.events.change_feed import BEFORE_ALL
from app.events.models import Event, OutboxEntry
from app.events.queries import EventFilter
from app.events.recorder import record
from app.events.schema import ReplayData, ReplayReasonData
from app.kit import ids
from app.kit.actor import Actor, actor_columns
from app.kit.errors import AppError, InvalidInput, NotFound
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.creation import BODY_DELETED
from app.webhooks.deliveries.service import EndpointDisabled
from app.webhooks.endpoints import lifecycle
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints.service import unknown_type
from app.webhooks.models import OPEN, TERMINAL, Delivery, Endpoint, EndpointHealth, Replay, ReplaySelect
from app.webhooks.policies import event_filter
from app.webhooks.policies.end_reason import EndReason

RUNNING_AT_MOST = 2
EVENTS_AT_MOST = 1_000_000
LONGEST = timedelta(days=30)
#: Reasons of cancelled deliveries that count as failed, because no person cancelled them.
GIVEN_UP = (EndReason.EXPIRED, EndReason.BODY_EXPIRED, EndReason.REPLAY_CANCELLED)


class TooManyReplays(AppError):
    """The agency has reached the limit of running replays."""

    status = 409
    code = "too_many_replays"
    detail = f"There are already {RUNNING_AT_MOST} running replays."
    hint = "Wait until one has ended, or cancel one."


class ReplayTooLarge(AppError):
    """The selection exceeds the limit of one replay."""

    status = 409
    code = "replay_too_large"
    detail = f"The selection has more than {EVENTS_AT_MOST:,} events."
    hint = "Select a shorter time span, event types or subjects."


class ReplayEnded(AppError):
    """The replay has ended and cannot be cancelled."""

    status = 409
    code = "replay_ended"
    detail = "This replay has already ended."


class NotVerified(AppError):
    """The endpoint has not answered its challenge."""

    status = 409
    code = "endpoint_not_verified"
    detail = "This endpoint has not answered its challenge yet."
    hint = "POST /api/v1/webhooks/endpoints/{id}/verification sends another one."


@dataclass(frozen=True)
class Selection:
    """Selection of events. No types: all of the endpoint; no subjects: all. `until` is excluded."""

    selected: ReplaySelect
    since: datetime
    until: datetime
    event_types: Sequence[str] = ()
    subject_ids: Sequence[str] = ()


@dataclass(frozen=True)
class ReplayMatches:
    """Number of matches (at most the limit and one), position of the first in the feed, and sample ids."""

    matched: int
    first_transaction: int
    sample: list[str]


@dataclass(frozen=True)
class ReplayProgress:
    """Results of the deliveries that a replay queued, without those that were requeued since."""

    delivered: int = 0
    failed: int = 0
    pending: int = 0


async def preview(session: AsyncSession, agency_id: str, endpoint_id: str, selection: Selection) -> ReplayMatches:
    """Preview of a replay; writes nothing. Raises NotFound, EventTypeUnknown, InvalidInput and ReplayTooLarge."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    return await _find_allowed(session, endpoint, selection)


async def start(
    session: AsyncSession, agency_id: str, endpoint_id: str, selection: Selection, *, rate_per_second: int, actor: Actor
) -> Replay:
    """Start a replay that queues deliveries at this rate.

    Raises NotFound, EventTypeUnknown, InvalidInput, EndpointDisabled, TooManyReplays and ReplayTooLarge.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    if endpoint.status != "active":
        raise EndpointDisabled
    # concurrent requests are counted one after the other
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"replays {agency_id}", 0))))
    if await running(session, agency_id) >= RUNNING_AT_MOST:
        raise TooManyReplays
    found = await _find_allowed(session, endpoint, selection)
    replay = Replay(
        agency_id=agency_id, id=ids.new("replay"), endpoint_id=endpoint.id, selected=selection.selected,
        since=selection.since, until=selection.until, event_types=list(selection.event_types),
        subject_ids=list(selection.subject_ids), rate_per_second=rate_per_second, matched=found.matched,
        last_transaction_id=found.first_transaction, last_event_id=BEFORE_ALL, due_at=func.now(),
        **actor_columns(actor),
    )  # fmt: skip
    session.add(replay)
    await session.flush()
    await session.refresh(replay)
    data = ReplayReasonData(endpoint_id=endpoint.id, replay_id=replay.id, reason=selection.selected)
    await record(
        session, catalog.REPLAY_STARTED, agency_id=agency_id, subject_id=replay.id, actor=actor, data=data
    )  # fmt: skip
    return replay


async def cancel(session: AsyncSession, agency_id: str, replay_id: str, *, actor: Actor) -> Replay:
    """End a replay, and its queued deliveries that are not in flight. Raises NotFound and ReplayEnded."""
    await find(session, agency_id, replay_id)
    ended = await session.scalar(
        update(Replay)
        .where(Replay.agency_id == agency_id, Replay.id == replay_id, Replay.status == "running")
        .values(status="cancelled", ended_at=func.now(), due_at=None, lease_until=None, lease_token=None)
        .returning(Replay.endpoint_id)
        .execution_options(synchronize_session=False)
    )
    if ended is None:
        raise ReplayEnded
    await transitions.lock_order(session, agency_id, ended)
    queued = Delivery.replay_id == replay_id, ~conditions.is_in_flight()
    await transitions.cancel(session, agency_id, ended, *queued, reason=EndReason.REPLAY_CANCELLED)
    data = ReplayData(endpoint_id=ended, replay_id=replay_id)
    await record(
        session, catalog.REPLAY_CANCELLED, agency_id=agency_id, subject_id=replay_id, actor=actor, data=data
    )  # fmt: skip
    return await find(session, agency_id, replay_id)


async def activate(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    selection: Selection | None,
    *,
    rate_per_second: int,
    actor: Actor,
) -> tuple[Endpoint, Replay | None]:
    """Enable an endpoint, which starts with one probe, and with a selection start its replay.

    Raises NotFound, NotVerified and what `start` raises.
    """
    if (await endpoints.find(session, agency_id, endpoint_id)).status == "pending_verification":
        raise NotVerified
    endpoint = await lifecycle.enable(session, agency_id, endpoint_id, actor=actor)
    await session.flush()
    if selection is None:
        return endpoint, None
    replay = await start(
        session, agency_id, endpoint_id, selection, rate_per_second=rate_per_second, actor=actor
    )  # fmt: skip
    return endpoint, replay


async def trouble_since(session: AsyncSession, agency_id: str, endpoint_id: str, now: datetime) -> datetime:
    """Time since which an endpoint misses events, because it fails or is disabled.

    At most 30 days before now; also 30 days if nothing is known.

    Raises NotFound.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    health = EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint.id
    failing = await session.scalar(select(EndpointHealth.failing_since).where(*health))
    disabled = await session.scalar(
        select(Event.occurred_at)
        .where(
            Event.agency_id == agency_id,
            Event.subject_id == endpoint.id,
            Event.type == catalog.ENDPOINT_DISABLED.name,
        )
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    longest_ago = now - LONGEST
    return max(min(filter(None, (failing, disabled)), default=longest_ago), longest_ago)


async def _find_allowed(session: AsyncSession, endpoint: Endpoint, selection: Selection) -> ReplayMatches:
    if not selection.since < selection.until:
        raise InvalidInput(fields={"until": "Must be after `since`."})
    if selection.until - selection.since > LONGEST:
        raise InvalidInput(fields={"since": f"A replay spans at most {LONGEST.days} days."})
    found = await find_matches(session, endpoint, selection, most=EVENTS_AT_MOST)
    if found.matched > EVENTS_AT_MOST:
        raise ReplayTooLarge
    return found


async def find(session: AsyncSession, agency_id: str, replay_id: str) -> Replay:
    """One replay. Raises NotFound."""
    query = select(Replay).where(Replay.agency_id == agency_id, Replay.id == replay_id)
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None, endpoint_id: str | None = None
) -> Sequence[Replay]:
    """Replays, newest first; `before` is the id of the last one seen."""
    query = select(Replay).where(Replay.agency_id == agency_id)
    if endpoint_id is not None:
        query = query.where(Replay.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(Replay.id < before)
    return (await session.scalars(query.order_by(Replay.id.desc()).limit(limit))).all()


async def running(session: AsyncSession, agency_id: str) -> int:
    """Number of running replays."""
    query = select(func.count()).where(Replay.agency_id == agency_id, Replay.status == "running")
    return (await session.execute(query)).scalar_one()


async def progress(session: AsyncSession, agency_id: str, replay_ids: Collection[str]) -> dict[str, ReplayProgress]:
    """Progress by replay; without those that queued nothing."""
    delivered = func.count().filter(Delivery.status == "succeeded")
    pending = func.count().filter(Delivery.status.in_(OPEN))
    counted = await session.execute(
        select(Delivery.replay_id, delivered, pending, func.count())
        .where(Delivery.agency_id == agency_id, Delivery.replay_id.in_(sorted(replay_ids)))
        .group_by(Delivery.replay_id)
    )
    return {str(one): ReplayProgress(good, whole - good - rest, rest) for one, good, rest, whole in counted}


async def find_matches(session: AsyncSession, endpoint: Endpoint, selection: Selection, *, most: int) -> ReplayMatches:
    """Count the matches of a selection, with samples. Raises EventTypeUnknown."""
    for pattern in selection.event_types:
        if event_filter.unknown([pattern], catalog.FOR_CRMS):
            raise unknown_type(pattern)
    some = matches(endpoint, selection).limit(most + 1).subquery()
    counted = await session.execute(select(func.count(), func.min(some.c.transaction_id)))
    matched, first = counted.one()
    sample = (
        await session.execute(matches(endpoint, selection).order_by(*events.OLDEST_FIRST).limit(5)) if matched else ()
    )
    return ReplayMatches(matched, first or 0, [event_id for _, event_id, _ in sample])


async def next_matches(
    session: AsyncSession, endpoint: Endpoint, selection: Selection, place: tuple[int, str], *, limit: int
) -> Sequence[Row[int, str, str | None]]:
    """The next matches after a position of the feed."""
    beyond = tuple_(Event.transaction_id, Event.id) > tuple_(*_typed(place))
    query = matches(endpoint, selection).where(beyond).order_by(*events.OLDEST_FIRST).limit(limit)
    return (await session.execute(query)).all()


def matches(endpoint: Endpoint, selection: Selection) -> Select[int, str, str | None]:
    """Query of positions and ids of events, and the delivery of each to this endpoint, if any."""
    delivery_of_it = and_(
        Delivery.agency_id == Event.agency_id, Delivery.event_id == Event.id, Delivery.endpoint_id == endpoint.id
    )
    where = events.conditions(EventFilter(since=selection.since, until=selection.until))
    if selection.event_types:
        where.append(Event.type.in_(_names(selection.event_types)))
    if selection.subject_ids:
        where.append(Event.subject_id.in_(selection.subject_ids))
    return (
        select(Event.transaction_id, Event.id, Delivery.id)
        .outerjoin(Delivery, delivery_of_it)
        .where(
            Event.agency_id == endpoint.agency_id, not_(Event.test), events.settled(), *where,
            _is_selected(selection.selected, endpoint),
        )
    )  # fmt: skip


def _is_selected(selected: ReplaySelect, endpoint: Endpoint) -> ColumnElement[bool]:
    over = Delivery.status.in_(TERMINAL) & (Delivery.body_created_at != BODY_DELETED)
    match selected:
        case "failed":
            given_up = (Delivery.status == "cancelled") & Delivery.reason.in_(GIVEN_UP)
            return over & or_(Delivery.status == "exhausted", given_up)
        case "skipped":
            return over & (Delivery.status == "skipped")
        case "missing":
            return _missing(endpoint)
        case "all":
            return or_(over, _missing(endpoint))


def _missing(endpoint: Endpoint) -> ColumnElement[bool]:
    """Rule of fan-out for the event types of the endpoint today. An event in the outbox is not missing."""
    names = [name for name in catalog.FOR_CRMS if event_filter.wants(endpoint.event_types, name)]
    to_come = select(OutboxEntry.id).where(OutboxEntry.agency_id == Event.agency_id, OutboxEntry.id == Event.id)
    about_itself = Event.type.startswith(event_filter.OPERATIONAL) & (Event.facts["endpoint_id"].astext == endpoint.id)
    wanted = {key: value for key, value in (endpoint.filter or {}).items() if value is not None}
    return and_(
        Delivery.id.is_(None),
        Event.type.in_(names),
        Event.facts.contains(wanted),
        not_(func.coalesce(about_itself, False)),
        ~to_come.correlate(Event).exists(),
    )


def _names(patterns: Sequence[str]) -> list[str]:
    return [name for name in catalog.FOR_CRMS if event_filter.wants(patterns, name)]


def _typed(place: tuple[int, str]) -> list[Any]:
    transaction_id, event_id = place
    return [literal(transaction_id, BigInteger), literal(event_id, Event.id.type)]
