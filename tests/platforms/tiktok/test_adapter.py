"""Consent address and permissions as the rooms above ask for them."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.kit.database import Sessions
from app.platforms.port import Access, App, ConnectedPlatform, Token
from app.platforms.rate_limit_policy import Limits
from app.platforms.rate_limiter import RateLimiter
from app.platforms.registry import Platforms
from app.platforms.tiktok.adapter import TikTok
from app.platforms.tiktok.client import Wire

APP = App("7400000000000000001", "secret")


@pytest.fixture
def tiktok_at(sessions: Sessions) -> TikTok:
    copied = "https://business-api.tiktok.com/portal/auth?app_id=1&state=your_custom_params&rid=abc&redirect_uri=x"
    wire = Wire(httpx2.AsyncClient(), "https://tiktok.test/v1.3", RateLimiter(sessions, "tiktok", Limits(8, 480)))
    return TikTok(wire, copied, "https://us/callbacks/tiktok", None)


def test_an_address_copied_from_my_apps_keeps_its_query_and_gets_our_state(tiktok_at: TikTok) -> None:
    query = parse_qs(urlsplit(tiktok_at.consent(APP, state="s1").address).query)
    assert query == {
        "app_id": [APP.app_id], "state": ["s1"], "rid": ["abc"], "redirect_uri": ["https://us/callbacks/tiktok"],
    }  # fmt: skip


def test_secrets_do_not_show_where_a_value_is_printed() -> None:
    assert "top-secret" not in repr(App("1", "top-secret"))
    assert "top-secret" not in repr(Token("top-secret", ("1",), refresh_token="top-secret"))
    assert "top-secret" not in repr(Access("top-secret", "1"))


def test_without_kinds_the_permissions_for_ad_accounts_are_asked_for(tiktok_at: TikTok) -> None:
    assert [name.rsplit(" > ", 1)[-1] for name in tiktok_at.missing_scopes(("100", "150", "153"))] == [
        "Business Center Partner Management"
    ]
    assert tiktok_at.may(("800",), "pixels")


def test_only_platforms_with_an_api_are_found_as_connected(tiktok_at: TikTok) -> None:
    platform: ConnectedPlatform = tiktok_at  # the whole port, or the type checker says what is missing
    platforms = Platforms(platform)
    assert platforms.connected("tiktok") is platforms["tiktok"] is platform
    with pytest.raises(KeyError):
        platforms.connected("meta")
