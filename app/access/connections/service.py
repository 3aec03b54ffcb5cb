"""Ending connections: a token given back, or found dead."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections.models import Connection
from app.events import catalog
from app.events.recorder import KEYTURN, record
from app.kit.errors import AppError


class AlreadyEnded(AppError):
    """The connection was ended before."""

    status = 409
    code = "connection_ended"
    detail = "This connection has ended already."
    hint = "Nothing to do: its token is gone from here."


async def mark_dead(session: AsyncSession, connection: Connection) -> None:
    """The platform no longer accepts the token. One that is being given back is no news."""
    ended = (
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.status == "live",
            Connection.due_at.is_(None) | (Connection.due_at > func.now()),
        )
        .values(status="dead", ended_at=func.now(), due_at=func.now())
        .returning(Connection.id)
    )
    if (await session.execute(ended)).scalar_one_or_none():
        actor = "agency" if connection.side == "agency" else "client"
        await record(
            session, catalog.CONNECTION_TOKEN_INVALID, agency_id=connection.agency_id, subject_id=connection.id,
            actor=KEYTURN, data=event_data(connection) | {"next_actor": actor},
        )  # fmt: skip


async def revoke_soon(session: AsyncSession, agency_id: str, client_id: str) -> None:
    """The client's tokens are needed no longer: they are due to be given back now."""
    await session.execute(
        update(Connection)
        .where(Connection.agency_id == agency_id, Connection.client_id == client_id, Connection.status == "live")
        .values(due_at=func.now())
    )


async def save_discovered(session: AsyncSession, connection: Connection, found: dict[str, Any]) -> None:
    """The client's lists were read again."""
    await session.execute(
        update(Connection)
        .where(Connection.agency_id == connection.agency_id, Connection.id == connection.id)
        .values(found=found, found_at=func.now())
    )


async def extend_token_use(session: AsyncSession, connection: Connection, hold: timedelta) -> None:
    """A write goes out with the token: its time counts from now, unless it is due to be given back already."""
    await session.execute(
        update(Connection)
        .where(
            Connection.agency_id == connection.agency_id,
            Connection.id == connection.id,
            Connection.status == "live",
            Connection.due_at > func.now(),
        )
        .values(due_at=func.now() + hold)
    )


async def end_connection(session: AsyncSession, connection: Connection) -> Connection:
    """Ends a connection on the agency's wish: its token is given back at once. Raises AlreadyEnded."""
    if connection.status == "revoked":
        raise AlreadyEnded
    connection.due_at = func.now()
    await session.flush()
    await session.refresh(connection)
    return connection


def event_data(connection: Connection) -> dict[str, object]:
    """Event data of a connection, without names."""
    return {
        "connection_id": connection.id,
        "link_id": connection.link_id,
        "client_id": connection.client_id,
        "platform": connection.platform,
    }
