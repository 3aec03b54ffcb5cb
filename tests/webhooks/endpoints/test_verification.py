"""Endpoints that have to answer a challenge first, with real receivers."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text, update
from standardwebhooks import Webhook

from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints import verification
from app.webhooks.models import Endpoint
from tests.kit.egress.receivers import OK, Receiver, Talk, answers, receiver
from tests.webhooks import scenes
from tests.world import TESTS, World

PATH = "/webhooks/endpoints"
NOWHERE = "http://127.0.0.1:9/in"


@pytest.fixture(autouse=True)
def wanted(app: FastAPI) -> None:
    """This installation wants endpoints to prove themselves."""
    app.state.services.verify_endpoints = True


async def made(api: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json={"url": url, "event_types": ["access.*"], **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def verify(api: httpx2.AsyncClient, endpoint: dict[str, Any], **options: Any) -> httpx2.Response:
    return await api.post(f"{PATH}/{endpoint['id']}/verification", **options)


async def types(sessions: Sessions, world: World) -> list[str]:
    async with sessions() as session:
        mine = Event.agency_id == world.north.agency_id
        rows = await session.scalars(select(Event.type).where(mine).order_by(Event.id))
        return [each.removeprefix("webhook.") for each in rows if each.startswith("webhook.")]


def given(request: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers in lower case, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    pairs = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, value in pairs}, json.loads(body)


def echoing(shape: Callable[[str], tuple[str, str]], there: list[Receiver]) -> Talk:
    """Answers with header line and body that `shape` makes of the challenge."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        header, body = shape(given(there[0].requests[-1])[1]["challenge"])
        head = f"HTTP/1.1 200 OK\r\n{header}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body.encode())
        await writer.drain()

    return talk


@pytest.mark.parametrize(
    "shape",
    [
        lambda challenge: ("", challenge),
        lambda challenge: ("content-type: application/json\r\n", json.dumps({"challenge": challenge})),
        lambda challenge: (f"Webhook-Challenge: {challenge}\r\n", ""),
    ],
)
async def test_an_echo_makes_it_active(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, shape: Callable[[str], tuple[str, str]]
) -> None:
    there: list[Receiver] = []
    async with receiver(echoing(shape, there)) as found:
        there.append(found)
        endpoint = await made(api, found.url, headers={"X-Key": "theirs"})
        assert (endpoint["status"], endpoint["verified"], endpoint["enabled"]) == ("pending_verification", False, True)
        answer = await verify(api, endpoint)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["verified"]) == ("active", True)
    assert answer.json() == (await api.get(f"{PATH}/{endpoint['id']}")).json()
    [request] = found.requests
    headers, body = given(request)
    Webhook(endpoint["secret"]).verify(request.partition(b"\r\n\r\n")[2], headers)
    assert (headers["x-key"], headers["x-keyturn-event-type"], body["type"]) == (
        "theirs", "webhook.verification", "webhook.verification",
    )  # fmt: skip
    assert headers["webhook-id"] == body["id"]
    assert await types(sessions, world) == ["endpoint.created", "verification_sent", "endpoint.enabled"]


@pytest.mark.parametrize(
    ("text_", "said"),
    [
        (OK, "answered 200. But the challenge was not in its answer. It began with 'ok'"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "It was empty"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "answered 404"),
        (b"HTTP/1.1 302 Found\r\nlocation: https://x.example/\r\ncontent-length: 0\r\n\r\n", "not followed"),
        (b"nonsense\r\n\r\n", "not valid HTTP"),
    ],
)
async def test_anything_else_is_told_and_recorded(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, text_: bytes, said: str
) -> None:
    async with receiver(answers(text_)) as there:
        endpoint = await made(api, there.url)
        answer = await verify(api, endpoint)
    assert (answer.status_code, answer.json()["code"]) == (409, "verification_failed")
    assert said in answer.json()["detail"]
    assert "`webhook-challenge`" in answer.json()["hint"]
    assert (await api.get(f"{PATH}/{endpoint['id']}")).json()["status"] == "pending_verification"
    assert await types(sessions, world) == [
        "endpoint.created", "verification_sent", "endpoint.verification_failed",
    ]  # fmt: skip


