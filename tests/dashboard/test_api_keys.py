"""API keys: made with chosen scopes, their value shown once, and revoked."""

import re
from datetime import datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select

from app import installation
from app.kit.actor import Actor
from app.kit.database import Sessions
from app.settings import Settings
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.service import ApiKey
from app.tenants.members import service as members
from app.tenants.members.models import Member, Role
from tests.client_portal.walk import press
from tests.dashboard.conftest import CHEAP_HASH, SignIn
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


async def _made_by(sessions: Sessions, corner: Corner, actor: Actor, name: str, *scopes: str) -> tuple[ApiKey, str]:
    async with sessions.begin() as session:
        return await api_keys.create_key(
            session, corner.agency_id, name=name, scopes=list(scopes) or ["links:read"], expires_at=None, actor=actor
        )


async def test_removing_a_member_asks_about_the_keys_they_made(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, settings: Settings,
    world: World,
) -> None:  # fmt: skip
    await sign_in()
    north, people = world.north, dict[str, Member]()
    async with sessions.begin() as session:
        for name in ("Bo", "Cy", "Di"):
            people[name] = await members.add(
                session, north.agency_id, name=name, email=f"{name}@x.example", role="manager", password_hash=CHEAP_HASH
            )
    _, value = await _made_by(sessions, north, people["Bo"].actor, "CRM", "keys:write", "links:read")
    child = (await api.post("/keys", json={"name": "Child", "scopes": ["links:read"]}, headers=_as(value))).json()
    assert child["made_by_id"] == people["Bo"].id, "a key of a key has its maker"
    kept, kept_value = await _made_by(sessions, north, people["Cy"].actor, "Report")
    over, _ = await _made_by(sessions, north, people["Bo"].actor, "Over")
    async with sessions.begin() as session:
        await api_keys.revoke_key(session, north.agency_id, over.id, actor=TESTS)
    page, removal = f"/desk/team/{people['Bo'].id}", f"/desk/team/{people['Bo'].id}/removal"
    shown = (await browser.get(page)).text
    assert "Bo made 2 API keys" in shown
    assert not re.search(r"<details\s+open", shown), "the button to remove somebody takes two presses"
    assert ("CRM" in shown, "Child" in shown, "Over" in shown, "Report" in shown) == (True, True, False, False)
    undecided = await press(browser, page, removal)
    assert (undecided.status_code, "Choose what happens to the API keys." in undecided.text) == (422, True)
    assert re.search(r"<details\s+open", undecided.text), "the choice is in sight"
    assert (await browser.get(page)).status_code == 200, "and nobody is removed"
    assert (await press(browser, page, removal, keys="revoke")).status_code == 303
    for each in (value, child["value"]):
        assert (await api.get("/links", headers=_as(each))).status_code == 401
    assert (await api.get("/links", headers=_as(kept_value))).status_code == 200

    assert "who was removed" not in (await browser.get("/desk/keys")).text
    assert (await press(browser, "/desk/team", f"/desk/team/{people['Cy'].id}/removal", keys="keep")).status_code == 303
    listed = (await browser.get("/desk/keys")).text
    assert (listed.count("made by Cy"), listed.count("made by Bo"), listed.count("who was removed")) == (1, 3, 1)
    found = {each.what: each for each in await installation.for_agencies(settings, sessions, north.agency_id)}
    assert (found["API keys"].status, f"(ends in {kept.hint})" in found["API keys"].words) == ("limited", True)
    foreign = await installation.for_agencies(settings, sessions, world.south.agency_id)
    assert "API keys" not in {each.what for each in foreign}

    _, without = await _made_by(sessions, north, TESTS, "Team", "members:write")
    last, _ = await _made_by(sessions, north, people["Di"].actor, "Last")
    path = f"/members/{people['Di'].id}"
    refused = await api.delete(path, params={"revoke_keys": True}, headers=_as(without))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    removed = (await api.delete(path, params={"revoke_keys": True})).json()
    assert [(each["id"], bool(each["revoked_at"])) for each in removed["keys"]] == [(last.id, True)]
    assert (await api.get(f"/keys/{last.id}")).json()["made_by_id"] == people["Di"].id


def _as(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}
