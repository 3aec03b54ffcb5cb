"""Reading connections."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections.models import Authorization, Connection
from app.kit.encryption import Keyring
from app.kit.errors import NotFound
from app.links.devices.service import VerifiedBy
from app.links.models import Link, LinkSession
from app.platforms.port import Access, Priority
from app.platforms.resources import AdAccount, BusinessCenterInfo, DiscoveredAssets, Pixel

#: Connections of a client that are looked through, newest first.
_NEWEST = 20


async def find(session: AsyncSession, agency_id: str, connection_id: str) -> Connection:
    """One connection. Raises NotFound."""
    found_row = await session.get(Connection, (agency_id, connection_id))
    if found_row is None:
        raise NotFound
    return found_row


async def live(session: AsyncSession, agency_id: str, link_id: str) -> Connection | None:
    """The client's living connection made on this link, in whichever browser."""
    return await _latest(session, agency_id, Connection.link_id == link_id, Connection.status == "live")


def of_browser(browser: LinkSession) -> Select[Connection]:
    """The living connection that serves a browser: the one made there, or any of the link once a code was entered."""
    where = [Connection.link_id == browser.link_id, Connection.status == "live"]
    if browser.verified_by != VerifiedBy.CODE:
        where.append(Connection.browser_id == browser.id)
    return (
        select(Connection)
        .where(Connection.agency_id == browser.agency_id, *where)
        .order_by(Connection.id.desc())
        .limit(1)
    )


async def centers_of_link(session: AsyncSession, agency_id: str, link_id: str) -> frozenset[str]:
    """The Business Centers that could be used by those who connected on a link."""
    rows = select(Connection).where(Connection.agency_id == agency_id, Connection.link_id == link_id)
    newest = (await session.scalars(rows.order_by(Connection.id.desc()).limit(20))).all()
    return frozenset().union(*(usable(each) for each in newest))


async def of_client(
    session: AsyncSession, agency_id: str, client_id: str, platform: str, bc_id: str
) -> Connection | None:
    """The client's connection for one Business Center: the newest living one that can use it, else the newest."""
    newest = select(Connection).where(
        Connection.agency_id == agency_id, Connection.client_id == client_id, Connection.platform == platform
    )
    return _best((await session.scalars(newest.order_by(Connection.id.desc()).limit(_NEWEST))).all(), bc_id)


async def of_both(
    session: AsyncSession, agency_id: str, client_id: str, platform: str, bc_id: str
) -> tuple[Connection | None, Connection | None]:
    """The client's connection for one Business Center, as `of_client`, and the agency's own living one."""
    here = (Connection.agency_id == agency_id, Connection.platform == platform)
    newest = select(Connection.id).where(*here, Connection.client_id == client_id)
    own = select(Connection.id).where(*here, Connection.side == "agency", Connection.status == "live")
    wanted = union_all(
        newest.order_by(Connection.id.desc()).limit(_NEWEST), own.order_by(Connection.id.desc()).limit(1)
    )
    rows = select(Connection).where(*here, Connection.id.in_(wanted)).order_by(Connection.id.desc())
    found = (await session.scalars(rows)).all()
    agency = next((each for each in found if each.side == "agency"), None)
    return _best([each for each in found if each.side == "client"], bc_id), agency


def _best(newest_first: Sequence[Connection], bc_id: str) -> Connection | None:
    fitting = [each for each in newest_first if bc_id in usable(each)]
    living = [each for each in fitting if each.status == "live"]
    return next(iter([*living, *fitting, *newest_first]), None)


#: What became of the client's authorization: we hold it, gave it back, the platform ended it, or there never was one.
Held = Literal["live", "given_back", "ended", "never"]
_HELD: Mapping[str, Held] = {"live": "live", "revoked": "given_back", "dead": "ended"}


async def held_of_client(session: AsyncSession, agency_id: str, client_id: str, platform: str, bc_id: str) -> Held:
    """Status of the client's authorization for one Business Center."""
    connection = await of_client(session, agency_id, client_id, platform, bc_id)
    return _HELD[connection.status] if connection else "never"


async def can_look(session: AsyncSession, agency_id: str, client_id: str, platform: str, bc_id: str) -> bool:
    """True if the agency's or the client's access lets us read whether something is shared."""
    if await of_agency(session, agency_id, platform) is not None:
        return True
    return await held_of_client(session, agency_id, client_id, platform, bc_id) == "live"


def usable(connection: Connection) -> frozenset[str]:
    """The Business Centers from which whoever authorized can share."""
    return frozenset(center.bc_id for center in discovered(connection).business_centers if center.usable)


