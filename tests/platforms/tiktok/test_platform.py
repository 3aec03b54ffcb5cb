"""Consent address and permissions; the calls themselves are tested through the loop, against the simulator."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.platforms.port import App, Token
from app.platforms.tiktok.platform import TikTok
from app.platforms.tiktok.wire import Wire

APP = App("7400000000000000001", "secret")


def _tiktok(auth_url: str) -> TikTok:
    return TikTok(Wire(httpx2.AsyncClient(), "https://tiktok.test/v1.3"), auth_url, "https://us/callbacks/tiktok", None)


def test_an_address_copied_from_my_apps_keeps_its_query_and_gets_our_state() -> None:
    copied = "https://business-api.tiktok.com/portal/auth?app_id=1&state=your_custom_params&rid=abc&redirect_uri=x"
    query = parse_qs(urlsplit(_tiktok(copied).consent_address(APP, state="s1")).query)
    assert query == {
        "app_id": [APP.app_id], "state": ["s1"], "rid": ["abc"], "redirect_uri": ["https://us/callbacks/tiktok"],
    }  # fmt: skip


def test_secrets_do_not_show_where_a_value_is_printed() -> None:
    assert "top-secret" not in repr(App("1", "top-secret"))
    assert "top-secret" not in repr(Token("top-secret", (1,)))


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ((100, 150, 153, 155), 0), ((1,), 0), ((10, 15), 0), ((100, 15), 0), ((100, 150, 153), 1), ((155,), 3),
        ((), 4), ((2, 8), 4),
    ],
)  # fmt: skip
def test_permissions_that_are_missing_are_named(scopes: tuple[int, ...], missing: int) -> None:
    named = _tiktok("https://t/").missing_scopes(Token("t", scopes))
    assert len(named) == missing
    assert all("Ad Account Management" in name for name in named)
