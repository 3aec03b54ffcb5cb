"""Replays by API: asked for, tried without writing, followed, called off; activation; and whatever is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.jobs import LeaseLost
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints import lifecycle
from app.webhooks.models import Endpoint, Replay
from app.webhooks.replays import job, service
from tests.webhooks import scenes, setting
from tests.webhooks.replays import turns
from tests.world import TESTS, World

PATH = "/webhooks/replays"


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    return made


def wish(endpoint: Endpoint, **values: Any) -> dict[str, Any]:
    since = clock.now() - timedelta(hours=1)
    return {"endpoint_id": endpoint.id, "since": since.isoformat(), "select": "failed", **values}


async def refused(api: httpx2.AsyncClient, body: dict[str, Any], **options: Any) -> tuple[int, str]:
    answer = await api.post(PATH, json=body, **options)
    return answer.status_code, answer.json()["code"]


async def count(sessions: Sessions, agency_id: str) -> int:
    async with sessions() as session:
        query = select(func.count()).select_from(Replay).where(Replay.agency_id == agency_id)
        return (await session.execute(query)).scalar_one()


async def test_a_dry_run_says_how_many_and_writes_nothing(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    made = await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    rows = {row.id: row.event_id for row in await scenes.deliveries(sessions, endpoint.agency_id)}
    for values, ends in (
        ({}, ["exhausted", "expired"]),
        ({"select": "all"}, list(turns.ENDS)),
        ({"subjects": ["link_expired", "link_skipped"]}, ["expired"]),
        ({"event_types": ["access.*"]}, ["exhausted", "expired"]),
        ({"event_types": ["link.*"], "select": "all"}, []),
        ({"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}, []),
    ):  # fmt: skip
        answer = await api.post(PATH, json=wish(endpoint, dry_run=True, **values))
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"matched": len(ends), "sample_event_ids": [rows[made[end]] for end in ends]}
    assert await count(sessions, endpoint.agency_id) == 0


async def test_from_asking_to_the_end(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    made = await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    answer = await api.post(PATH, json=wish(endpoint, select="all", rate_per_second=3))
    assert answer.status_code == 201, answer.text
    replay = answer.json()
    assert (replay["status"], replay["matched"], replay["queued"]) == ("running", 5, 0)
    await turns.turn(tools)
    first, second, third, *_ = await scenes.deliveries(sessions, endpoint.agency_id)
    await scenes.change(sessions, first, status="succeeded", due_at=None)
    await scenes.change(sessions, second, status="exhausted", due_at=None)
    shown = (await api.get(f"{PATH}/{replay['id']}")).json()
    assert (shown["queued"], shown["delivered"], shown["failed"], shown["pending"]) == (3, 1, 1, 1)
    assert (await api.get(PATH)).json()["data"] == [shown]
    listed = (await api.get("/webhooks/deliveries", params={"replay_id": replay["id"], "status": "pending"})).json()
    assert [row["id"] for row in listed["data"]] == [third.id]
    await turns.turn(tools)
    shown = (await api.get(f"{PATH}/{replay['id']}")).json()
    assert (shown["status"], shown["queued"], shown["ended_at"] is not None) == ("completed", 5, True)
    assert len(made) == 5
    names = await recorded(sessions, endpoint.agency_id)
    assert names == ["webhook.replay_started", "webhook.replay.completed"]


async def recorded(sessions: Sessions, agency_id: str) -> list[str]:
    async with sessions() as session:
        query = select(Event.type).where(Event.agency_id == agency_id, Event.subject_type == "replay")
        return list(await session.scalars(query.order_by(Event.sequence)))


async def test_calling_off(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    replay = (await api.post(PATH, json=wish(endpoint, select="all", rate_per_second=3))).json()
    await turns.turn(tools)
    first, second, third, *rest = await scenes.deliveries(sessions, endpoint.agency_id)
    await scenes.change(sessions, first, status="succeeded", due_at=None)
    later = func.now() + timedelta(minutes=1)
    await scenes.change(sessions, second, lease_token=func.gen_random_uuid(), lease_until=later)
    [held] = await turns.claimed(tools)
    answer = await api.post(f"{PATH}/{replay['id']}/cancellation")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    rows = await scenes.deliveries(sessions, endpoint.agency_id)
    assert [row.status for row in rows[:3]] == ["succeeded", "pending", "cancelled"]
    assert rows[2].reason == "replay_cancelled"
    assert [row.replay_id for row in rows[3:]] == [None] * len(rest)
    with pytest.raises(LeaseLost):
        await job.advance(tools, held)
    assert (await api.post(f"{PATH}/{replay['id']}/cancellation")).json()["code"] == "replay_ended"
    assert await recorded(sessions, endpoint.agency_id) == ["webhook.replay_started", "webhook.replay_cancelled"]
    dry = await api.post(PATH, json=wish(endpoint, dry_run=True))
    assert third.event_id in dry.json()["sample_event_ids"], "it can be sent by another replay"


async def test_what_is_refused(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint, world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    long_ago = "2026-01-01T00:00:00Z"
    assert await refused(api, wish(endpoint, since="2026-03-01T00:00:00Z", until=long_ago)) == (422, "malformed")
    assert await refused(api, wish(endpoint, since=long_ago, until="2026-02-01T00:00:01Z")) == (422, "malformed")
    assert await refused(api, wish(endpoint, since=_tomorrow())) == (422, "malformed")
    assert await refused(api, wish(endpoint, select="lost")) == (422, "malformed")
    assert await refused(api, wish(endpoint, rate_per_second=51)) == (422, "malformed")
    assert await refused(api, wish(endpoint, event_types=["lost.*"])) == (422, "event_type_unknown")
    assert await refused(api, wish(endpoint, lost=1)) == (422, "unknown_field")
    assert await refused(api, wish(endpoint, endpoint_id="endpoint_zzz")) == (404, "not_found")
    south = {"Authorization": f"Bearer {world.south.key}"}
    for dry_run in (True, False):
        assert await refused(api, wish(endpoint, dry_run=dry_run), headers=south) == (404, "not_found")
    assert await refused(api, wish(endpoint), headers={"Authorization": ""}) == (401, "key_missing")
    await turns.ended(sessions, tools, endpoint, "exhausted", "expired")
    with monkeypatch.context() as patched:
        patched.setattr(service, "EVENTS_AT_MOST", 1)
        assert await refused(api, wish(endpoint, dry_run=True)) == (409, "replay_too_large")
        assert await refused(api, wish(endpoint)) == (409, "replay_too_large")
    await setting.endpoint(sessions, endpoint, status="disabled")
    assert await refused(api, wish(endpoint)) == (409, "endpoint_disabled")
    assert await count(sessions, endpoint.agency_id) == 0


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_two_at_once(api: httpx2.AsyncClient, endpoint: Endpoint) -> None:
    first, _ = [(await api.post(PATH, json=wish(endpoint))).json() for _ in range(2)]
    assert await refused(api, wish(endpoint)) == (409, "too_many_replays")
    await api.post(f"{PATH}/{first['id']}/cancellation")
    assert (await api.post(PATH, json=wish(endpoint))).status_code == 201


async def test_another_agency_finds_nothing(api: httpx2.AsyncClient, endpoint: Endpoint, world: World) -> None:
    replay = (await api.post(PATH, json=wish(endpoint))).json()
    south = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get(PATH, headers=south)).json()["data"] == []
    assert (await api.get(f"{PATH}/{replay['id']}", headers=south)).status_code == 404
    assert (await api.post(f"{PATH}/{replay['id']}/cancellation", headers=south)).status_code == 404
    activation = f"/webhooks/endpoints/{endpoint.id}/activation"
    assert (await api.post(activation, json={}, headers=south)).status_code == 404


async def test_activation_sends_what_was_missed(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    path = f"/webhooks/endpoints/{endpoint.id}/activation"
    async with sessions.begin() as session:
        await lifecycle.disable(session, endpoint.agency_id, endpoint.id, reason="user", actor=TESTS)
    made = await turns.ended(sessions, tools, endpoint, "skipped", "exhausted")
    answer = await api.post(path, json={"replay": "skipped"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["id"], shown["status"], shown["replay"]["matched"]) == (endpoint.id, "active", 1)
    disabled = await _since(sessions, endpoint)
    assert shown["replay"]["since"] == clock.iso(disabled)
    await turns.turn(tools)
    rows = {row.id: row for row in await scenes.deliveries(sessions, endpoint.agency_id)}
    assert rows[made["skipped"]].status == "pending"
    again = (await api.post(path, json={})).json()
    assert (again["status"], again["replay"]) == ("active", None)


async def test_one_that_never_had_trouble_is_activated_too(api: httpx2.AsyncClient, endpoint: Endpoint) -> None:
    path = f"/webhooks/endpoints/{endpoint.id}/activation"
    assert (await api.post(path)).status_code == 200  # nothing has to be said
    answer = await api.post(path, json={"replay": "failed"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["replay"]["select"] == "failed"


async def test_activation_is_all_or_nothing(api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint) -> None:
    path = f"/webhooks/endpoints/{endpoint.id}/activation"
    await setting.endpoint(sessions, endpoint, status="disabled")
    answer = await api.post(path, json={"replay": "failed", "since": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 422
    assert (await api.get(f"/webhooks/endpoints/{endpoint.id}")).json()["status"] == "disabled"
    await setting.endpoint(sessions, endpoint, status="pending_verification")
    answer = await api.post(path, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_not_verified")


async def _since(sessions: Sessions, endpoint: Endpoint) -> datetime:
    async with sessions() as session:
        query = select(Event.occurred_at).where(
            Event.agency_id == endpoint.agency_id, Event.type == "webhook.endpoint.disabled"
        )
        return (await session.scalars(query)).one()
