"""Which redirect addresses can work, and what is said of those that cannot."""

from datetime import UTC, datetime

import pytest

from app.platforms.tiktok import findings

CAME_BACK = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "came_back", "status", "says"),
    [
        ("https://go.agency.com/callbacks/tiktok", CAME_BACK, "pass", "3 November 2026"),
        ("https://go.agency.com/callbacks/tiktok", None, "cannot_tell", "no return"),
        ("https://go.agency.com/callbacks/tiktok/", CAME_BACK, "fail", "ends in a slash"),
        ("https://go.agency.com/oauth", CAME_BACK, "fail", "not one of Keyturn's"),
        ("https://go.agency.com/callbacks/tiktok?x=1", CAME_BACK, "fail", "not one of Keyturn's"),
        ("http://go.agency.com/callbacks/tiktok", CAME_BACK, "fail", "not https"),
        ("http://localhost:8000/callbacks/tiktok", CAME_BACK, "cannot_tell", "an address of this machine"),
        ("http://127.0.0.1:8000/callbacks/tiktok", None, "cannot_tell", "an address of this machine"),
    ],
)
def test_an_address_that_cannot_work_is_told_with_what_to_do(
    address: str, came_back: datetime | None, status: str, says: str
) -> None:
    found = findings.redirect_address_finding(address, came_back)
    assert (found.status, says in found.words) == (status, True), found.words
    assert (found.do is None) == (status == "pass")


def test_this_machine_is_told_to_use_a_tunnel() -> None:
    assert "tunnel" in (findings.redirect_address_finding("http://localhost/callbacks/tiktok", None).do or "")
