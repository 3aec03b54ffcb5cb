"""Connections: reading them, their tokens and discovered assets, their ends, and the developer apps behind them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import BindParameter, Boolean, Select, String, bindparam, func, select, true, union_all, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.connections.models import Authorization, Connection
from app.access.context import AccessContext
from app.events import catalog
from app.events.recorder import record
from app.events.schema import ConnectionActorData
from app.kit.actor import system_actor
from app.kit.database import CROSS_TENANT, BulkColumns, bulk_table, bulk_values
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.errors import AppError, NotFound
from app.links.devices import VerifiedBy
from app.links.models import Link, LinkSession
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.platforms.port import Access, App, ConnectedPlatform, Priority, RecordedCall, Token
from app.platforms.resources import DiscoveredAsset, DiscoveredAssets, PlatformAccount
from app.tenants.agencies import service as agencies
from app.tenants.agencies.service import secret_place
from app.tenants.clients import service as clients


class AlreadyEnded(AppError):
    """The connection has ended already."""

    status = 409
    code = "connection_ended"
    detail = "This connection has ended already."
    hint = "Nothing to do: its token is gone from here."


class AppMissing(AppError):
    """Neither the agency nor the installation has an app at the platform."""

    status = 409
    code = "platform_app_missing"
    detail = "There is no TikTok app yet, so nobody can authorize it."
    hint = "Set the app first with PUT /api/v1/agency/platform-apps/tiktok; until then clients share by hand."


#: Maximum number of a client's connections that are compared, newest first.
_NEWEST = 20
#: After this time an authorization counts as not finished.
AUTHORIZATION_TIMEOUT = timedelta(minutes=10)
UNREADABLE_EMAIL = "blind"
#: Status of a client's authorization: held by us, revoked by us, ended by the platform, or never given.
Held = Literal["live", "given_back", "ended", "never"]
_HELD: Mapping[str, Held] = {"live": "live", "revoked": "given_back", "dead": "ended"}


class ReadAccess(NamedTuple):
    """Status of the client's authorization. `can_look`: its token or the agency's can read the shared assets."""

    held: Held
    can_look: bool


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


async def find(session: AsyncSession, agency_id: str, connection_id: str) -> Connection:
    """One connection. Raises NotFound."""
    found_row = await session.get(Connection, (agency_id, connection_id))
    if found_row is None:
        raise NotFound
    return found_row


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Connection]:
    """Connections, newest first; `before` is the id of the last one seen."""
    rows = select(Connection).where(Connection.agency_id == agency_id)
    if before:
        rows = rows.where(Connection.id < before)
    return (await session.scalars(rows.order_by(Connection.id.desc()).limit(limit))).all()


async def of_link(session: AsyncSession, agency_id: str, link_id: str, platform: str) -> Connection | None:
    """The usable connection with a platform that the client made on a link, in any browser."""
    here = (Connection.link_id == link_id, Connection.platform == platform, Connection.is_usable)
    return await _latest(session, agency_id, *here)


#: Usable connections of a browser, the newest of each platform; its values are `browser_values`.
OF_BROWSER = (
    select(Connection)
    .where(
        Connection.agency_id == bindparam("agency_id"),
        Connection.link_id == bindparam("link_id"),
        Connection.is_usable,
        bindparam("whole_link", type_=Boolean()) | (Connection.browser_id == bindparam("browser_id")),
    )
    .ext(postgresql.distinct_on(Connection.platform))
    .order_by(Connection.platform, Connection.id.desc())
)


#: Platforms that a person of a step link connected on a link; null if none.
BY_STEP = (
    select(func.array_agg(Connection.platform))
    .join(LinkSession, (LinkSession.agency_id == Connection.agency_id) & (LinkSession.id == Connection.browser_id))
    .where(
        Connection.agency_id == bindparam("agency_id"),
        Connection.link_id == bindparam("link_id"),
        LinkSession.step_link_id.is_not(None),
        Connection.is_usable,
    )
    .scalar_subquery()
)


def browser_values(browser: LinkSession) -> dict[str, Any]:
    """Values of `OF_BROWSER`: its own connections, or any of the link after a code was entered."""
    return {
        "agency_id": browser.agency_id,
        "link_id": browser.link_id,
        "browser_id": browser.id,
        "whole_link": browser.verified_by == VerifiedBy.CODE,
    }


async def of_client(
    session: AsyncSession, agency_id: str, client_id: str, platform: str, account_id: str
) -> Connection | None:
    """The client's connection for a Business Center: the newest usable one that can use it, else the newest."""
    newest = select(Connection).where(
        Connection.agency_id == agency_id, Connection.client_id == client_id, Connection.platform == platform
    )
    return _best((await session.scalars(newest.order_by(Connection.id.desc()).limit(_NEWEST))).all(), account_id)


