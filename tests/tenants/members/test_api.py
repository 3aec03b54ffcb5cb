"""Members over HTTP: invitations, roles up to that of the key, removal, and sessions."""

from datetime import datetime, timedelta

import httpx2
import pytest

from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.tenants.api_keys import service as api_keys
from app.tenants.members import second_factor
from app.tenants.members import service as members
from app.tenants.members.models import Member, Role
from tests.dashboard.conftest import CHEAP_HASH
from tests.world import PUBLIC_URL, TESTS, World


@pytest.fixture
async def team(sessions: Sessions, world: World) -> dict[Role, Member]:
    """An owner who is signed in, a manager and a viewer of the north agency."""
    roles: tuple[Role, ...] = ("owner", "manager", "viewer")
    async with sessions.begin() as session:
        made = {
            role: await members.add(
                session, world.north.agency_id, name=role.title(), email=f"{role}@north.example", role=role,
                password_hash=CHEAP_HASH,
            )
            for role in roles
        }  # fmt: skip
        await members.sign_in(session, made["owner"])
        await members.sign_in(session, made["viewer"])
    return made


async def test_a_key_with_an_owners_scope_manages_the_team(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, team: dict[Role, Member]
) -> None:
    listed = (await api.get("/members")).json()["data"]
    assert [(each["name"], each["role"]) for each in listed] == [
        ("Manager", "manager"), ("Owner", "owner"), ("Viewer", "viewer"),
    ]  # fmt: skip
    assert "password_hash" not in listed[0]
    assert [listed[0][name] for name in ("has_password", "passkey_count", "providers")] == [True, 0, []]
    assert (await api.post("/members/invitations", json={"email": "owner@north.example", "role": "viewer"})).json()[
        "code"
    ] == "member_known"
    invited = await api.post("/members/invitations", json={"email": "Bo@North.example", "role": "member"})
    assert (invited.status_code, invited.json()["mailed"]) == (201, False)
    address = invited.json()["address"].removeprefix(PUBLIC_URL)
    assert (await browser.get(address)).status_code == 200
    (pending,) = (await api.get("/members/invitations")).json()["data"]
    assert (pending["id"], pending["email"]) == (invited.json()["id"], "bo@north.example")
    assert "address" not in pending
    assert (await api.delete(f"/members/invitations/{pending['id']}")).status_code == 204
    assert (await browser.get(address)).status_code == 410

    viewer, owner = f"/members/{team['viewer'].id}", f"/members/{team['owner'].id}"
    assert (await api.patch(viewer, json={"role": "owner"})).json()["role"] == "owner"
    (opened,) = (await api.get(f"{viewer}/sessions")).json()["data"]
    assert opened["network_address"] == ""
    assert (await api.delete(f"{viewer}/sessions")).status_code == 204
    assert (await api.get(f"{viewer}/sessions")).json()["data"] == []
    assert (await api.delete(viewer)).json() == {"id": team["viewer"].id, "keys": []}
    assert (await api.get(viewer)).status_code == 404
    for refused in (await api.patch(owner, json={"role": "viewer"}), await api.delete(owner)):
        assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    audit = (await api.get("/audit", params={"subject_id": team["viewer"].id})).json()["data"]
    assert {each["actor_kind"] for each in audit} == {"api_key", "system"}


async def test_a_key_without_it_neither_makes_nor_changes_owners_nor_gets_the_scope(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, team: dict[Role, Member]
) -> None:
    scopes = ["members:read", "members:write", "keys:write"]
    async with sessions.begin() as session:
        _, value = await api_keys.create_key(
            session, world.north.agency_id, name="team", scopes=scopes, expires_at=None, actor=TESTS
        )
    api.headers["Authorization"] = f"Bearer {value}"
    owner = f"/members/{team['owner'].id}"
    for refused in (
        await api.post("/members/invitations", json={"email": "eve@north.example", "role": "owner"}),
        await api.patch(f"/members/{team['manager'].id}", json={"role": "owner"}),
        await api.patch(owner, json={"role": "viewer"}),
        await api.delete(owner),
        await api.delete(f"{owner}/sessions"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "role_too_high")
    assert (await api.post("/keys", json={"name": "more", "scopes": ["members:owners"]})).status_code == 403
    assert (await api.patch(f"/members/{team['viewer'].id}", json={"role": "manager"})).json()["role"] == "manager"


async def test_a_program_helps_a_member_in_who_lost_everything(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World,
    team: dict[Role, Member],
) -> None:  # fmt: skip
    viewer = team["viewer"]
    here = f"/members/{viewer.id}"
    async with sessions.begin() as session:
        await second_factor.begin(session, keyring, viewer.agency_id, viewer.id)
        found = await members.find(session, viewer.agency_id, viewer.id)
        found.totp_enabled_at = clock.now()
    made = await api.post(f"{here}/sign-in-address")
    shown = made.json()
    assert (made.status_code, shown["member_id"], shown["email"]) == (201, viewer.id, "viewer@north.example")
    assert timedelta(hours=23) < datetime.fromisoformat(shown["expires_at"]) - clock.now() <= timedelta(days=1)
    path = shown["address"].removeprefix(PUBLIC_URL)
    assert (await browser.get(path)).status_code == 200
    (listed,) = (await api.get("/members/invitations")).json()["data"]
    assert (listed["id"], "address" in listed) == (shown["id"], False)
    assert (await api.post(f"{here}/sign-in-address")).status_code == 201
    assert (await browser.get(path)).status_code == 410, "a new one ends the one before"

    assert (await api.get(here)).json()["totp_enabled_at"] is not None
    assert (await api.delete(f"{here}/second-factor")).status_code == 204
    assert (await api.get(here)).json()["totp_enabled_at"] is None


async def test_a_program_ends_one_session_of_a_member(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, team: dict[Role, Member]
) -> None:
    here = f"/members/{team['viewer'].id}/sessions"
    async with sessions.begin() as session:
        await members.sign_in(session, team["viewer"])
    first, second = [each["id"] for each in (await api.get(here)).json()["data"]]
    assert (await api.delete(f"{here}/{first}")).status_code == 204
    assert [each["id"] for each in (await api.get(here)).json()["data"]] == [second]
    (of_owner,) = (await api.get(f"/members/{team['owner'].id}/sessions")).json()["data"]
    for gone in (first, of_owner["id"]):
        assert (await api.delete(f"{here}/{gone}")).status_code == 404
    assert len((await api.get(f"/members/{team['owner'].id}/sessions")).json()["data"]) == 1


async def test_a_key_below_an_owner_helps_no_owner_in_and_resets_nobody(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, team: dict[Role, Member]
) -> None:
    async with sessions.begin() as session:
        _, value = await api_keys.create_key(
            session, world.north.agency_id, name="team", scopes=["members:read", "members:write"], expires_at=None,
            actor=TESTS,
        )  # fmt: skip
    (opened,) = (await api.get(f"/members/{team['owner'].id}/sessions")).json()["data"]
    api.headers["Authorization"] = f"Bearer {value}"
    owner, viewer = (f"/members/{team[role].id}" for role in ("owner", "viewer"))
    for refused in (
        await api.post(f"{owner}/sign-in-address"), await api.delete(f"{owner}/sessions/{opened['id']}"),
    ):  # fmt: skip
        assert (refused.status_code, refused.json()["code"]) == (403, "role_too_high")
    for member in (owner, viewer):
        refused = await api.delete(f"{member}/second-factor")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert (await api.post(f"{viewer}/sign-in-address")).status_code == 201
