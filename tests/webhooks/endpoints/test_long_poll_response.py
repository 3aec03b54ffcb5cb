"""Tests of an endpoint that wait for their attempt: what comes back, and that nothing is held open meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import Delivery, Endpoint
from tests.kit.egress.receivers import OK, Talk, answers, receiver
from tests.webhooks import scenes
from tests.world import World

WISH = {"event_type": "access.verified", "data": {"external_id": "hubspot:77", "assets_total": 3}}


async def written(sessions: Sessions, agency_id: str) -> None:
    """Waits until there is a delivery."""
    for _ in range(1000):
        if await scenes.deliveries(sessions, agency_id):
            return
        await asyncio.sleep(0.02)


@asynccontextmanager
async def sent(tools: WebhookContext, sessions: Sessions, agency_id: str) -> AsyncIterator[None]:
    """Sends the one test that is written meanwhile, as a worker would."""

    async def send() -> None:
        await written(sessions, agency_id)
        await scenes.attempt(tools)

    sending = asyncio.create_task(send())
    yield
    await sending


async def access_request(api: httpx2.AsyncClient, endpoint: Endpoint, **options: Any) -> httpx2.Response:
    return await api.post(f"/webhooks/endpoints/{endpoint.id}/test", json=WISH, params={"wait": True}, **options)


async def tried(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, url: str
) -> dict[str, Any]:
    """The answer of a test that waits."""
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, url)
    async with sent(tools, sessions, world.north.agency_id):
        answer = await access_request(api, endpoint)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(("talk", "code"), [(OK, "http_200"), (OK.replace(b"200 OK", b"500 Oh"), "http_500")])
async def test_the_attempt_comes_back(
    api: httpx2.AsyncClient,
    tools: WebhookContext,
    sessions: Sessions,
    keyring: Keyring,
    world: World,
    talk: bytes,
    code: str,
) -> None:
    speaks: Talk = answers(talk)
    async with receiver(speaks) as there:
        shown = await tried(api, tools, sessions, keyring, world, there.url)
    assert (shown["test"], shown["attempt_count"], shown["attempt"]["code"]) == (True, 1, code)
    assert shown["attempt"]["response_body"] == "ok"
    body = json.loads(there.requests[0].split(b"\r\n\r\n", 1)[1])
    assert (body["test"], body["data"]["external_id"], body["data"]["assets_total"]) == (True, "hubspot:77", 3)
    assert body["data"]["client_name"] == "Brand SA"


async def test_blocked_and_refused_look_the_same(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    async with receiver(answers(OK)) as there:
        closed = there.url
    for url in ("https://10.0.0.1/in", closed):
        shown = await tried(api, tools, sessions, keyring, world, url)
        attempt = shown["attempt"]
        assert (attempt["code"], attempt["status"], attempt["response_body"]) == ("connect_refused", None, "")
        assert "blocked" not in json.dumps(shown)
        assert "No connection: the receiver refused it" in attempt["explanation"]
        async with sessions.begin() as session:
            await _forget(session, world.north.agency_id)


async def test_without_an_attempt_in_time_it_says_what_was_queued(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.kit.web.long_poll_response.LOOKS", 2)
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    answer = await access_request(api, endpoint)
    assert (answer.status_code, answer.json()["status"], answer.json()["attempt"]) == (202, "pending", None)


async def test_it_waits_with_nothing_open_and_a_repeat_sends_nothing(
    api: httpx2.AsyncClient,
    tools: WebhookContext,
    sessions: Sessions,
    engine: AsyncEngine,
    keyring: Keyring,
    world: World,
) -> None:
    async with receiver(answers(OK)) as there:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url)
        key = {"Idempotency-Key": "one-test"}
        waiting = asyncio.create_task(access_request(api, endpoint, headers=key))
        await written(sessions, world.north.agency_id)
        pool: Any = engine.pool
        while pool.checkedout():
            assert not waiting.done()
            await asyncio.sleep(0.01)
        assert not waiting.done(), "written, and nothing open while it waits"
        repeated = await access_request(api, endpoint, headers=key)
        assert (repeated.status_code, repeated.headers["idempotency-replayed"]) == (202, "true")
        await scenes.attempt(tools)
        answer = await waiting
    assert answer.status_code == 200
    assert repeated.json()["id"] == answer.json()["id"]
    assert len(await scenes.deliveries(sessions, world.north.agency_id)) == 1
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"lost": "x"}, "access.verified has no key 'lost'."),
        ({"failed_count": 1}, "access.verified has no key 'failed_count'."),
        ({"client_name": "a\x00b"}, "control characters"),
        ({"client_name": "x" * 501}, ""),
        ({"assets_total": "many"}, ""),
        ({"assets_total": -1}, ""),
        ({"client_name": ["x"]}, ""),
    ],
)
async def test_data_that_its_type_does_not_have(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, data: dict[str, Any], said: str
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    wish = {"event_type": "access.verified", "data": data}
    answer = await api.post(f"/webhooks/endpoints/{endpoint.id}/test", json=wish)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert await scenes.deliveries(sessions, world.north.agency_id) == []


async def _forget(session: Any, agency_id: str) -> None:
    """What was sent before, so that the next test is the only one."""
    await session.execute(delete(Delivery).where(Delivery.agency_id == agency_id))
