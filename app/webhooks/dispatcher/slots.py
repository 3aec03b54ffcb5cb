"""The slots of a worker: what it has in the air, and what it holds besides until that is written down."""

import uuid
from collections import Counter

from app.webhooks.dispatcher.claimed import ClaimedDelivery
from app.webhooks.policies.fair_share import Share, SlotUsage


class Slots:
    """Who has them. What was answered and is not written down has none, but a worker never holds more than twice as
    many deliveries as it has slots.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        #: leased and not written down
        self.held = 0
        self._shares: Counter[Share] = Counter()
        self._agencies: Counter[uuid.UUID] = Counter()
        #: by endpoint, without an answer yet
        self._in_air: Counter[uuid.UUID] = Counter()
        #: ids of deliveries that arrived and are not written down yet
        self._arrived: set[uuid.UUID] = set()

    @property
    def in_flight(self) -> int:
        """Without an answer yet."""
        return self._shares.total()

    def taken(self) -> SlotUsage:
        """As fairness looks at them."""
        left = max(2 * self.number - self.held, 0)
        slots = min(self.number, self.in_flight + left)
        return SlotUsage(slots, dict(self._shares), dict(self._agencies), dict(self._in_air), list(self._arrived))

    def fill(self, row: ClaimedDelivery) -> None:
        """It is about to be sent."""
        self.held += 1
        self._shares[row.share] += 1
        self._agencies[row.agency_id] += 1
        self._in_air[row.endpoint_id] += 1

    def free(self, row: ClaimedDelivery, *, arrived: bool) -> None:
        """It was answered, or could not be sent."""
        self._shares[row.share] -= 1
        _drop(self._agencies, row.agency_id)
        _drop(self._in_air, row.endpoint_id)
        if arrived:
            self._arrived.add(row.id)

    def forget(self, row: ClaimedDelivery) -> None:
        """It is written down, or could not be and its lease will run out."""
        self.held -= 1
        self._arrived.discard(row.id)


def _drop(counter: Counter[uuid.UUID], key: uuid.UUID) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
