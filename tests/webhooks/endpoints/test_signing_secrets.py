"""Signing secrets by API: shown, rotated with overlap, ended; as one who may, as others."""

import asyncio
import base64
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.tenants.api_keys import service as members
from app.webhooks import message
from app.webhooks.endpoints import queries
from app.webhooks.models import EndpointSecret
from tests.world import TESTS, World

PATH = "/webhooks/endpoints"
GIVEN = {"url": "http://127.0.0.1:9/in", "event_types": ["access.*"]}
OWN = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def endpoint(api: httpx2.AsyncClient) -> dict[str, Any]:
    """One endpoint with its first secret."""
    made: dict[str, Any] = (await api.post(PATH, json=GIVEN)).json()
    return made


@pytest.fixture
def there(endpoint: dict[str, Any]) -> str:
    """Its address."""
    return f"{PATH}/{endpoint['id']}"


async def values(api: httpx2.AsyncClient, there: str) -> list[str]:
    """The secrets that sign, the current one first."""
    return [each["secret"] for each in (await api.get(f"{there}/secret")).json()["data"]]


async def signing(sessions: Sessions, keyring: Keyring, world: World, endpoint_id: str) -> list[str]:
    """Those with which the worker would sign."""
    async with sessions() as session:
        rows = await queries.live_secrets(session, world.north.agency_id, endpoint_id)
        return [queries.open_secret(keyring, row) for row in rows]


async def told(sessions: Sessions, world: World) -> list[str]:
    """What was recorded of secrets, in order."""
    async with sessions() as session:
        mine = Event.agency_id == world.north.agency_id
        rows = await session.scalars(select(Event.type).where(mine).order_by(Event.id))
        return [each for each in rows if each.startswith("webhook.secret_")]


async def test_rotating_keeps_the_one_before_for_a_while(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, endpoint: dict[str, Any], there: str
) -> None:
    answer = await api.post(f"{there}/secret/rotation")  # nothing has to be said
    new = answer.json()
    assert (answer.status_code, new["expires_at"], len(message.secret_key(new["secret"]))) == (201, None, 32)
    shown = (await api.get(f"{there}/secret")).json()["data"]
    assert [each["secret"] for each in shown] == [new["secret"], endpoint["secret"]]
    assert shown[0] == new
    assert shown[1]["expires_at"] > shown[1]["created_at"]
    assert await signing(sessions, keyring, world, endpoint["id"]) == [new["secret"], endpoint["secret"]]
    assert await told(sessions, world) == ["webhook.secret_rotated", "webhook.secret_shown"]