async def of_both(
    session: AsyncSession, agency_id: str, client_id: str, platform: str, account_id: str
) -> tuple[Connection | None, Connection | None, bool]:
    """The client's connection for a Business Center, as `of_client`, and the agency's own usable one.

    The last value is true if the client has a usable connection, for whatever Business Center.
    """
    agency, clients = (await _newest_of_both(session, agency_id, client_id, [platform]))[platform]
    has_token = len(clients) == _NEWEST or any(each.is_usable for each in clients)
    return _best(clients, account_id), agency, has_token


async def _newest_of_both(
    session: AsyncSession, agency_id: str, client_id: str, platforms: Collection[str]
) -> Mapping[str, tuple[Connection | None, Sequence[Connection]]]:
    """By platform the agency's own usable connection, and the client's, newest first; in one statement."""
    if not platforms:
        return {}
    values = bulk_values("wanted", _PLATFORMS, [(platform,) for platform in platforms])
    found = (await session.scalars(_OF_BOTH, {"agency_id": agency_id, "client_id": client_id, **values})).all()
    return {
        platform: (
            next((each for each in found if each.side == "agency" and each.platform == platform), None),
            [each for each in found if each.side == "client" and each.platform == platform],
        )
        for platform in platforms
    }


def _of_both() -> Select[Connection]:
    """Of each platform the client's newest connections, and the agency's own usable one."""
    agency_id: BindParameter[str] = bindparam("agency_id")
    platforms = bulk_table("wanted", _PLATFORMS)
    here = (
        select(Connection.id)
        .where(Connection.agency_id == agency_id, Connection.platform == platforms.c.platform)
        .order_by(Connection.id.desc())
    )
    newest = here.where(Connection.client_id == bindparam("client_id")).limit(_NEWEST)
    own = here.where(Connection.side == "agency", Connection.is_usable).limit(1)
    found = union_all(newest.correlate(platforms), own.correlate(platforms)).lateral()
    wanted = select(found.c.id).select_from(platforms).join(found, true())
    rows = select(Connection).where(Connection.agency_id == agency_id, Connection.id.in_(wanted))
    return rows.order_by(Connection.id.desc())


_PLATFORMS: BulkColumns = {"platform": String()}
_OF_BOTH = _of_both()


def _best(newest_first: Sequence[Connection], account_id: str) -> Connection | None:
    fitting = [each for each in newest_first if account_id in usable(each)]
    usable_ones = [each for each in fitting if each.is_usable]
    return next(iter([*usable_ones, *fitting, *newest_first]), None)


async def of_agency(session: AsyncSession, agency_id: str, platform: str) -> Connection | None:
    """The agency's own usable connection."""
    return await _latest(
        session,
        agency_id,
        Connection.side == "agency",
        Connection.platform == platform,
        Connection.is_usable,
    )


