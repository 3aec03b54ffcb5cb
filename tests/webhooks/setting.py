"""Putting endpoints into statuses that would take days to come about."""

from typing import Any

from sqlalchemy import update

from app.kit.database import Sessions
from app.webhooks.models import Endpoint, EndpointHealth


async def endpoint(sessions: Sessions, row: Endpoint, **values: Any) -> None:
    """Sets columns of an endpoint."""
    await _set(sessions, Endpoint, row, values)


async def health(sessions: Sessions, row: Endpoint, **values: Any) -> None:
    """Sets columns of an endpoint's health."""
    await _set(sessions, EndpointHealth, row, values)


async def _set(sessions: Sessions, table: type[Endpoint | EndpointHealth], row: Endpoint, values: Any) -> None:
    async with sessions.begin() as session:
        await session.execute(
            update(table)
            .where(table.agency_id == row.agency_id, table.id == row.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
