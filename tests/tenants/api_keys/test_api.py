"""API keys over HTTP, and who calls."""

from datetime import timedelta

import httpx2

from app.kit import clock
from tests import world as worlds
from tests.world import World


async def test_me_labels_a_connection(api: httpx2.AsyncClient, world: World) -> None:
    me = (await api.get("/me")).json()
    assert (me["agency_id"], me["agency_name"]) == (world.north.agency_id, "North Agency")
    assert (me["key_id"], me["key_name"]) == (world.north.key_id, "tests")
    assert "links:write" in me["scopes"]


async def test_a_new_key_works_and_its_value_is_shown_once(api: httpx2.AsyncClient) -> None:
    made = await api.post("/keys", json={"name": "CRM", "scopes": ["clients:read", "clients:read"]})
    key = made.json()
    assert (made.status_code, key["scopes"], key["value"][-4:]) == (201, ["clients:read"], key["hint"])
    bearer = {"Authorization": f"Bearer {key['value']}"}
    assert (await api.get("/clients", headers=bearer)).status_code == 200
    assert (await api.get("/links", headers=bearer)).json()["code"] == "scope_missing"
    read = (await api.get(f"/keys/{key['id']}")).json()
    assert "value" not in read
    assert read["last_used_at"]


async def test_an_ended_or_expired_key_is_no_key(api: httpx2.AsyncClient) -> None:
    key = (await api.post("/keys", json={"name": "x", "scopes": ["links:read"]})).json()
    bearer = {"Authorization": f"Bearer {key['value']}"}
    ended = (await api.post(f"/keys/{key['id']}/revocation")).json()
    again = (await api.post(f"/keys/{key['id']}/revocation")).json()
    assert ended["revoked_at"] == again["revoked_at"] is not None
    refused = await api.get("/me", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_invalid")


async def test_a_key_makes_no_mightier_key(api: httpx2.AsyncClient) -> None:
    small = (await api.post("/keys", json={"name": "x", "scopes": ["keys:write", "links:read"]})).json()
    bearer = {"Authorization": f"Bearer {small['value']}"}
    more = await api.post("/keys", json={"name": "y", "scopes": ["links:write"]}, headers=bearer)
    assert (more.status_code, more.json()["code"]) == (403, "scope_not_yours")
    same = await api.post("/keys", json={"name": "y", "scopes": ["links:read"]}, headers=bearer)
    assert same.status_code == 201


async def test_scopes_and_times_are_checked(api: httpx2.AsyncClient) -> None:
    wrong = (await api.post("/keys", json={"name": "x", "scopes": ["links:burn"]})).json()
    assert wrong["errors"]["scopes"].startswith("'links:burn' is no scope. Scopes are: agency:read")
    past = (clock.now() - timedelta(seconds=5)).isoformat()
    late = await api.post("/keys", json={"name": "x", "scopes": ["links:read"], "expires_at": past})
    assert late.json()["errors"] == {"expires_at": "Choose a time that is still to come."}


async def test_lists_page_newest_first(api: httpx2.AsyncClient, world: World) -> None:
    for name in ("a", "b", "c"):
        await api.post("/keys", json={"name": name, "scopes": ["links:read"]})
    first = (await api.get("/keys", params={"limit": 3})).json()
    second = (await api.get("/keys", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [key["name"] for key in first["data"] + second["data"]] == ["c", "b", "a", "tests"]
    assert second["next_cursor"] is None
    assert world.north.key not in str(first) + str(second)
    assert worlds.KEYS not in str(first)
