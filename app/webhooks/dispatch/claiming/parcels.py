"""What is claimed, with all that is needed to send it."""

from collections.abc import Sequence
from typing import NamedTuple

from app.kit.database import Sessions
from app.webhooks.dispatch.claiming.claimed import Claimed, Contents, Leased, Stamps
from app.webhooks.dispatch.claiming.prepared import Prepared, Shelf


class Parcel(NamedTuple):
    """A claimed delivery, the endpoint it goes to and what it carries."""

    row: Claimed
    endpoint: Prepared
    contents: Contents


async def pack(sessions: Sessions, shelf: Shelf, leased: Sequence[Leased], stamps: Stamps) -> list[Parcel]:
    """Each delivery whose endpoint, deleted or not, can be opened."""
    endpoints = await shelf.get(sessions, stamps)
    return [Parcel(row, endpoints[row.endpoint_id], it) for row, it in leased if row.endpoint_id in endpoints]
