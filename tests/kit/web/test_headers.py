"""Which marks let an endpoint be changed."""

import pytest

from app.kit.web import headers


@pytest.mark.parametrize("given", [None, "*", '"3"', 'W/"3"', '"1", "3"', ' "3" ', '"2",*'])
def test_let_through(given: str | None) -> None:
    assert headers.etag_matches(given, 3)


@pytest.mark.parametrize("given", ['"2"', "3", "", '"33"', "nonsense", '"3', "W/3"])
def test_held_back(given: str) -> None:
    assert not headers.etag_matches(given, 3)


def test_what_we_gave_comes_back() -> None:
    assert headers.etag(7) == '"7"'
    assert headers.etag_matches(headers.etag(7), 7)
    assert not headers.etag_matches(headers.etag(7), 8)
