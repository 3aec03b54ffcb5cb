"""Return from the platform's consent page: the exchange, and then due handshakes and imports."""

from app.access import handshakes
from app.access.buyers import service as buyer_access
from app.access.connections import oauth_flow
from app.access.connections.oauth_flow import CallbackResult, ExchangeOutcome
from app.access.imports import service as imports
from app.kit.actor import current_actor
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.platforms.registry import Platforms


async def of_client(
    sessions: Sessions,
    platforms: Platforms,
    keyring: Keyring,
    *,
    agency_id: str,
    link_id: str,
    handle: str,
    cookie: str,
) -> CallbackResult:
    """Return of a client: approved access requests continue with the new connection."""
    arrived = await oauth_flow.exchange_for_link(
        sessions, platforms, keyring, link_id=link_id, handle=handle, cookie=cookie
    )
    if arrived.is_first and arrived.outcome is ExchangeOutcome.CONNECTED and arrived.client_id is not None:
        async with sessions.begin() as session:
            await handshakes.wake_client(session, agency_id, arrived.client_id)
    return arrived


async def of_agency(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, handle: str, cookie: str
) -> CallbackResult:
    """Return of a member: all handshakes are due, now that the agency's side can be read, and imports start."""
    arrived = await oauth_flow.exchange_for_agency(sessions, platforms, keyring, handle=handle, cookie=cookie)
    agency_id = arrived.agency_id
    if arrived.is_first and arrived.outcome is ExchangeOutcome.CONNECTED and agency_id is not None:
        async with sessions.begin() as session:
            await handshakes.wake_agency(session, agency_id)
            for platform in platforms.values():
                if platform.connects:
                    await imports.start_if_possible(session, agency_id, platform.key, actor=current_actor())
            await buyer_access.wake_agency(session, agency_id)
    return arrived
