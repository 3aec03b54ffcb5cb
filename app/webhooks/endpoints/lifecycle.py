"""Status changes of an endpoint: disable, enable, pause, resume."""

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import EndpointReasonData, EndpointStatusData
from app.kit.actor import Actor, system_actor
from app.kit.errors import NotFound
from app.webhooks.endpoints import queries
from app.webhooks.models import Endpoint, EndpointHealth

#: Columns of a healthy endpoint.
WELL = {
    "reduced_concurrency": None, "successes_since_reduction": 0, "hold_until": None, "breaker": "closed",
    "open_until": None, "openings": 0, "probes": 0, "unreachable": 0, "failing_since": None, "failed_attempts": 0,
    "exhausted": 0, "notices": 0, "gone_since": None, "blocked_since": None, "blocked": 0,
}  # fmt: skip


async def disable(session: AsyncSession, agency_id: str, endpoint_id: str, *, reason: str, actor: Actor) -> Endpoint:
    """Disable an endpoint: its pending deliveries and those of later events are skipped.

    `reason`: `user`, `gone`, `unsafe_url` or `failing`. No effect if it is disabled. Raises NotFound.
    """
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if endpoint.status == "disabled":
        return endpoint
    endpoint.status, endpoint.status_reason = "disabled", reason
    endpoint.version += 1
    data = EndpointReasonData(endpoint_id=endpoint.id, status="disabled", reason=reason)
    await record(
        session, catalog.ENDPOINT_DISABLED, agency_id=agency_id, subject_id=endpoint.id, actor=actor, data=data
    )  # fmt: skip
    return endpoint


async def give_up(session: AsyncSession, agency_id: str, endpoint_id: str, *, reason: str) -> None:
    """Disable an endpoint because of its responses; no effect if it was deleted."""
    try:
        await disable(session, agency_id, endpoint_id, reason=reason, actor=system_actor())
    except NotFound:
        return


async def enable(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: Actor) -> Endpoint:
    """Enable an endpoint, starting with one probe. No effect if it is active. Raises NotFound.

    An endpoint that has to be verified waits for that instead.
    """
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if endpoint.status == "active":
        return endpoint
    if endpoint.verification == "wanted":
        if endpoint.status == "disabled":
            endpoint.status, endpoint.status_reason = "pending_verification", None
            await updated(session, endpoint, "verification", actor)
        return endpoint
    endpoint.status, endpoint.status_reason = "active", None
    endpoint.version += 1
    await session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint_id)
        .values(**{**WELL, "breaker": "half_open", "probes": 1})
        .execution_options(synchronize_session=False)
    )
    data = EndpointStatusData(endpoint_id=endpoint.id, status="active")
    await record(
        session, catalog.ENDPOINT_ENABLED, agency_id=agency_id, subject_id=endpoint.id, actor=actor, data=data
    )  # fmt: skip
    return endpoint


async def pause(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: Actor) -> Endpoint:
    """Hold all deliveries; none is skipped. Raises NotFound."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if endpoint.paused_at is None:
        endpoint.paused_at = func.now()
        await updated(session, endpoint, "paused", actor)
    return endpoint


async def resume(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: Actor) -> Endpoint:
    """Send held deliveries, starting with one probe. Raises NotFound."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if endpoint.paused_at is not None:
        endpoint.paused_at = None
        await session.execute(
            update(EndpointHealth)
            .where(
                EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint_id,
                EndpointHealth.breaker == "closed",
            )
            .values(breaker="half_open", probes=1)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        await updated(session, endpoint, "resumed", actor)
    return endpoint


async def updated(session: AsyncSession, endpoint: Endpoint, what: str, actor: Actor) -> None:
    """Increment the version after a change and record the event; `what` is its reason."""
    endpoint.version += 1
    await session.flush()
    await session.refresh(endpoint)
    data = EndpointReasonData(endpoint_id=endpoint.id, status=endpoint.status, reason=what)
    await record(
        session, catalog.ENDPOINT_UPDATED, agency_id=endpoint.agency_id, subject_id=endpoint.id, actor=actor, data=data
    )  # fmt: skip
