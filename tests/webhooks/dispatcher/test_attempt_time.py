"""An attempt of many requests ends while its delivery is leased, however slowly each is answered."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from app.kit.egress.result import HttpResult
from app.webhooks.deliveries.transitions import LEASE_MARGIN_SECONDS
from app.webhooks.destinations import hubspot, hubspot_records
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.dispatcher.result_writer import AttemptResult
from app.webhooks.dispatcher.worker import send_requests
from app.webhooks.message import HttpRequest, RequestSequence
from app.webhooks.policies.response_classifier import AttemptOutcome

#: Requests of the largest attempt: HubSpot writes, creates a group and every property, each with a look, and writes.
MOST_REQUESTS = 2 * CATALOG["hubspot"].attempt_timeouts + sum(
    1 + 2 * len(hubspot_records.property_set()[kind]) for kind in hubspot.OBJECTS
)


class Slow:
    """A receiver on a clock of its own; each answer takes a share of the time-out that it was given."""

    def __init__(self, shares: list[float]) -> None:
        self.now = 0.0
        self._shares = iter(shares)

    def clock(self) -> float:
        return self.now

    async def call(self, *_: object, seconds: float, **_named: object) -> HttpResult:
        self.now += next(self._shares) * seconds
        return HttpResult(status=200)


def requests(number: int) -> RequestSequence:
    for part in range(number):
        yield HttpRequest("POST", "https://api.example/", {}, b"", str(part))
    return AttemptOutcome("http_200", True, "")


@given(
    st.sampled_from(sorted(CATALOG)),
    st.integers(1, 30),
    st.lists(st.floats(0.9, 1), min_size=1, max_size=MOST_REQUESTS),
)
def test_the_time_of_all_requests_is_bounded(destination: str, seconds: int, shares: list[float]) -> None:
    sequence, slow = requests(len(shares)), Slow(shares)
    endpoint = SimpleNamespace(id="endpoint", destination=destination, seconds=float(seconds))
    attempt = AttemptResult(cast("Any", None), cast("Any", endpoint), cast("Any", None), sequence, next(sequence))
    asyncio.run(send_requests(attempt, cast("Any", slow), clock=slow.clock))
    assert slow.now < seconds * CATALOG[destination].attempt_timeouts + LEASE_MARGIN_SECONDS
