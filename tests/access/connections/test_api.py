"""Connections over HTTP: inviting the agency's own side, giving a token back."""

import httpx2
from fastapi import FastAPI

from tests.house import House


async def test_an_invitation_is_an_address_to_open(api: httpx2.AsyncClient, browser: httpx2.AsyncClient) -> None:
    made = await api.post("/connections/invitations")
    assert made.status_code == 201
    assert made.json()["address"].startswith("https://go.keyturn.example/connect/")
    assert (await browser.get(made.json()["address"])).status_code == 200


async def test_without_an_app_nobody_is_invited(api: httpx2.AsyncClient, app: FastAPI) -> None:
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    refused = await api.post("/connections/invitations")
    assert (refused.status_code, refused.json()["code"]) == (409, "platform_app_missing")


async def test_a_token_is_given_back_on_wish(api: httpx2.AsyncClient, house: House) -> None:
    await house.connect_agency(house.world.north)
    (connection,) = (await api.get("/connections")).json()["data"]
    assert (connection["side"], connection["status"], connection["gives_back_at"]) == ("agency", "live", None)
    ended = await api.post(f"/connections/{connection['id']}/revocation")
    assert ended.status_code == 202
    assert ended.json()["gives_back_at"]
    await house.work(1)
    assert (await api.get(f"/connections/{connection['id']}")).json()["status"] == "revoked"
    again = await api.post(f"/connections/{connection['id']}/revocation")
    assert (again.status_code, again.json()["code"]) == (409, "connection_ended")
