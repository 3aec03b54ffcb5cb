"""The agency over HTTP: what clients see of it, its TikTok app, its Business Centers."""

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.tenants.agencies import service as agencies
from app.tenants.agencies.service import secret_place
from tests.world import World


async def test_changes_only_what_is_given(api: httpx2.AsyncClient, world: World) -> None:
    before = (await api.get("/agency")).json()
    after = (await api.patch("/agency", json={"colour": "#AA3300"})).json()
    assert after == before | {"colour": "#aa3300"}
    assert (await api.get("/agency")).json() == after
    assert (await api.patch("/agency", json={})).json() == after


async def test_refuses_what_cannot_be_shown(api: httpx2.AsyncClient) -> None:
    for body in ({"colour": "red"}, {"name": None}, {"name": ""}, {"contact_email": "x"}, {"slug": "other"}):
        answer = await api.patch("/agency", json=body)
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == list(body)


async def test_the_apps_secret_is_sealed_and_never_shown(
    api: httpx2.AsyncClient, session: AsyncSession, keyring: Keyring, world: World
) -> None:
    default = (await api.get("/agency/platform-apps/tiktok")).json()
    assert (default["app_id"], default["belongs_to"]) == ("7400000000000000001", "installation")
    assert default["redirect_uri"] == "https://go.keyturn.example/callbacks/tiktok"
    own = {"app_id": "7400000000000000002", "secret": "very-secret"}
    put = await api.put("/agency/platform-apps/tiktok", json=own)
    assert put.json() == default | {"app_id": "7400000000000000002", "belongs_to": "agency"}
    assert "very-secret" not in put.text + (await api.get("/agency/platform-apps/tiktok")).text
    row = await agencies.platform_app(session, world.north.agency_id, "tiktok")
    assert row is not None
    opened = keyring.decrypt(row.secret_encrypted, bound_to=secret_place(world.north.agency_id, row.id))
    assert opened == "very-secret"


async def test_without_any_app_it_says_so(api: httpx2.AsyncClient, app: FastAPI) -> None:
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    none = (await api.get("/agency/platform-apps/tiktok")).json()
    assert (none["app_id"], none["belongs_to"]) == (None, None)


async def test_an_app_id_with_letters_is_explained(api: httpx2.AsyncClient) -> None:
    answer = await api.put("/agency/platform-apps/tiktok", json={"app_id": "aw123", "secret": "x"})
    assert "TikTok for Developers" in answer.json()["errors"]["app_id"]


async def test_business_centers_come_and_go(api: httpx2.AsyncClient, world: World) -> None:
    made = await api.post("/agency/accounts", json={"account_id": "7000111122223333444", "name": "Two"})
    assert made.status_code == 201
    again = await api.post("/agency/accounts", json={"account_id": "7000111122223333444", "name": "Two"})
    assert (again.status_code, again.json()["code"]) == (409, "agency_account_known")
    listed = (await api.get("/agency/accounts")).json()["data"]
    assert [center["account_id"] for center in listed] == [world.north.account_id, "7000111122223333444"]
    gone = await api.delete(f"/agency/accounts/{made.json()['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert len((await api.get("/agency/accounts")).json()["data"]) == 1
