"""An attempt of many requests ends while its delivery is leased, however slowly each is answered."""

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.dispatcher.http_attempt import LEAST_SECONDS, request_timeout

#: Requests of the largest attempt: HubSpot writes, creates what is missing, and writes again.
MOST_REQUESTS = 61
#: A lease exceeds the attempt's time by this much (`transitions.LEASE_SECONDS`).
MARGIN = 10


@given(
    st.sampled_from(sorted(CATALOG)),
    st.integers(1, 30),
    st.lists(st.floats(0, 1), min_size=1, max_size=MOST_REQUESTS),
)
def test_the_time_of_all_requests_is_bounded(destination: str, seconds: int, used: list[float]) -> None:
    """`used`: the share of its time-out that each request takes."""
    longest = seconds * CATALOG[destination].attempt_timeouts
    elapsed = 0.0
    for share in used:
        given_time = request_timeout(seconds, longest - elapsed)
        assert LEAST_SECONDS <= given_time <= seconds
        elapsed += share * given_time
    assert elapsed < longest + MARGIN
