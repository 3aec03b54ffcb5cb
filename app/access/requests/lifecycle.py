"""End and extension of links, with what follows for handshakes and tokens."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.connections import service as connections
from app.access.context import AccessContext
from app.access.requests import client_statements as attestations
from app.events.recorder import KEYTURN
from app.kit import clock, jobs
from app.links import client_actions, queries
from app.links import service as links
from app.links.emails import client_needed
from app.links.models import Link


async def end_link(session: AsyncSession, agency_id: str, link_id: str, *, actor: str) -> Link:
    """Ends a link on the agency's wish; what was shared stays shared. Raises NotFound."""
    link = await links.revoke_link(session, agency_id, link_id, actor=actor)
    await _end_access_requests(session, agency_id, link_id)
    await _let_go(session, agency_id, link.client_id)
    return link


async def renew_link(session: AsyncSession, agency_id: str, link_id: str, *, expires_at: datetime, actor: str) -> Link:
    """Gives a link more time; access requests that had ended with it go on. Raises NotFound, LinkOver, Malformed."""
    link = await links.extend_link(session, agency_id, link_id, expires_at=expires_at, actor=actor)
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    for access_request in aggregate.access_requests:
        if access_request.status == "ended" and access_request.approved_at is None:
            await client_actions.set_status(
                session, aggregate, access_request, actor=actor, status="waiting", next_actor="client"
            )
    await attestations.refresh_statuses(session, agency_id, link_id, actor=actor)
    await handshakes.wake_client(session, agency_id, link.client_id)
    return link


async def run(context: AccessContext, link: Link) -> None:
    """The work on a claimed link: its time ran out, with all that follows, or its client is needed again."""
    async with context.sessions.begin() as session:
        expired = await links.expire_link(session, link.agency_id, link.id)
        if expired:
            await _end_access_requests(session, link.agency_id, link.id)
            await _let_go(session, link.agency_id, link.client_id)
        later = await client_needed.write_to_client(session, context.outbox, link.agency_id, link.id)
        now = await queries.find(session, link.agency_id, link.id)
        stays = now.status in ("completed", "drifted", "expired", "revoked")
        runs_out = None if stays else now.expires_at - clock.now()
        # our clock may be behind the database's
        ahead = [max(each, timedelta(seconds=1)) for each in (later, runs_out) if each is not None]
        await jobs.finish(session, link, due_in=min(ahead, default=None))


async def _end_access_requests(session: AsyncSession, agency_id: str, link_id: str) -> None:
    """What was never approved ends with its link, and what nobody reads; of the rest the handshake says how."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    for access_request in aggregate.access_requests:
        if access_request.approved_at is None and access_request.declined_at is None:
            await client_actions.set_status(
                session, aggregate, access_request, actor=KEYTURN, status="ended", code=None, next_actor=None
            )
    await attestations.refresh_statuses(session, agency_id, link_id, actor=KEYTURN)


async def _let_go(session: AsyncSession, agency_id: str, client_id: str) -> None:
    # connections before handshakes, as everywhere: a call that finds the token dead writes them in that order
    if not await queries.has_living(session, agency_id, client_id):
        await connections.revoke_soon(session, agency_id, client_id)
    await handshakes.wake_client(session, agency_id, client_id)
