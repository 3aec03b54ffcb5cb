"""Asking for a replay, calling it off, and sending to an endpoint again."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.change_feed import BEFORE_ALL
from app.events.models import Event
from app.events.recorder import record
from app.kit import ids
from app.kit.errors import AppError, InvalidInput
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.service import EndpointDisabled
from app.webhooks.endpoints import lifecycle
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.models import Delivery, Endpoint, EndpointHealth
from app.webhooks.replays import queries, selecting
from app.webhooks.replays.models import Replay
from app.webhooks.replays.selecting import ReplayMatches, Selection

RUNNING_AT_MOST = 2
EVENTS_AT_MOST = 1_000_000
LONGEST = timedelta(days=30)


class TooManyReplays(AppError):
    """The agency has as many under way as there may be."""

    status = 409
    code = "too_many_replays"
    detail = f"There are already {RUNNING_AT_MOST} replays under way."
    hint = "Wait until one has ended, or cancel one."


class ReplayTooLarge(AppError):
    """It would send more than one replay may."""

    status = 409
    code = "replay_too_large"
    detail = f"That is more than {EVENTS_AT_MOST:,} events."
    hint = "Name a shorter span of time, or some event types or subjects."


class ReplayEnded(AppError):
    """There is nothing left to call off."""

    status = 409
    code = "replay_ended"
    detail = "This replay has ended already."


class NotVerified(AppError):
    """It has yet to answer its challenge."""

    status = 409
    code = "endpoint_not_verified"
    detail = "This endpoint has not answered its challenge yet."
    hint = "POST /api/v1/webhooks/endpoints/{id}/verification sends another one."


async def preview(session: AsyncSession, agency_id: str, endpoint_id: str, selection: Selection) -> ReplayMatches:
    """Preview of a replay; writes nothing. Raises NotFound, EventTypeUnknown, InvalidInput and ReplayTooLarge."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    return await _find(session, endpoint, selection)


async def start(
    session: AsyncSession, agency_id: str, endpoint_id: str, selection: Selection, *, rate_per_second: int, actor: str
) -> Replay:
    """A replay that queues so many a second from now on.

    Raises NotFound, EventTypeUnknown, InvalidInput, EndpointDisabled, TooManyReplays and ReplayTooLarge.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    if endpoint.status != "active":
        raise EndpointDisabled
    # two who ask at once are counted one after the other
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"replays {agency_id}", 0))))
    if await queries.running(session, agency_id) >= RUNNING_AT_MOST:
        raise TooManyReplays
    found = await _find(session, endpoint, selection)
    replay = Replay(
        agency_id=agency_id, id=ids.new("replay"), endpoint_id=endpoint.id, selected=selection.selected,
        since=selection.since, until=selection.until, event_types=list(selection.event_types),
        subject_ids=list(selection.subject_ids), rate_per_second=rate_per_second, matched=found.matched,
        last_transaction_id=found.first_transaction, last_event_id=BEFORE_ALL, actor=actor, due_at=func.now(),
    )  # fmt: skip
    session.add(replay)
    await session.flush()
    await session.refresh(replay)
    data = {"endpoint_id": endpoint.id, "replay_id": replay.id, "reason": selection.selected}
    await record(
        session, catalog.REPLAY_STARTED, agency_id=agency_id, subject_id=replay.id, actor=actor, data=data
    )  # fmt: skip
    return replay


async def cancel(session: AsyncSession, agency_id: str, replay_id: str, *, actor: str) -> Replay:
    """Ends a replay, and what it queued and nobody is sending yet. Raises NotFound and ReplayEnded."""
    await queries.find(session, agency_id, replay_id)
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
    await transitions.cancel(session, agency_id, ended, *queued, reason="replay_cancelled")
    data = {"endpoint_id": ended, "replay_id": replay_id}
    await record(
        session, catalog.REPLAY_CANCELLED, agency_id=agency_id, subject_id=replay_id, actor=actor, data=data
    )  # fmt: skip
    return await queries.find(session, agency_id, replay_id)


async def activate(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    selection: Selection | None,
    *,
    rate_per_second: int,
    actor: str,
) -> tuple[Endpoint, Replay | None]:
    """Sends to an endpoint again, one probe first, and with a selection starts its replay.

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
    """Time since which an endpoint misses events, by failures or by being disabled; at most 30 days before now,
    which is also what is meant where nothing is known.

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


async def _find(session: AsyncSession, endpoint: Endpoint, selection: Selection) -> ReplayMatches:
    if not selection.since < selection.until:
        raise InvalidInput(fields={"until": "It is not after `since`."})
    if selection.until - selection.since > LONGEST:
        raise InvalidInput(fields={"since": f"A replay spans at most {LONGEST.days} days."})
    found = await selecting.find(session, endpoint, selection, most=EVENTS_AT_MOST)
    if found.matched > EVENTS_AT_MOST:
        raise ReplayTooLarge
    return found
