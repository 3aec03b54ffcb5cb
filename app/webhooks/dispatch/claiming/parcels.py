"""What the deliveries of one claim carry, read in few statements whatever their number."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import DateTime, Uuid, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.events.model import Event
from app.kit import rows
from app.kit.database import ACROSS_AGENCIES, Sessions, autocommit
from app.webhooks.dispatch.claiming.claim import Claimed, Haul
from app.webhooks.dispatch.claiming.prepared import Prepared, Shelf
from app.webhooks.dispatch.model import WebhookBody

_BODIES: rows.Columns = {"agency_id": Uuid(), "id": Uuid(), "created_at": DateTime(timezone=True), "event_id": Uuid()}


_asked = rows.table("asked", _BODIES)
_body, _event = WebhookBody.__table__, Event.__table__
_CONTENTS = (
    select(_asked.c.id, _body.c.content, _event.c.occurred_at, _event.c.request_id)
    .select_from(_asked)
    .join(_event, (_event.c.agency_id == _asked.c.agency_id) & (_event.c.id == _asked.c.event_id))
    .outerjoin(
        _body,
        (_body.c.agency_id == _asked.c.agency_id)
        & (_body.c.id == _asked.c.id)
        & (_body.c.created_at == _asked.c.created_at),
    )
    .execution_options(**ACROSS_AGENCIES)
)


@dataclass(frozen=True, slots=True)
class Contents:
    """A body and the event it tells of. `content` is None where the body was dropped, empty where it was deleted.

    `request_id` is that of the request which produced the event, for the log.
    """

    content: bytes | None = field(repr=False)
    happened_at: datetime
    request_id: str | None


class Parcel(NamedTuple):
    """A claimed delivery with all that is needed to send it."""

    row: Claimed
    endpoint: Prepared
    contents: Contents


async def pack(sessions: Sessions, shelf: Shelf, haul: Haul) -> list[Parcel]:
    """Endpoint (deleted or not), live secrets and body of each delivery whose endpoint can be opened."""
    endpoints = await shelf.get(sessions, haul.stamps)
    async with autocommit(sessions) as connection:
        bodies = await _contents(connection, haul.rows)
    return [
        Parcel(row, endpoints[row.endpoint_id], bodies[row.body_id])
        for row in haul.rows
        if row.endpoint_id in endpoints
    ]


async def _contents(connection: AsyncConnection, claimed: Sequence[Claimed]) -> dict[uuid.UUID, Contents]:
    """By body; several deliveries carry the same one."""
    wanted = {row.body_id: (row.agency_id, row.body_id, row.body_created_at, row.event_id) for row in claimed}
    found = await connection.execute(_CONTENTS, rows.values("asked", _BODIES, list(wanted.values())))
    return {row[0]: Contents(row[1], row[2], row[3]) for row in found}