async def test_blocked_and_refused_look_the_same(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    endpoint = await made(api, NOWHERE)
    refused = (await verify(api, endpoint)).json()
    async with sessions.begin() as session:
        mine = (Endpoint.agency_id == world.north.agency_id, Endpoint.id == endpoint["id"])
        await session.execute(update(Endpoint).where(*mine).values(url="https://10.0.0.1/in"))
    blocked = (await verify(api, endpoint)).json()
    assert {**refused, "request_id": None} == {**blocked, "request_id": None}
    async with sessions() as session:
        failed = (Event.agency_id == world.north.agency_id, Event.type == "webhook.endpoint.verification_failed")
        reasons = [facts["reason"] for facts in await session.scalars(select(Event.facts).where(*failed))]
    assert reasons == ["connect_refused", "connect_refused"]


async def test_no_transaction_is_open_meanwhile(api: httpx2.AsyncClient, sessions: Sessions) -> None:
    idle = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
    )
    open_ones: list[int] = []

    async def talk(writer: asyncio.StreamWriter) -> None:
        async with sessions() as session:
            open_ones.append((await session.execute(idle)).scalar_one())
        writer.write(OK)
        await writer.drain()

    async with receiver(talk) as there:
        endpoint = await made(api, there.url)
        await verify(api, endpoint)
        await verify(api, endpoint, headers={"Idempotency-Key": "once"})
    assert open_ones == [0, 0]


async def test_nothing_is_sent_before_and_it_is_listed_as_skipped(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World
) -> None:
    await made(api, NOWHERE)
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    assert (row.status, row.reason) == ("skipped", "endpoint_disabled")


async def test_another_url_has_to_answer_anew(api: httpx2.AsyncClient, app: FastAPI) -> None:
    there: list[Receiver] = []
    async with receiver(echoing(lambda challenge: ("", challenge), there)) as found:
        there.append(found)
        endpoint = await made(api, found.url)
        await verify(api, endpoint)
        place = f"{PATH}/{endpoint['id']}"
        same = (await api.patch(place, json={"description": "x"})).json()
        assert (same["status"], same["verified"]) == ("active", True)
        moved = (await api.patch(place, json={"url": NOWHERE})).json()
        assert (moved["status"], moved["verified"]) == ("pending_verification", False)
        app.state.services.verify_endpoints = False
        back = (await api.patch(place, json={"url": found.url})).json()
        assert (back["status"], back["verified"]) == ("active", None)
        proved = (await verify(api, endpoint)).json()
        assert (proved["status"], proved["verified"]) == ("active", True)


async def test_a_disabled_one_may_prove_itself_and_stays_disabled(api: httpx2.AsyncClient) -> None:
    there: list[Receiver] = []
    async with receiver(echoing(lambda challenge: ("", challenge), there)) as found:
        there.append(found)
        endpoint = await made(api, found.url, enabled=False)
        assert (endpoint["status"], endpoint["verified"]) == ("disabled", False)
        shown = (await verify(api, endpoint)).json()
        assert (shown["status"], shown["verified"]) == ("disabled", True)
        assert (await api.patch(f"{PATH}/{endpoint['id']}", json={"enabled": True})).json()["status"] == "active"


async def test_a_url_changed_meanwhile_is_not_proved_by_the_old_one(api: httpx2.AsyncClient) -> None:
    there: list[Receiver] = []
    place: list[str] = []

    async def talk(writer: asyncio.StreamWriter) -> None:
        await api.patch(place[0], json={"url": NOWHERE})
        await echoing(lambda challenge: ("", challenge), there)(writer)

    async with receiver(talk) as found:
        there.append(found)
        endpoint = await made(api, found.url)
        place.append(f"{PATH}/{endpoint['id']}")
        answer = await verify(api, endpoint)
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_moved")
    assert (await api.get(place[0])).json()["status"] == "pending_verification"


