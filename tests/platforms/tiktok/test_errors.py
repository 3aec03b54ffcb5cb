"""What TikTok's return codes mean: the official list, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.tiktok import errors

DENIED = {
    40000: "app_problem", 40001: "not_bc_admin", 40002: "app_problem", 40006: "app_problem", 40007: "asset_not_found",
    40008: "app_problem", 40009: "app_problem", 40010: "app_problem", 40011: "app_problem", 40013: "app_problem",
    40014: "app_problem", 40051: "app_problem", 40101: "app_problem", 40102: "connection_dead",
    40103: "connection_dead", 40104: "app_problem", 40105: "connection_dead", 40106: "connection_dead",
    40107: "connection_dead", 40108: "connection_dead", 40110: "auth_code_expired", 40113: "app_problem",
    40115: "app_problem", 40116: "app_problem", 40117: "app_problem", 40118: "app_problem", 40119: "app_problem",
    40124: "app_problem", 40125: "app_problem", 40300: "asset_not_found", 40301: "asset_not_found",
    40502: "app_problem", 40700: "app_problem", 40900: "app_problem", 41000: "app_problem", 41001: "app_problem",
    41002: "app_problem",
}  # fmt: skip
NOT_THIS_ASSET = "You don't have permission to the asset(7255667788990011223)"


@pytest.mark.parametrize("code", DENIED)
def test_a_refusal_waits_for_a_person(code: int) -> None:
    assert errors.meaning(code, write=True) == errors.meaning(code, write=False) == "denied"
    assert errors.blocker(code) == DENIED[code]


@pytest.mark.parametrize("code", [40016, 40100, 40132, 40133])
def test_too_often_is_the_same_for_reads_and_writes(code: int) -> None:
    assert errors.meaning(code, write=True) == errors.meaning(code, write=False) == "limited"


@pytest.mark.parametrize("code", [20001, 40050, 50000, 50002, 51305, 51021])
def test_after_these_a_write_is_looked_for_and_a_read_repeated(code: int) -> None:
    assert errors.meaning(code, write=True) == "unclear"
    assert errors.meaning(code, write=False) == "unavailable"


@pytest.mark.parametrize("code", [40200, 40201, 40202, 60001])
def test_later(code: int) -> None:
    assert errors.meaning(code, write=True) == errors.meaning(code, write=False) == "unavailable"


def test_maintenance_is_not_asked_about_every_second() -> None:
    assert errors.retry_after(60001) == 300
    assert errors.retry_after(50000) == errors.retry_after(40100) == 1


@pytest.mark.parametrize(
    ("code", "message", "about_asset", "blocker"),
    [
        (40002, NOT_THIS_ASSET, True, "asset_not_found"),
        (40002, "asset_ids: Not a valid list.", False, "app_problem"),
        (40001, NOT_THIS_ASSET, True, "not_bc_admin"),
        (40001, "No permission to operate.", False, "not_bc_admin"),
        (40105, NOT_THIS_ASSET, False, "connection_dead"),
        (40000, "app_id is inconsistent with the token's app information", False, "connection_dead"),
        (40113, "app_id does not match the access token.", False, "connection_dead"),
        (40113, "App is blocked or app_id does not match the access token.", False, "app_problem"),
    ],
)
def test_a_refusal_of_an_asset_is_told_from_that_of_a_call(
    code: int, message: str, about_asset: bool, blocker: str
) -> None:
    assert errors.about_asset(code, message) is about_asset
    assert errors.blocker(code, message) == blocker


@given(st.integers(-1, 10**6), st.booleans())
def test_only_zero_is_ok(code: int, write: bool) -> None:
    assert (errors.meaning(code, write=write) == "ok") == (code == 0)