async def last_of_agency(session: AsyncSession, agency_id: str, platform: str) -> Connection | None:
    """The agency's own connection: the usable one, else the last one, which shows how it ended."""
    rows = select(Connection).where(
        Connection.agency_id == agency_id, Connection.side == "agency", Connection.platform == platform
    )
    newest = rows.order_by(Connection.is_usable.desc(), Connection.id.desc()).limit(1)
    return (await session.scalars(newest)).one_or_none()


async def _latest(session: AsyncSession, agency_id: str, *where: Any) -> Connection | None:
    rows = select(Connection).where(Connection.agency_id == agency_id, *where)
    return (await session.scalars(rows.order_by(Connection.id.desc()).limit(1))).one_or_none()


async def read_access(
    session: AsyncSession, agency_id: str, client_id: str, accounts: Mapping[str, str]
) -> Mapping[str, ReadAccess]:
    """Read access to what is shared from the client's account at each platform, in one statement."""
    found = await _newest_of_both(session, agency_id, client_id, accounts)
    access = {}
    for platform, account_id in accounts.items():
        agency, clients = found[platform]
        client = _best(clients, account_id)
        held = _HELD[client.status] if client else "never"
        access[platform] = ReadAccess(held, can_look=agency is not None or (client is not None and client.is_usable))
    return access


async def accounts_of_link(session: AsyncSession, agency_id: str, link_id: str, platform: str) -> frozenset[str]:
    """The client's accounts at a platform that the people who connected on a link can use."""
    rows = select(Connection).where(
        Connection.agency_id == agency_id, Connection.link_id == link_id, Connection.platform == platform
    )
    newest = (await session.scalars(rows.order_by(Connection.id.desc()).limit(20))).all()
    return frozenset().union(*(usable(each) for each in newest))


def usable(connection: Connection) -> frozenset[str]:
    """The accounts from which the person who authorized can share."""
    return frozenset(each.account_id for each in discovered(connection).accounts if each.usable)


def discovered(connection: Connection) -> DiscoveredAssets:
    """Assets that could be selected, as values."""
    return DiscoveredAssets(
        person=connection.person,
        accounts=tuple(PlatformAccount(**each) for each in connection.found["accounts"]),
        assets=tuple(DiscoveredAsset(**each) for each in connection.found["assets"]),
    )


def discovered_columns(seen: DiscoveredAssets) -> dict[str, Any]:
    """Column of a connection with these assets."""
    return {
        "accounts": [asdict(each) for each in seen.accounts],
        "assets": [asdict(each) for each in seen.assets],
    }


def token(connection: Connection, keyring: Keyring) -> str:
    """The token in plain text, for the duration of a call."""
    assert connection.token_encrypted is not None
    return keyring.decrypt(connection.token_encrypted, bound_to=token_place(connection.agency_id, connection.id))


#: A token is replaced this long before it expires, or at half of a shorter life.
REFRESH_BEFORE = timedelta(minutes=10)


def token_columns(token: Token, keyring: Keyring, agency_id: str, connection_id: str) -> dict[str, Any]:
    """Columns of a connection with this token, new or in place of another."""
    refresh_token, life = token.refresh_token, token.expires_in
    place = refresh_token_place(agency_id, connection_id)
    return {
        "token_encrypted": keyring.encrypt(token.value, bound_to=token_place(agency_id, connection_id)),
        "refresh_token_encrypted": keyring.encrypt(refresh_token, bound_to=place) if refresh_token else None,
        "token_expires_at": func.now() + life if life else None,
        "refresh_at": func.now() + life - min(REFRESH_BEFORE, life / 2) if life and refresh_token else None,
        "scopes": list(token.scopes),
    }


def next_due(connection: Connection) -> Any:
    """The value of `due_at`: the earlier of both jobs."""
    times = [each for each in (connection.refresh_at, connection.revoke_at) if each is not None]
    return func.least(*times) if times else None


def refresh_token_place(agency_id: str, connection_id: str) -> str:
    """Place that an encrypted refresh token is bound to."""
    return f"connections.refresh_token_encrypted:{agency_id}:{connection_id}"


