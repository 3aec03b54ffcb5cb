"""Job of a connection: its token is replaced before it expires, and revoked at the platform until that succeeds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.events import catalog
from app.events.recorder import record
from app.events.schema import ConnectionActorData, ConnectionData
from app.kit import clock, jobs
from app.kit.actor import system_actor
from app.kit.encryption import Keyring
from app.kit.jobs import LeaseLost
from app.platforms.port import App, ConnectedPlatform, Denied, PlatformFailure, RecordedCall, Token

LEASE = timedelta(seconds=45)


async def run(context: AccessContext, connection: Connection) -> None:
    """Do what is due: the revocation, else the replacement."""
    async with context.sessions() as session:
        now = (await session.execute(select(func.now()))).scalar_one()
    revoked = connection.token_encrypted is None or (connection.revoke_at is not None and connection.revoke_at <= now)
    await (revoke_token if revoked else replace_token)(context, connection)


async def replace_token(context: AccessContext, connection: Connection) -> None:
    """Exchange the refresh token for a new token. If the platform refuses it, the connection is dead."""
    platform = context.platforms.connected(connection.platform)
    async with context.sessions.begin() as session:
        app = await connections.app_of_connection(
            session, connection.agency_id, platform, context.keyring, connection.app_id
        )
    if app is None or connection.refresh_token_encrypted is None:  # without its app nothing can replace it
        async with context.sessions.begin() as session:
            await session.execute(_leased(connection).values(refresh_at=None, due_at=Connection.revoke_at, **_RELEASED))
        return
    place = connections.refresh_token_place(connection.agency_id, connection.id)
    refresh_token = context.keyring.decrypt(connection.refresh_token_encrypted, bound_to=place)
    calls: list[RecordedCall] = []
    token: Token | None = None
    refused = False
    try:
        token = await platform.refresh(app, refresh_token, calls.append)
    except Denied as denied:
        refused = denied.blocker == "connection_dead"
    except PlatformFailure:
        pass
    async with context.sessions.begin() as session:
        call_recorder.record_calls(
            session, calls, agency_id=connection.agency_id, side=connection.side, purpose="refresh_token",
            connection_id=connection.id,
        )  # fmt: skip
        if token is not None:
            token = replace(token, refresh_token=token.refresh_token or refresh_token)  # it may stay the same
            await _save(session, context.keyring, connection, token)
        elif refused:
            await connections.mark_dead(session, connection)
            await jobs.postpone(session, connection, due_in=timedelta())  # now its token can be deleted
        else:
            await jobs.postpone(session, connection, due_in=jobs.backoff(connection.tries))


async def _save(session: AsyncSession, keyring: Keyring, connection: Connection, token: Token) -> None:
    columns = connections.token_columns(token, keyring, connection.agency_id, connection.id)
    refresh_at = columns["refresh_at"]
    due_at = Connection.revoke_at if refresh_at is None else func.least(refresh_at, Connection.revoke_at)
    saved = _leased(connection).values(**columns, due_at=due_at, **_RELEASED).returning(Connection.id)
    if (await session.execute(saved)).scalar_one_or_none() is None:
        raise LeaseLost(Connection.__name__)


_RELEASED: Mapping[str, Any] = {"lease_until": None, "lease_token": None, "tries": 0}


def _leased(connection: Connection) -> Update:
    return (
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.lease_token == connection.lease_token,
        )
        .execution_options(synchronize_session=False)
    )


async def revoke_token(context: AccessContext, connection: Connection) -> None:
    """Revoke the token and delete it. A failure is recorded once and tried again with growing pauses."""
    if connection.token_encrypted is None:  # revoked already; the row was made due meanwhile
        async with context.sessions.begin() as session:
            await _rest(session, connection)
        return
    platform = context.platforms.connected(connection.platform)
    async with context.sessions.begin() as session:
        app = await connections.app_of_connection(
            session, connection.agency_id, platform, context.keyring, connection.app_id
        )
        shared = await _used_elsewhere(session, context, connection)
    calls: list[RecordedCall] = []
    done = shared
    if app is not None and not shared:
        done = await _revoke(platform, app, connections.token(connection, context.keyring), calls)
    async with context.sessions.begin() as session:
        call_recorder.record_calls(
            session, calls, agency_id=connection.agency_id, side=connection.side, purpose="revoke_token",
            connection_id=connection.id,
        )  # fmt: skip
        if done:
            await _delete_token(session, connection)
        else:
            await _try_later(session, connection)


async def _revoke(platform: ConnectedPlatform, app: App, token: str, calls: list[RecordedCall]) -> bool:
    try:
        await platform.revoke(app, token, calls.append)
    except PlatformFailure:
        return False
    return True


async def _used_elsewhere(session: AsyncSession, context: AccessContext, connection: Connection) -> bool:
    """True if a newer connection has the same token: a platform may issue one token for each person."""
    rows = select(Connection).where(
        Connection.agency_id == connection.agency_id,
        Connection.platform == connection.platform,
        Connection.id > connection.id,
        Connection.status == "live",
    )
    newer = (await session.scalars(rows)).all()
    if connection.token_encrypted is None or not newer:
        return False
    mine = connections.token(connection, context.keyring)
    return any(connections.token(other, context.keyring) == mine for other in newer)


async def _delete_token(session: AsyncSession, connection: Connection) -> None:
    """Delete the revoked token.

    In one statement: after a second change PostgreSQL checks the foreign keys again, which waits for the link.
    """
    was_dead = connection.status == "dead"
    gone = (
        _leased(connection)
        .values(
            status="revoked", token_encrypted=None, refresh_token_encrypted=None, refresh_at=None,
            ended_at=connection.ended_at or clock.now(), due_at=None, **_RELEASED,
        )
        .returning(Connection.id)
    )  # fmt: skip
    if (await session.execute(gone)).scalar_one_or_none() is None:
        raise LeaseLost(Connection.__name__)
    if not was_dead:  # the event of the dead token was enough
        await record(
            session, catalog.CONNECTION_REVOKED, agency_id=connection.agency_id, subject_id=connection.id,
            actor=system_actor(),
            data=ConnectionData(**await connections.facts(session, connection)),
        )  # fmt: skip


async def _rest(session: AsyncSession, connection: Connection) -> None:
    """Release the row: there is no token left to revoke."""
    await session.execute(
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id, Connection.id == connection.id, Connection.status == "revoked"
        )
        .values(due_at=None, **_RELEASED)
    )


async def _try_later(session: AsyncSession, connection: Connection) -> None:
    if connection.tries == 1:
        await record(
            session, catalog.CONNECTION_REVOCATION_FAILED, agency_id=connection.agency_id, subject_id=connection.id,
            actor=system_actor(),
            data=ConnectionActorData(**await connections.facts(session, connection), next_actor="us"),
        )  # fmt: skip
    await jobs.postpone(session, connection, due_in=jobs.backoff(connection.tries, longest=timedelta(hours=1)))
