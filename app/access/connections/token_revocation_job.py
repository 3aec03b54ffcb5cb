"""Revocation of tokens at the platform, repeated until it succeeds."""

from datetime import timedelta

from sqlalchemy import select, update
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
from app.kit.jobs import LeaseLost
from app.platforms.port import App, ConnectedPlatform, PlatformFailure, RecordedCall

LEASE = timedelta(seconds=45)


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
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.lease_token == connection.lease_token,
        )
        .values(
            status="revoked", token_encrypted=None, ended_at=connection.ended_at or clock.now(), due_at=None,
            lease_until=None, lease_token=None, tries=0,
        )
        .returning(Connection.id)
        .execution_options(synchronize_session=False)
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
        .values(due_at=None, lease_until=None, lease_token=None, tries=0)
    )


async def _try_later(session: AsyncSession, connection: Connection) -> None:
    if connection.tries == 1:
        await record(
            session, catalog.CONNECTION_REVOCATION_FAILED, agency_id=connection.agency_id, subject_id=connection.id,
            actor=system_actor(),
            data=ConnectionActorData(**await connections.facts(session, connection), next_actor="us"),
        )  # fmt: skip
    await jobs.postpone(session, connection, due_in=timedelta(seconds=min(2**connection.tries, 3600)))
