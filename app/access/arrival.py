"""Coming back from the platform: once connected, handshakes that waited for it look, and what is there is imported."""

from app.access.connections import authorising
from app.access.connections.authorising import Arrived, Outcome
from app.access.handshakes import actions
from app.access.imports import actions as imports
from app.access.openings import actions as openings
from app.events.record import MEMBER
from app.kit.database import Sessions
from app.kit.vault import Vault
from app.links import queries as links
from app.platforms.catalog import Platforms


async def of_client(
    sessions: Sessions,
    platforms: Platforms,
    vault: Vault,
    *,
    agency_id: str,
    link_id: str,
    handle: str,
    cookie: str,
) -> Arrived:
    """The client's way back; what was approved already goes on with the new connection."""
    arrived = await authorising.exchange_for_link(
        sessions, platforms, vault, link_id=link_id, handle=handle, cookie=cookie
    )
    if arrived.is_first and arrived.outcome is Outcome.CONNECTED:
        async with sessions.begin() as session:
            link = await links.find(session, agency_id, link_id)
            await actions.wake_client(session, agency_id, link.client_id)
    return arrived


async def of_agency(sessions: Sessions, platforms: Platforms, vault: Vault, *, handle: str, cookie: str) -> Arrived:
    """The member's way back.

    Every handshake looks now that its proof can be read, and an import of what the agency has begins.
    """
    arrived = await authorising.exchange_for_agency(sessions, platforms, vault, handle=handle, cookie=cookie)
    agency_id = arrived.agency_id
    if arrived.is_first and arrived.outcome is Outcome.CONNECTED and agency_id is not None:
        async with sessions.begin() as session:
            await actions.wake_agency(session, agency_id)
            for platform in platforms.values():
                if platform.connects:
                    await imports.start_if_possible(session, agency_id, platform.key, actor=MEMBER)
            await openings.wake_agency(session, agency_id)
    return arrived
