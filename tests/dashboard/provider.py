"""A real OpenID provider that runs beside the tests, its people, and the way there and back."""

import warnings
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.world import PUBLIC_URL

with warnings.catch_warnings():  # the package still imports Authlib's older names
    warnings.simplefilter("ignore")
    from oidc_provider_mock import User, run_server_in_thread

__all__ = ["PEOPLE", "at_provider", "come_back", "of_settings", "run_server_in_thread"]
NORA, EVE, MUTE, STALE, BO = "nora-1", "eve-1", "mute-1", "stale-1", "bo-1"
PEOPLE = (
    User(sub=NORA, claims={"email": "Nora@North.example", "email_verified": True, "name": "Nora North"}),
    User(sub=EVE, claims={"email": "nora@north.example", "email_verified": False}),
    User(sub=MUTE, claims={}),
    User(sub=STALE, claims={"auth_time": 1}),
    User(sub=BO, claims={"email": "Bo@North.example", "email_verified": True}),
)


def of_settings(issuer: str) -> dict[str, str]:
    """The settings that switch the provider on."""
    return {
        "oidc_issuer": issuer, "oidc_name": "North’s login", "oidc_client_id": "keyturn", "oidc_client_secret": "s"
    }  # fmt: skip


async def at_provider(address: str, person: str) -> dict[str, str]:
    """The query of the return address after a person has signed in there."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(address, data={"sub": person})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{PUBLIC_URL}/desk/oidc/oidc/return?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def come_back(browser: httpx2.AsyncClient, query: dict[str, str], provider: str = "oidc") -> httpx2.Response:
    return await browser.get(f"/desk/oidc/{provider}/return", params=query)