async def of_agency(session: AsyncSession, agency_id: str, platform: str) -> Connection | None:
    """The agency's own living connection."""
    return await _latest(
        session,
        agency_id,
        Connection.side == "agency",
        Connection.platform == platform,
        Connection.status == "live",
    )


async def last_of_agency(session: AsyncSession, agency_id: str, platform: str) -> Connection | None:
    """The agency's own connection: the living one, else the last it had, of which can be told how it ended."""
    rows = select(Connection).where(
        Connection.agency_id == agency_id, Connection.side == "agency", Connection.platform == platform
    )
    newest = rows.order_by((Connection.status == "live").desc(), Connection.id.desc()).limit(1)
    return (await session.scalars(newest)).one_or_none()


async def _latest(session: AsyncSession, agency_id: str, *where: Any) -> Connection | None:
    rows = select(Connection).where(Connection.agency_id == agency_id, *where)
    return (await session.scalars(rows.order_by(Connection.id.desc()).limit(1))).one_or_none()


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Connection]:
    """Connections, newest first; `before` is the id of the last one seen."""
    rows = select(Connection).where(Connection.agency_id == agency_id)
    if before:
        rows = rows.where(Connection.id < before)
    return (await session.scalars(rows.order_by(Connection.id.desc()).limit(limit))).all()


def token(connection: Connection, keyring: Keyring) -> str:
    """The token in clear, for the length of a call."""
    assert connection.token_encrypted is not None
    return keyring.decrypt(connection.token_encrypted, bound_to=token_place(connection.agency_id, connection.id))


def access(connection: Connection, keyring: Keyring, urgency: Priority = Priority.HANDSHAKE) -> Access:
    """Credentials for a call with this connection: the token, the app whose rate limit it uses, and its priority."""
    return Access(token(connection, keyring), connection.app_id, urgency)


def token_place(agency_id: str, connection_id: str) -> str:
    """Place that an encrypted token is bound to."""
    return f"connections.token_encrypted:{agency_id}:{connection_id}"


def discovered(connection: Connection) -> DiscoveredAssets:
    """Assets that could be selected, as values."""
    return DiscoveredAssets(
        person=connection.person,
        business_centers=tuple(BusinessCenterInfo(**each) for each in connection.found["business_centers"]),
        accounts=tuple(AdAccount(**each) for each in connection.found["accounts"]),
        pixels=tuple(Pixel(**each) for each in connection.found.get("pixels", ())),
    )


def discovered_columns(seen: DiscoveredAssets) -> dict[str, Any]:
    """Column of a connection with these assets."""
    return {
        "business_centers": [asdict(each) for each in seen.business_centers],
        "accounts": [asdict(each) for each in seen.accounts],
        "pixels": [asdict(each) for each in seen.pixels],
    }


#: From then on an authorization counts as not finished.
AUTHORIZATION_TIMEOUT = timedelta(minutes=10)


async def last_authorization(
    session: AsyncSession, agency_id: str, client_id: str, platform: str
) -> Authorization | None:
    """The client's last way to the platform's consent page, finished or not."""
    rows = (
        select(Authorization)
        .join(Link, (Link.agency_id == Authorization.agency_id) & (Link.id == Authorization.link_id))
        .where(
            Authorization.agency_id == agency_id, Authorization.platform == platform, Link.client_id == client_id
        )
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Authorization.id.desc()).limit(1))).one_or_none()


async def is_authorizing(session: AsyncSession, agency_id: str, link_id: str, now: datetime) -> bool:
    """True if the client went to the consent page from this link and has not come back, as long as it still may."""
    rows = select(Authorization).where(Authorization.agency_id == agency_id, Authorization.link_id == link_id)
    last = (await session.scalars(rows.order_by(Authorization.id.desc()).limit(1))).one_or_none()
    return last is not None and last.consumed_at is None and last.expires_at > now


AuthorizationBlocker = Literal[
    "consent_not_finished", "consent_cancelled", "auth_code_expired", "scope_not_authorized", "app_problem",
    "platform_changed",
]  # fmt: skip

#: Blocker of each outcome of an authorization that led to no connection.
_ENDED: Mapping[str, AuthorizationBlocker] = {
    "cancelled": "consent_cancelled",
    "too_late": "auth_code_expired",
    "scope_missing": "scope_not_authorized",
    "app_problem": "app_problem",
    "platform_changed": "platform_changed",
}


def authorization_blocker(authorization: Authorization | None, now: datetime) -> AuthorizationBlocker | None:
    """Blocker of an authorization that led to no connection: its outcome, or that nobody came back for ten minutes."""
    if authorization is None:
        return None
    if authorization.outcome is not None:
        return _ENDED.get(authorization.outcome)
    is_late = now - authorization.created_at > AUTHORIZATION_TIMEOUT
    return "consent_not_finished" if authorization.consumed_at is None and is_late else None