async def test_without_grace_the_one_before_ends_at_once(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    new = (await api.post(f"{there}/secret/rotation", json={"grace_seconds": 0})).json()
    assert await values(api, there) == [new["secret"]]
    async with sessions() as session:
        rows = await session.scalars(select(EndpointSecret.id).where(EndpointSecret.agency_id == world.north.agency_id))
        assert rows.all() == [new["id"]]


async def test_a_second_rotation_waits_unless_forced(
    api: httpx2.AsyncClient, endpoint: dict[str, Any], there: str
) -> None:
    first = (await api.post(f"{there}/secret/rotation", json={})).json()
    refused = await api.post(f"{there}/secret/rotation", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "rotation_under_way")
    assert "force" in refused.json()["hint"]
    assert await values(api, there) == [first["secret"], endpoint["secret"]]
    second = (await api.post(f"{there}/secret/rotation", json={"force": True, "secret": OWN})).json()
    assert second["secret"] == OWN
    assert await values(api, there) == [OWN, first["secret"]]


async def test_when_the_grace_is_over_one_may_rotate_again(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    first = (await api.post(f"{there}/secret/rotation", json={})).json()
    async with sessions.begin() as session:
        mine = EndpointSecret.agency_id == world.north.agency_id
        await session.execute(
            update(EndpointSecret).where(mine, EndpointSecret.expires_at.is_not(None))
            .values(expires_at=EndpointSecret.created_at)
        )  # fmt: skip
    assert await values(api, there) == [first["secret"]]
    second = (await api.post(f"{there}/secret/rotation", json={})).json()
    assert await values(api, there) == [second["secret"], first["secret"]]


async def test_two_who_rotate_at_once_do_not_make_three(api: httpx2.AsyncClient, there: str) -> None:
    answers = await asyncio.gather(*(api.post(f"{there}/secret/rotation", json={}) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    assert len(await values(api, there)) == 2


async def test_the_overlap_can_be_ended(api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str) -> None:
    new = (await api.post(f"{there}/secret/rotation", json={})).json()
    old = (await api.get(f"{there}/secret")).json()["data"][1]
    assert (await api.delete(f"{there}/secrets/{old['id']}")).status_code == 204
    assert await values(api, there) == [new["secret"]]
    assert (await api.delete(f"{there}/secrets/{old['id']}")).status_code == 404
    last = await api.delete(f"{there}/secrets/{new['id']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_secret")
    assert (await told(sessions, world))[-2:] == ["webhook.secret_ended", "webhook.secret_shown"]


async def test_a_rotation_can_be_taken_back(api: httpx2.AsyncClient, endpoint: dict[str, Any], there: str) -> None:
    new = (await api.post(f"{there}/secret/rotation", json={})).json()
    assert (await api.delete(f"{there}/secrets/{new['id']}")).status_code == 204
    [left] = (await api.get(f"{there}/secret")).json()["data"]
    assert (left["secret"], left["expires_at"]) == (endpoint["secret"], None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"secret": "whsec_" + base64.b64encode(b"x" * 23).decode()}, "too short"),
        ({"secret": "whsec_" + base64.b64encode(b"x" * 65).decode()}, "too long"),
        ({"secret": "hunter2"}, "`whsec_`"),
    ],
)
async def test_a_secret_that_is_none_is_refused(
    api: httpx2.AsyncClient, there: str, given: dict[str, Any], said: str
) -> None:
    for path in (PATH, f"{there}/secret/rotation"):
        answer = await api.post(path, json={**(GIVEN if path == PATH else {}), **given})
        assert (answer.status_code, answer.json()["code"]) == (422, "secret_refused")
        assert said in answer.json()["errors"]["secret"]
        assert given["secret"] not in answer.text
    assert len((await api.get(PATH)).json()["data"]) == 1


@pytest.mark.parametrize("given", [{"grace_seconds": -1}, {"grace_seconds": 604_801}, {"grace": 1}, {"force": "x"}])
async def test_what_cannot_be_read_is_refused(api: httpx2.AsyncClient, there: str, given: dict[str, Any]) -> None:
    assert (await api.post(f"{there}/secret/rotation", json=given)).status_code == 422
    assert len(await values(api, there)) == 1


async def test_a_week_of_grace_is_taken(api: httpx2.AsyncClient, there: str) -> None:
    assert (await api.post(f"{there}/secret/rotation", json={"grace_seconds": 604_800})).status_code == 201


async def test_one_may_bring_a_secret_along(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    made = (await api.post(PATH, json={**GIVEN, "secret": OWN})).json()
    assert made["secret"] == OWN
    assert await values(api, f"{PATH}/{made['id']}") == [OWN]
    again = await api.post(f"{PATH}/{made['id']}/secret/rotation", json={"secret": OWN})
    assert (again.status_code, again.json()["code"]) == (409, "secret_in_use")
    async with sessions() as session:
        rows = await session.scalars(
            select(EndpointSecret.secret_encrypted).where(EndpointSecret.agency_id == world.north.agency_id)
        )
        assert not [sealed for sealed in rows if OWN.encode() in sealed or bytes(range(32)) in sealed]


async def test_only_a_key_that_may_sees_secrets(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    async with sessions.begin() as session:
        _, value = await members.create_key(
            session, world.north.agency_id, name="crm", scopes=["webhooks:read", "webhooks:write"],
            expires_at=None, actor=TESTS,
        )  # fmt: skip
    key = {"Authorization": f"Bearer {value}"}
    refused = await api.get(f"{there}/secret", headers=key)
    assert (refused.status_code, refused.json()["hint"]) == (403, "Use a key with the scope `webhooks:secrets`.")
    assert "whsec_" not in (await api.get(there, headers=key)).text
    assert await told(sessions, world) == []


async def test_the_other_agency_and_nobody(api: httpx2.AsyncClient, world: World, there: str) -> None:
    [mine] = (await api.get(f"{there}/secret")).json()["data"]
    south = {"Authorization": f"Bearer {world.south.key}"}
    for headers, status in ((south, 404), ({"Authorization": ""}, 401)):
        assert (await api.get(f"{there}/secret", headers=headers)).status_code == status
        assert (await api.post(f"{there}/secret/rotation", json={}, headers=headers)).status_code == status
        assert (await api.delete(f"{there}/secrets/{mine['id']}", headers=headers)).status_code == status
    assert await values(api, there) == [mine["secret"]]


async def test_a_secret_of_another_endpoint_is_not_found(api: httpx2.AsyncClient, there: str) -> None:
    other = (await api.post(PATH, json=GIVEN)).json()
    [theirs] = (await api.get(f"{PATH}/{other['id']}/secret")).json()["data"]
    assert (await api.delete(f"{there}/secrets/{theirs['id']}")).status_code == 404
