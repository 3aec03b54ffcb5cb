"""End and extension of links, with what follows for handshakes and tokens."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.connections import service as connections
from app.access.context import AccessContext
from app.access.requests import service as access_requests
from app.kit import clock, jobs
from app.kit.actor import Actor, system_actor
from app.links import emails, queries
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.models import Link


async def end_link(session: AsyncSession, agency_id: str, link_id: str, *, actor: Actor) -> LinkAggregate:
    """End a link for the agency; shared access stays shared. Raises NotFound."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    await end(session, aggregate, actor=actor)
    return aggregate


async def end(session: AsyncSession, aggregate: LinkAggregate, *, actor: Actor) -> None:
    """End a link that is loaded and locked, and save it; shared access stays shared."""
    aggregate.revoke(actor=actor)
    access_requests.refresh_statuses(aggregate, actor=system_actor())
    await aggregate.save(session)
    await _let_go(session, aggregate.agency.id, aggregate.client.id)


async def renew_link(
    session: AsyncSession, agency_id: str, link_id: str, *, expires_at: datetime, actor: Actor
) -> LinkAggregate:
    """Extend a link; access requests that had ended with it continue. Raises NotFound, LinkOver, InvalidInput."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    link_service.extend_link(aggregate, expires_at, actor=actor)
    access_requests.refresh_statuses(aggregate, actor=actor)
    await aggregate.save(session)
    await handshakes.wake_client(session, agency_id, aggregate.client.id)
    return aggregate


async def run(context: AccessContext, link: Link) -> None:
    """Run the job of a claimed link: expire it with all consequences, or write to its client."""
    async with context.sessions.begin() as session:
        aggregate = await queries.load_link(session, link.agency_id, link.id, lock=True)
        if aggregate.expire():
            access_requests.refresh_statuses(aggregate, actor=system_actor())
            await aggregate.save(session)
            await _let_go(session, link.agency_id, link.client_id)
        later = await emails.email_client_needed(session, context.outbox, aggregate)
        now = aggregate.link
        stays = now.status in ("completed", "drifted", "expired", "revoked")
        runs_out = None if stays else now.expires_at - clock.now()
        # our clock may be behind the database's
        ahead = [max(each, timedelta(seconds=1)) for each in (later, runs_out) if each is not None]
        await jobs.finish(session, link, due_in=min(ahead, default=None))


async def _let_go(session: AsyncSession, agency_id: str, client_id: str) -> None:
    # connections before handshakes, as everywhere: a call that finds the token dead writes them in that order
    if not await queries.has_active_link(session, agency_id, client_id):
        await connections.revoke_soon(session, agency_id, client_id)
    await handshakes.wake_client(session, agency_id, client_id)
