"""API keys: made with chosen scopes, their value shown once, and revoked."""

import re
from datetime import datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select

from app.kit.database import Sessions
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.service import ApiKey
from app.tenants.members.models import Role
from tests.dashboard.conftest import SignIn
from tests.world import TESTS, Corner, World

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_VALUE = re.compile(r"kt_live_[\w-]{43}")


async def _send(
    browser: httpx2.AsyncClient, path: str, on: str = "/desk/keys/new", /, **fields: str | list[str]
) -> httpx2.Response:
    """A form, sent from a page."""
    token = _TOKEN.search((await browser.get(on)).text)
    assert token is not None
    return await browser.post(path, data={"form_token": token[1], **fields})


async def _keys(sessions: Sessions, corner: Corner) -> list[ApiKey]:
    rows = select(ApiKey).where(ApiKey.agency_id == corner.agency_id).order_by(ApiKey.id)
    async with sessions() as session:
        return list(await session.scalars(rows))


async def test_a_key_works_with_what_was_ticked_until_it_is_revoked(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    member = await sign_in("manager")
    made = await _send(browser, "/desk/keys/new", name="  CRM  ", life="30", scopes=["clients:read", "links:read"])
    assert made.status_code == 200
    value = _VALUE.search(made.text)
    assert value is not None
    assert "no-store" in made.headers["cache-control"]
    key = (await _keys(sessions, world.north))[-1]
    assert (key.name, key.scopes, key.hint) == ("CRM", ["clients:read", "links:read"], value[0][-4:])
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - datetime.now(key.expires_at.tzinfo) <= timedelta(days=30)
    as_key = {"Authorization": f"Bearer {value[0]}"}
    assert (await api.get("/links", headers=as_key)).status_code == 200
    assert (await api.get("/grants", headers=as_key)).status_code == 403
    page = (await browser.get("/desk/keys")).text
    assert f"ends in {key.hint}" in page
    assert value[0] not in page
    ask = f"/desk/keys/{key.id}/revocation"
    assert "Revoke CRM?" in (await browser.get(ask)).text
    assert (await api.get("/links", headers=as_key)).status_code == 200
    assert (await _send(browser, ask, ask)).status_code == 303
    assert (await api.get("/links", headers=as_key)).status_code == 401
    assert "Revoked" in (await browser.get("/desk/keys")).text
    entries = (await api.get("/audit", params={"subject_id": key.id})).json()["data"]
    assert [each["actor_id"] for each in entries] == [member.id, member.id]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "", "scopes": ["links:read"]}, "Say what will use the key."),
        ({"name": "CRM"}, "Tick at least one thing that the key may do."),
        ({"name": "CRM", "scopes": ["links:read", "everything"]}, "Tick at least one thing that the key may do."),
        ({"name": "CRM", "scopes": ["links:read"], "life": "-1"}, "Choose one of the times."),
        ({"name": "x" * 121, "scopes": ["links:read"]}, "at most 120"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World,
    fields: dict[str, str | list[str]], sentence: str,
) -> None:  # fmt: skip
    await sign_in()
    refused = await _send(browser, "/desk/keys/new", "/desk/keys/new", **{"life": "90", **fields})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert f'value="{fields["name"]}"' in refused.text
    assert bool(re.search(r'value="links:read"\s+checked', refused.text)) == ("links:read" in fields.get("scopes", []))
    assert len(await _keys(sessions, world.north)) == 1


async def test_the_list_has_pages(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        for number in range(51):
            await api_keys.create_key(
                session, world.north.agency_id, name=f"Key {number}", scopes=["links:read"], expires_at=None,
                actor=TESTS,
            )  # fmt: skip
    first = (await browser.get("/desk/keys")).text
    older = re.search(r'href="([^"]+cursor=[^"]+)"', first)
    assert older is not None
    second = (await browser.get(older[1])).text
    assert ("Key 50" in first, "Key 0<" in first.replace("\n", "")) == (True, False)
    assert ("Key 0" in second, "Key 50" in second) == (True, False)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("manager", 200), ("owner", 200)])
async def test_roles(browser: httpx2.AsyncClient, sign_in: SignIn, world: World, role: Role, status: int) -> None:
    await sign_in(role)
    for path in ("/desk/keys", "/desk/keys/new", f"/desk/keys/{world.north.key_id}/revocation"):
        assert (await browser.get(path)).status_code == status, path
    may_be_given = "members:owners" in (await browser.get("/desk/keys/new")).text
    assert may_be_given == (role == "owner"), "a manager makes no key that makes owners"
    assert ('href="/desk/keys"' in (await browser.get("/desk")).text) == (status == 200)


async def test_another_agency_and_nobody(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    ask = f"/desk/keys/{world.north.key_id}/revocation"
    for path in ("/desk/keys", "/desk/keys/new", ask):
        assert (await browser.get(path)).status_code == 303, path
    await sign_in(corner=world.south)
    assert world.north.key_id not in (await browser.get("/desk/keys")).text
    assert (await browser.get(ask)).status_code == 404
    assert (await _send(browser, ask)).status_code == 404
    assert [each.revoked_at for each in await _keys(sessions, world.north)] == [None]


@pytest.mark.parametrize("path", ["new", "key_01ksy1q3e0fzs8qj5m8g3d4w7s/revocation"])
async def test_forms_need_their_token(browser: httpx2.AsyncClient, sign_in: SignIn, path: str) -> None:
    await sign_in()
    assert (await browser.post(f"/desk/keys/{path}", data={"form_token": "wrong"})).status_code == 403
