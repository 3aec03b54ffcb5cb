"""What a terminal gives as text."""

import pytest

from app.kit.errors import InvalidInput
from app.webhooks.endpoints.terminal_options import pairs, rate


def test_pairs() -> None:
    assert pairs(None) is None
    assert pairs([""]) == {}
    assert pairs(["Authorization=Bearer a=b", "X-A="]) == {"Authorization": "Bearer a=b", "X-A": ""}
    with pytest.raises(InvalidInput):
        pairs(["nothing"])


def test_rates() -> None:
    assert rate(None) is None
    assert rate("") is None
    assert rate("10") == {"max": 10}
    assert rate("10/60/20") == {"max": 10, "per_seconds": 60, "burst": 20}
    for wrong in ("x", "1/x", "1/2/3/4", "-1", "1.5"):
        with pytest.raises(InvalidInput):
            rate(wrong)
