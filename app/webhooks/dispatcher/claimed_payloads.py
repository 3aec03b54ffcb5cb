"""What is claimed, with all that is needed to send it."""

from collections.abc import Sequence
from typing import NamedTuple

from app.kit.database import Sessions
from app.webhooks.dispatcher.claimed import ClaimedDelivery, ClaimedPayload, Leased, Stamps
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot


class OutboundDelivery(NamedTuple):
    """A claimed delivery, the endpoint it goes to and what it carries."""

    row: ClaimedDelivery
    endpoint: EndpointSnapshot
    contents: ClaimedPayload


async def pack(
    sessions: Sessions, shelf: EndpointCache, leased: Sequence[Leased], stamps: Stamps
) -> list[OutboundDelivery]:
    """Each delivery whose endpoint, deleted or not, can be opened."""
    endpoints = await shelf.get(sessions, stamps)
    return [OutboundDelivery(row, endpoints[row.endpoint_id], it) for row, it in leased if row.endpoint_id in endpoints]
