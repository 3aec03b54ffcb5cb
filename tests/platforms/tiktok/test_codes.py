"""What TikTok's return codes mean: the official list, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.tiktok import codes

DENIED = {
    40000: "app_problem", 40001: "not_bc_admin", 40002: "app_problem", 40006: "app_problem", 40007: "asset_not_found",
    40008: "app_problem", 40009: "app_problem", 40010: "app_problem", 40011: "app_problem", 40013: "app_problem",
    40014: "app_problem", 40051: "app_problem", 40101: "app_problem", 40102: "connection_dead",
    40103: "connection_dead", 40104: "app_problem", 40105: "connection_dead", 40106: "connection_dead",
    40107: "connection_dead", 40108: "connection_dead", 40110: "auth_code_expired", 40113: "app_problem",
    40115: "app_problem", 40116: "app_problem", 40117: "app_problem", 40118: "app_problem", 40119: "app_problem",
    40124: "app_problem", 40125: "app_problem", 40300: "asset_not_found", 40301: "asset_not_found",
    41000: "app_problem", 41001: "app_problem", 41002: "app_problem",
}  # fmt: skip


@pytest.mark.parametrize("code", DENIED)
def test_a_refusal_waits_for_a_person(code: int) -> None:
    assert codes.meaning(code, write=True) == codes.meaning(code, write=False) == "denied"
    assert codes.blocker(code) == DENIED[code]


@pytest.mark.parametrize("code", [40016, 40100, 40132, 40133])
def test_too_often_is_the_same_for_reads_and_writes(code: int) -> None:
    assert codes.meaning(code, write=True) == codes.meaning(code, write=False) == "limited"


@pytest.mark.parametrize("code", [20001, 40050, 50000, 50002, 51305, 51021])
def test_after_these_a_write_is_looked_for_and_a_read_repeated(code: int) -> None:
    assert codes.meaning(code, write=True) == "unclear"
    assert codes.meaning(code, write=False) == "unavailable"


@pytest.mark.parametrize("code", [40200, 40201, 40202, 60001])
def test_later(code: int) -> None:
    assert codes.meaning(code, write=True) == codes.meaning(code, write=False) == "unavailable"


@given(st.integers(-1, 10**6), st.booleans())
def test_only_zero_is_ok(code: int, write: bool) -> None:
    assert (codes.meaning(code, write=write) == "ok") == (code == 0)
