"""Deliveries and tests by API: as one who may, as the other agency."""

import asyncio
from typing import Any

import httpx2
import pytest

from app.events import catalog, rendering
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints import verification
from app.webhooks.endpoints.warnings import warnings_for
from tests.kit.egress.receivers import answers, receiver
from tests.webhooks import scenes
from tests.world import World

BROKEN = b"HTTP/1.1 500 Oh\r\nset-cookie: a=b\r\ncontent-length: 4\r\n\r\noops"
PATH = "/webhooks/deliveries"


async def listed(api: httpx2.AsyncClient, **params: Any) -> list[str]:
    answer = await api.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


async def test_deliveries_are_found_by_endpoint_type_and_state(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        one, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ["access.*"])
        await scenes.happen(sessions, agency_id, catalog.ACCESS_VERIFIED)
        await scenes.fan_all_out(tools)
        tried = await scenes.attempt(tools)
    two, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ["link.opened"])
    await scenes.happen(sessions, agency_id, catalog.LINK_OPENED)
    await scenes.fan_all_out(tools)
    [waiting] = [row for row in await scenes.deliveries(sessions, agency_id) if row.id != tried.id]
    assert await listed(api) == [waiting.id, tried.id]
    assert await listed(api, endpoint_id=one.id) == [tried.id]
    assert await listed(api, event_type="link.opened") == [waiting.id]
    assert await listed(api, status="retrying") == [tried.id]
    assert await listed(api, status="in_flight") == []
    await scenes.claimed(tools)
    assert await listed(api, status="in_flight") == [waiting.id]
    assert await listed(api, status="pending") == []
    assert (await api.get(f"{PATH}/{waiting.id}")).json()["status"] == "in_flight"
    assert (await api.get(PATH, params={"status": "lost"})).status_code == 422
    assert two.id != one.id


async def test_a_delivery_is_explained_by_its_attempts(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    async with receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url)
        await scenes.happen(sessions, world.north.agency_id)
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    shown = (await api.get(f"{PATH}/{row.id}")).json()
    assert (shown["status"], shown["reason"], shown["attempt_count"]) == ("retrying", "http_500", 1)
    assert shown["next_attempt_at"]
    [attempt] = (await api.get(f"{PATH}/{row.id}/attempts")).json()["data"]
    assert (attempt["status"], attempt["response_body"]) == (500, "oops")
    assert attempt["explanation"] == "The receiver answered 500."
    assert attempt["response_headers"]["set-cookie"] == "[redacted]"


async def test_another_agency_finds_nothing(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    south = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get(PATH, headers=south)).json()["data"] == []
    assert (await api.get(PATH, params={"endpoint_id": endpoint.id}, headers=south)).json()["data"] == []
    assert (await api.get(f"{PATH}/{row.id}", headers=south)).status_code == 404
    assert (await api.get(f"{PATH}/{row.id}/attempts", headers=south)).status_code == 404
    test = f"/webhooks/endpoints/{endpoint.id}/test"
    assert (await api.post(test, json={"event_type": "access.verified"}, headers=south)).status_code == 404


async def test_a_blocked_address_is_shown_as_refused(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://10.0.0.1/in")
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    row = await scenes.attempt(tools)
    shown = (await api.get(f"{PATH}/{row.id}")).json()
    attempts = (await api.get(f"{PATH}/{row.id}/attempts")).json()
    assert (shown["reason"], shown["last_code"]) == ("connect_refused", "connect_refused")
    assert "blocked" not in str(shown) + str(attempts)
    assert "10.0.0.1" not in str(attempts)


async def test_a_test_is_queued(api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    answer = await api.post(f"/webhooks/endpoints/{endpoint.id}/test", json={"event_type": "link.completed"})
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert (shown["test"], shown["status"], shown["event_type"]) == (True, "pending", "link.completed")
    assert shown == {**(await api.get(f"{PATH}/{shown['id']}")).json(), "attempt": None}


async def test_a_test_of_what_there_is_not_is_refused(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    disabled, _ = await scenes.make_endpoint(
        sessions, keyring, world.north.agency_id, "https://h.example/", enabled=False
    )
    wrong = await api.post(f"/webhooks/endpoints/{endpoint.id}/test", json={"event_type": "link.complete"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "event_type_unknown")
    asleep = await api.post(f"/webhooks/endpoints/{disabled.id}/test", json={"event_type": "link.opened"})
    assert (asleep.status_code, asleep.json()["code"]) == (409, "endpoint_disabled")


async def test_tests_are_few(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.webhooks.endpoints.verification.TESTS_A_MINUTE", 1)
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    there = f"/webhooks/endpoints/{endpoint.id}/test"
    assert (await api.post(there, json={"event_type": "link.opened"})).status_code == 202
    refused = await api.post(there, json={"event_type": "link.opened"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tests")


async def test_tests_asked_for_at_once_are_counted_one_after_the_other(
    sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, "https://h.example/")
    asked = [scenes.send_test(sessions, agency_id, endpoint.id) for _ in range(verification.TESTS_A_MINUTE + 4)]
    said = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in said if each is not None] == [verification.TooManyTests] * 4


async def test_a_test_event_is_no_proof_that_its_link_exists(
    sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id, link_id = world.north.agency_id, rendering.example_body(catalog.LINK_OPENED)["data"]["link_id"]
    endpoint, _ = await scenes.make_endpoint(
        sessions, keyring, agency_id, "https://crm.example.com/in", ["link.*"], filter={"link_id": link_id}
    )
    for _ in range(2):
        async with sessions() as session:
            assert f"Your agency has no link '{link_id}'" in (await warnings_for(session, endpoint))[0]
        await scenes.send_test(sessions, agency_id, endpoint.id, "link.opened")
