"""What leaves as soon as it is made: where nobody waits before them, whoever fans an event out keeps its deliveries.

They are made with a lease, and never have to be claimed. The rules are those of a claim: fair shares of the slots, the
limits of each endpoint, one worker at a time that chooses.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from app.kit import clock
from app.webhooks.dispatcher.claimed import Leased, Stamps
from app.webhooks.dispatcher.delivery_writer import DeliverySpec
from app.webhooks.dispatcher.subscriptions import EndpointCapacity
from app.webhooks.policies.fair_share import EndpointQueue, SlotUsage, allot


class ImmediateSender(Protocol):
    """Whoever can send what was just made: the sending loop of the same worker."""

    def offer(self) -> AbstractAsyncContextManager[SlotUsage | None]:
        """Its slots, which nobody else deals meanwhile; None where others wait for them."""
        ...

    async def take(self, leased: Sequence[Leased], stamps: Stamps) -> None:
        """Sends these, whose leases are committed."""
        ...


def deal(
    wishes: Iterable[DeliverySpec], seats: Mapping[uuid.UUID, EndpointCapacity], taken: SlotUsage
) -> dict[uuid.UUID, int]:
    """By endpoint, how many of its new deliveries leave at once."""
    if not seats or taken.free <= 0:
        return {}
    wanted = Counter(endpoint.key for wish in wishes for endpoint in wish.endpoints if endpoint.key in seats)
    now = clock.now()
    given = allot([_lane(key, seats[key], ready, taken, now) for key, ready in wanted.items()], taken)
    return {key: number for (key, _), number in given.items()}


def _lane(key: uuid.UUID, seat: EndpointCapacity, ready: int, taken: SlotUsage, now: datetime) -> EndpointQueue:
    in_flight = max(seat.in_flight, taken.in_air.get(key, 0))
    return EndpointQueue(seat.agency, key, "first", ready, now, seat.concurrency - in_flight, in_flight)