def access(connection: Connection, keyring: Keyring, priority: Priority = Priority.HANDSHAKE) -> Access:
    """Credentials for a call with this connection: the token, the app whose rate limit it uses, and its priority."""
    return Access(token(connection, keyring), connection.app_id, priority)


def token_place(agency_id: str, connection_id: str) -> str:
    """Place that an encrypted token is bound to."""
    return f"connections.token_encrypted:{agency_id}:{connection_id}"


async def last_authorization(
    session: AsyncSession, agency_id: str, client_id: str, platform: str
) -> Authorization | None:
    """The client's last authorization, finished or not."""
    rows = (
        select(Authorization)
        .join(Link, (Link.agency_id == Authorization.agency_id) & (Link.id == Authorization.link_id))
        .where(
            Authorization.agency_id == agency_id, Authorization.platform == platform, Link.client_id == client_id
        )
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Authorization.id.desc()).limit(1))).one_or_none()


async def is_authorizing(session: AsyncSession, agency_id: str, link_id: str, platform: str, now: datetime) -> bool:
    """True if the client is at a platform's consent page: its last authorization is neither used nor expired."""
    rows = select(Authorization).where(
        Authorization.agency_id == agency_id, Authorization.link_id == link_id, Authorization.platform == platform
    )
    last = (await session.scalars(rows.order_by(Authorization.id.desc()).limit(1))).one_or_none()
    return last is not None and last.consumed_at is None and last.expires_at > now


def authorization_blocker(authorization: Authorization | None, now: datetime) -> AuthorizationBlocker | None:
    """Blocker of an authorization that led to no connection: its outcome, or no return within ten minutes."""
    if authorization is None:
        return None
    if authorization.outcome is not None:
        return _ENDED.get(authorization.outcome)
    is_late = now - authorization.created_at > AUTHORIZATION_TIMEOUT
    return "consent_not_finished" if authorization.consumed_at is None and is_late else None


async def mark_dead(session: AsyncSession, connection: Connection) -> None:
    """Mark a connection dead: the platform no longer accepts its token. Ignores one whose revocation is due."""
    ended = (
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.is_usable,
        )
        .values(status="dead", ended_at=func.now(), revoke_at=func.now(), due_at=func.now())
        .returning(Connection.id)
    )
    if (await session.execute(ended)).scalar_one_or_none():
        actor = "agency" if connection.side == "agency" else "client"
        await record(
            session, catalog.CONNECTION_TOKEN_INVALID, agency_id=connection.agency_id, subject_id=connection.id,
            actor=system_actor(), data=ConnectionActorData(**await facts(session, connection), next_actor=actor),
        )  # fmt: skip


async def give_up_unreadable(session: AsyncSession, keyring: Keyring) -> list[Connection]:
    """Mark connections dead whose token no key of the key ring opens: it can neither be used nor revoked any more.

    For an installation whose key is lost. Returns those that were usable.
    """
    rows = select(Connection).where(Connection.token_encrypted.is_not(None)).order_by(Connection.id)
    lost = []
    for connection in (await session.scalars(rows, execution_options=CROSS_TENANT)).all():
        try:
            token(connection, keyring)
        except DecryptionFailed:
            if connection.is_usable:
                lost.append(connection)
                await mark_dead(session, connection)
                await handshakes.wake_agency(session, connection.agency_id)
            same = (Connection.agency_id == connection.agency_id, Connection.id == connection.id)
            await session.execute(update(Connection).where(*same).values(due_at=None, refresh_at=None))
    return lost


async def revoke_soon(session: AsyncSession, agency_id: str, client_id: str) -> None:
    """Make the revocation of a client's tokens due now: they are no longer needed."""
    await session.execute(
        update(Connection)
        .where(Connection.agency_id == agency_id, Connection.client_id == client_id, Connection.status == "live")
        .values(revoke_at=func.now(), due_at=func.now())
    )


