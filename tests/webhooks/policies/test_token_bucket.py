"""What a rate limit lets go."""

from datetime import UTC, datetime, timedelta

import pytest

from app.webhooks.policies.health_rules import tokens_now

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)
LIMIT = {"max": 10, "per_seconds": 2, "burst": 20}


@pytest.mark.parametrize(
    ("left", "ago", "now_there"),
    [(None, None, 20.0), (0.0, 0.0, 0.0), (0.0, 1.0, 5.0), (3.0, 2.0, 13.0), (0.0, 60.0, 20.0), (4.0, -5.0, 4.0)],
)
def test_it_fills_up_to_its_burst(left: float | None, ago: float | None, now_there: float) -> None:
    """A clock that went back adds nothing."""
    at = None if ago is None else NOW - timedelta(seconds=ago)
    assert tokens_now(LIMIT, left, at, NOW) == pytest.approx(now_there)


def test_without_a_burst_it_holds_what_a_span_allows() -> None:
    assert tokens_now({"max": 3, "per_seconds": 1}, None, None, NOW) == 3.0


def test_without_a_limit_there_is_no_bucket() -> None:
    assert tokens_now(None, 1.0, NOW, NOW) is None