async def test_one_deleted_meanwhile_is_not_found(api: httpx2.AsyncClient) -> None:
    place: list[str] = []

    async def talk(writer: asyncio.StreamWriter) -> None:
        await api.delete(place[0])
        writer.write(OK)

    async with receiver(talk) as found:
        endpoint = await made(api, found.url)
        place.append(f"{PATH}/{endpoint['id']}")
        assert (await verify(api, endpoint)).status_code == 404


async def test_hooks_and_other_services_need_no_proof(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    hook = (await api.post("/hooks", json={"target_url": NOWHERE, "event_types": ["access.*"]})).json()
    shown = (await api.get(f"{PATH}/{hook['id']}")).json()
    assert (shown["status"], shown["verified"], shown["destination"]) == ("active", None, "rest_hook")
    moved = (await api.patch(f"{PATH}/{hook['id']}", json={"url": "http://127.0.0.1:9/b"})).json()
    assert (moved["status"], moved["verified"]) == ("active", None)
    endpoint = await made(api, NOWHERE)
    async with sessions.begin() as session:
        mine = (Endpoint.agency_id == world.north.agency_id, Endpoint.id == endpoint["id"])
        await session.execute(update(Endpoint).where(*mine).values(destination="slack"))
    for each in (hook, endpoint):
        answer = await verify(api, each)
        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_cannot_answer")


async def test_where_nobody_asks_endpoints_are_active_at_once(api: httpx2.AsyncClient, app: FastAPI) -> None:
    app.state.services.verify_endpoints = False
    endpoint = await made(api, NOWHERE)
    assert (endpoint["status"], endpoint["verified"]) == ("active", None)


async def test_challenges_and_tests_are_few_together(
    api: httpx2.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.state.services.verify_endpoints = False
    monkeypatch.setattr("app.webhooks.endpoints.verification.TESTS_A_MINUTE", 3)
    endpoint = await made(api, NOWHERE)
    test = f"{PATH}/{endpoint['id']}/test"
    assert (await api.post(test, json={"event_type": "link.opened"})).status_code == 202
    at_once = await asyncio.gather(*(verify(api, endpoint) for _ in range(4)))
    assert sorted(each.status_code for each in at_once) == [409, 409, 429, 429]
    [first, *_] = [each for each in at_once if each.status_code == 429]
    assert (first.json()["code"], first.headers["retry-after"]) == ("too_many_tests", "60")
    assert (await api.post(test, json={"event_type": "link.opened"})).status_code == 429


async def test_what_was_sent_a_minute_ago_counts_no_more(sessions: Sessions, world: World, keyring: Keyring) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, NOWHERE)
    async with sessions.begin() as session:
        agency_id = world.north.agency_id
        session.add(
            Event(
                agency_id=agency_id, id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y", type="webhook.verification_sent",
                subject_type="endpoint", subject_id=endpoint.id, sequence=99, facts={},
                actor_kind=TESTS.kind, actor_id=TESTS.id,
                occurred_at=func.now() - func.make_interval(0, 0, 0, 0, 0, 0, 61),
            )
        )  # fmt: skip
        await session.flush()
        assert await verification.sent_in_last_minute(session, agency_id) == 0


async def test_the_other_agency_and_nobody(api: httpx2.AsyncClient, world: World) -> None:
    async with receiver(answers(OK)) as there:
        endpoint = await made(api, there.url)
        south = {"Authorization": f"Bearer {world.south.key}"}
        assert (await verify(api, endpoint, headers=south)).status_code == 404
        assert (await verify(api, endpoint, headers={"Authorization": ""})).status_code == 401
    assert there.requests == []
