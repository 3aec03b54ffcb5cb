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
from app.webhooks.dispatch.claiming.claimed import Leased, Stamps
from app.webhooks.dispatch.deciding.fairness import Lane, Taken, allot
from app.webhooks.dispatch.fanning.letters import Wish
from app.webhooks.dispatch.fanning.receivers import Seat


class Hands(Protocol):
    """Whoever can send what was just made: the sending loop of the same worker."""

    def offer(self) -> AbstractAsyncContextManager[Taken | None]:
        """Its slots, which nobody else deals meanwhile; None where others wait for them."""
        ...

    async def take(self, leased: Sequence[Leased], stamps: Stamps) -> None:
        """Sends these, whose leases are committed."""
        ...


def deal(wishes: Iterable[Wish], seats: Mapping[uuid.UUID, Seat], taken: Taken) -> dict[uuid.UUID, int]:
    """By endpoint, how many of its new deliveries leave at once."""
    if not seats or taken.free <= 0:
        return {}
    wanted = Counter(endpoint.key for wish in wishes for endpoint in wish.endpoints if endpoint.key in seats)
    now = clock.now()
    given = allot([_lane(key, seats[key], ready, taken, now) for key, ready in wanted.items()], taken)
    return {key: number for (key, _), number in given.items()}


def _lane(key: uuid.UUID, seat: Seat, ready: int, taken: Taken, now: datetime) -> Lane:
    in_flight = max(seat.in_flight, taken.in_air.get(key, 0))
    return Lane(seat.agency, key, "first", ready, now, seat.concurrency - in_flight, in_flight)
