"""Endpoints by API: as one who may, as the other agency, as nobody."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.events.models import Event
from app.kit.database import Sessions
from app.webhooks import message
from app.webhooks.endpoints import service
from app.webhooks.models import Endpoint, EndpointSecret
from tests.world import World

PATH = "/webhooks/endpoints"
GIVEN = {"url": "http://127.0.0.1:9/in", "event_types": ["access.*"]}


def of_south(world: World) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {world.south.key}"}


async def made(api: httpx2.AsyncClient, **given: Any) -> dict[str, Any]:
    """A new endpoint, as it was answered."""
    answer = await api.post(PATH, json={**GIVEN, **given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_new_endpoint_shows_its_secret_once(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    endpoint = await made(api, headers={"Authorization": "Bearer of-theirs"}, metadata={"team": "crm"})
    assert len(message.secret_key(endpoint["secret"])) == 32
    assert endpoint["headers"] == {"Authorization": "********"}
    assert (endpoint["status"], endpoint["payload_mode"], endpoint["retry_policy"]) == (
        "active",
        "full",
        "standard",
    )
    read = (await api.get(f"{PATH}/{endpoint['id']}")).json()
    assert read == {key: value for key, value in endpoint.items() if key not in ("secret", "warnings")}
    async with sessions() as session:
        agency_id = world.north.agency_id
        rows = (await session.scalars(select(EndpointSecret).where(EndpointSecret.agency_id == agency_id))).all()
        kept = (await session.scalars(select(Endpoint).where(Endpoint.agency_id == agency_id))).one()
        told = (
            await session.scalars(
                select(Event.facts).where(Event.agency_id == agency_id, Event.type == "webhook.endpoint.created")
            )
        ).one()
    assert len(rows) == 1
    assert endpoint["secret"].encode() not in rows[0].secret_encrypted
    assert kept.headers_encrypted is not None
    assert b"of-theirs" not in kept.headers_encrypted
    assert told["endpoint_id"] == endpoint["id"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_another_agency_finds_nothing(api: httpx2.AsyncClient, world: World, method: str) -> None:
    endpoint = await made(api)
    there = f"{PATH}/{endpoint['id']}"
    assert (await api.request(method, there, headers=of_south(world))).status_code == 404
    assert (await api.get(PATH, headers=of_south(world))).json()["data"] == []
    assert (await api.get(there)).status_code == 200


@pytest.mark.parametrize("path", [PATH, f"{PATH}/endpoint_1", "/webhooks/event-types", "/webhooks/deliveries"])
async def test_nobody_sees_nothing(api: httpx2.AsyncClient, path: str) -> None:
    assert (await api.get(path, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("path", ["nonsense", "endpoint_1", "link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
async def test_what_is_no_id_is_not_found(api: httpx2.AsyncClient, path: str) -> None:
    assert (await api.get(f"{PATH}/{path}")).status_code == 404


async def test_an_unknown_event_type_gets_the_nearest_as_a_hint(api: httpx2.AsyncClient) -> None:
    answer = await api.post(PATH, json={**GIVEN, "event_types": ["access.*", "link.complete"]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "event_type_unknown"
    assert "`link.completed`" in answer.json()["hint"]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://10.0.0.1/"},
        {"url": "http://hooks.example.com:99999/"},
        {"url": "https://user@hooks.example.com/"},
        {"url": "https://db.internal/"},
        {"event_types": []},
        {"event_types": ["agency.updated"]},
        {"payload_mode": "fat"},
        {"timeout_ms": 31_000},
        {"timeout_ms": 10},
        {"retry_policy": "sometimes"},
        {"retry_policy": [1_000_000, 1_000_000]},
        {"retry_policy": [0]},
        {"retry_policy": [1] * 21},
        {"headers": {"Webhook-Signature": "v1,forged"}},
        {"headers": {"X-A": "a\r\nb"}},
        {"metadata": {"a": "x" * 5000}},
        {"filter": {"colour": "red"}},
        {"colour": "red"},
        {"event_types": ["*"] * 101},
        {"ordering": "random"},
        {"concurrency": 0},
        {"concurrency": 21},
        {"rate_limit": {"max": 0}},
        {"rate_limit": {"burst": 5}},
        {"description": "\x00"},
        {"metadata": {"\x00": "a"}},
        {"metadata": {"a": "é" * 2048}},
        {"headers": {"X-A": "********"}},
    ],
)
async def test_what_cannot_be_used_is_refused(api: httpx2.AsyncClient, given: dict[str, Any]) -> None:
    answer = await api.post(PATH, json={**GIVEN, **given})
    assert answer.status_code == 422, answer.text
    assert (await api.get(PATH)).json()["data"] == []


async def test_wishes_are_kept(api: httpx2.AsyncClient) -> None:
    wish = {
        "description": "CRM", "event_types": ["link.*", "*"],
        "filter": {"link_id": None, "preset": "audit-only"}, "payload_mode": "flat", "personal": False,
        "retry_policy": [60, 3600], "timeout_ms": 5000, "metadata": {"a": "b"}, "ordering": "by_subject",
        "concurrency": 20, "rate_limit": {"max": 10, "per_seconds": 60, "burst": 10},
    }  # fmt: skip
    endpoint = await made(api, **wish, enabled=False)
    assert {key: endpoint[key] for key in wish} == wish
    assert (endpoint["status"], endpoint["status_reason"], endpoint["enabled"]) == ("disabled", "user", False)
    assert (endpoint["destination"], endpoint["options"], endpoint["version"]) == ("http", None, 1)
    assert (endpoint["paused_at"], endpoint["verified"]) == (None, None)


async def test_a_rate_without_more_is_one_of_a_second(api: httpx2.AsyncClient) -> None:
    endpoint = await made(api, rate_limit={"max": 7})
    assert endpoint["rate_limit"] == {"max": 7, "per_seconds": 1, "burst": 7}


async def test_types_named_twice_are_kept_once(api: httpx2.AsyncClient) -> None:
    endpoint = await made(api, event_types=["access.*", "link.*", "access.*"])
    assert endpoint["event_types"] == ["access.*", "link.*"]
    assert endpoint["warnings"] == ["Named more than once: `access.*`. Each event is sent once."]


async def test_the_list_pages_newest_first(api: httpx2.AsyncClient) -> None:
    ids = [(await made(api))["id"] for _ in range(3)]
    first = (await api.get(PATH, params={"limit": 2})).json()
    second = (await api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [row["id"] for row in first["data"] + second["data"]] == ids[::-1]
    assert second["next_cursor"] is None


async def test_a_deleted_endpoint_is_gone(api: httpx2.AsyncClient) -> None:
    endpoint = await made(api)
    there = f"{PATH}/{endpoint['id']}"
    assert (await api.delete(there)).status_code == 204
    assert (await api.get(there)).status_code == 404
    assert (await api.delete(there)).status_code == 404
    assert (await api.get(PATH)).json()["data"] == []


async def test_there_is_a_most(api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.webhooks.endpoints.service.AT_MOST", 1)
    await made(api)
    answer = await api.post(PATH, json=GIVEN)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_endpoints")


async def test_of_two_at_once_one_is_too_many(api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.webhooks.endpoints.service.AT_MOST", 2)
    answers = await asyncio.gather(*(api.post(PATH, json=GIVEN) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 201, 409, 409]


async def test_fifty_are_the_most() -> None:
    assert (service.AT_MOST, service.TYPES_AT_MOST, service.LONGEST_METADATA) == (50, 100, 4096)


async def test_event_types_have_schema_and_example(api: httpx2.AsyncClient) -> None:
    listed = (await api.get("/webhooks/event-types")).json()["data"]
    assert "access.verified" in [kind["type"] for kind in listed]
    assert "agency.updated" not in [kind["type"] for kind in listed]
    one = (await api.get("/webhooks/event-types/access.verified")).json()
    assert one in listed
    assert one["schema"]["properties"]["type"]["const"] == one["example"]["type"] == "access.verified"
    assert (await api.get("/webhooks/event-types/access.nothing")).status_code == 404


async def test_a_filter_by_a_preset_that_nothing_came_from_is_warned_about(api: httpx2.AsyncClient) -> None:
    known = await made(api, filter={"preset": "run-campaigns"})
    assert known["warnings"] == []
    unknown = await made(api, url="https://other.example.com/in", filter={"preset": "run-campaign"})
    assert [each for each in unknown["warnings"] if "'run-campaign'" in each]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://hooks.example.com/in"},
        {"destination": "http_request", "options": {"url": "https://hooks.example.com/in"}},
    ],
)
async def test_rates_are_given_alike_everywhere(api: httpx2.AsyncClient, given: dict[str, Any]) -> None:
    body = {"event_types": ["access.*"], **given, "rate_limit": {"max": 2_000}}
    answer = await api.post("/webhooks/endpoints", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["rate_limit"] == {"max": 2_000, "per_seconds": 1, "burst": 2_000}