async def save_discovered(session: AsyncSession, connection: Connection, found: dict[str, Any]) -> None:
    """Save the assets that a new read discovered."""
    await session.execute(
        update(Connection)
        .where(Connection.agency_id == connection.agency_id, Connection.id == connection.id)
        .values(found=found, found_at=func.now())
    )


async def extend_token_use(session: AsyncSession, connection: Connection, hold: timedelta) -> None:
    """Restart the time limit of a token that is used for a write, unless its revocation is due already."""
    await session.execute(
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.status == "live",
            Connection.revoke_at > func.now(),
        )
        .values(revoke_at=func.now() + hold, due_at=func.least(func.now() + hold, Connection.refresh_at))
    )


async def end_connection(session: AsyncSession, connection: Connection) -> Connection:
    """End a connection for the agency: the revocation of its token is due now. Raises AlreadyEnded."""
    if connection.status == "revoked":
        raise AlreadyEnded
    connection.revoke_at = connection.due_at = func.now()
    await session.flush()
    await session.refresh(connection)
    return connection


async def facts(session: AsyncSession, connection: Connection) -> dict[str, Any]:
    """The connection's part of an event's data, without names."""
    client_id = connection.client_id
    client = await clients.find(session, connection.agency_id, client_id) if client_id else None
    return {
        "connection_id": connection.id,
        "link_id": connection.link_id,
        "client_id": client_id,
        "external_id": client.external_id if client else None,
        "platform": connection.platform,
    }


async def app_of_agency(
    session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring
) -> App | None:
    """The agency's own app, else the installation's; None if only the guided lane is possible."""
    own = await agencies.platform_app(session, agency_id, platform.key)
    if own is None:
        return platform.default_app
    return App(own.app_id, keyring.decrypt(own.secret_encrypted, bound_to=secret_place(agency_id, own.id)))


async def app_of_connection(
    session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring, app_id: str
) -> App | None:
    """The app that holds the token, including replaced ones; None if its secret was removed."""
    if platform.default_app is not None and platform.default_app.app_id == app_id:
        return platform.default_app
    own = await agencies.platform_app_by_id(session, agency_id, platform.key, app_id)
    return (
        App(own.app_id, keyring.decrypt(own.secret_encrypted, bound_to=secret_place(agency_id, own.id)))
        if own
        else None
    )


async def required_app(session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring) -> App:
    """As `app_of_agency`. Raises AppMissing."""
    app = await app_of_agency(session, agency_id, platform, keyring)
    if app is None:
        raise AppMissing
    return app


async def has_own_app(session: AsyncSession, agency_id: str, platform: str) -> bool:
    """True if the agency has an app of its own."""
    return bool(await session.scalar(select(agencies.has_platform_app(agency_id, platform))))


async def send_unreadable_email(
    session: AsyncSession, context: AccessContext, connection: Connection | None, call: RecordedCall | None
) -> None:
    """E-mail the agency that its own side cannot be read, once for each connection: nothing can be verified.

    Without mail only events report it.
    """
    if context.outbox is None or connection is None or connection.side != "agency":
        return
    agency_id = connection.agency_id
    if await mails.newest(session, agency_id, about_id=connection.id, kind=UNREADABLE_EMAIL) is not None:
        return
    agency = await agencies.find(session, agency_id)
    invitations = f"{context.outbox.public_url}/api/v1/connections/invitations"
    await mails.queue(
        session, context.outbox, agency_id, kind=UNREADABLE_EMAIL,
        to=Recipient(agency.contact_email, agency.contact_name), letterhead=agencies.email_branding(agency),
        about_id=connection.id, languages=(agency.language,),
        context={
            "platform": context.platforms[connection.platform].name,
            "said": call.message if call is not None else None,
            "request_id": call.request_id if call is not None else None,
            "command_line": "keyturn connections invite-agency",
            "api_line": f'curl -X POST {invitations} -H "Authorization: Bearer $KEYTURN_API_KEY"',
        },
    )  # fmt: skip
