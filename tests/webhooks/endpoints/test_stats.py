"""Statistics of an endpoint: counted by status and code, with times, backlog and what holds it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func
from typeid import TypeID

from app.kit import clock, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import Attempt, Delivery, Endpoint
from tests.webhooks import scenes, setting
from tests.world import World


async def attempted(sessions: Sessions, row: Delivery, made_at: datetime, code: str, total_ms: int) -> None:
    """An attempt as it was written then."""
    lowest = ids.parse("attempt", ids.first("attempt", made_at)).int
    attempt_id = str(TypeID.from_uuid(UUID(int=lowest + total_ms), "attempt"))  # type: ignore[arg-type]  # it takes any
    async with sessions.begin() as session:
        session.add(
            Attempt(
                agency_id=row.agency_id, id=attempt_id, created_at=made_at, delivery_id=row.id,
                endpoint_id=row.endpoint_id, number=1, late=False, arrived=code == "http_200", code=code,
                explanation="", headers={}, body="", total_ms=total_ms, worker="test",
            )
        )  # fmt: skip


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    return made


async def read(api: httpx2.AsyncClient, endpoint: Endpoint, **params: Any) -> dict[str, Any]:
    answer = await api.get(f"/webhooks/endpoints/{endpoint.id}/stats", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_nothing_yet(api: httpx2.AsyncClient, endpoint: Endpoint) -> None:
    shown = await read(api, endpoint)
    assert (shown["window"], shown["attempts"], shown["success_ratio"], shown["p99_ms"]) == ("24h", 0, None, None)
    assert (shown["backlog"], shown["oldest_pending_seconds"], shown["breaker"]) == (0, None, "closed")
    assert (shown["hold"], shown["deliveries"], shown["codes"], shown["complete"]) == (None, {}, {}, True)


async def test_what_was_sent(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint, world: World
) -> None:
    for _ in range(3):
        await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    one, two, three = await scenes.deliveries(sessions, world.north.agency_id)
    await scenes.change(sessions, one, status="succeeded", due_at=None)
    await scenes.change(sessions, two, due_at=func.now() + timedelta(minutes=9), status="retrying")
    await scenes.change(sessions, three, created_at=func.now() - timedelta(minutes=10))
    lately, before = clock.now() - timedelta(minutes=5), clock.now() - timedelta(hours=3)
    for total_ms in range(1, 99):
        await attempted(sessions, one, lately, "http_200", total_ms)
    await attempted(sessions, one, lately, "blocked_address", 99)
    await attempted(sessions, one, lately, "connect_refused", 100)
    await attempted(sessions, one, before, "http_500", 5000)
    shown = await read(api, endpoint, window="1h")
    assert shown["codes"] == {"http_200": 98, "connect_refused": 2}
    assert (shown["attempts"], shown["success_ratio"]) == (100, 0.98)
    assert (shown["p50_ms"], shown["p95_ms"], shown["p99_ms"]) == (50, 95, 99)
    assert shown["deliveries"] == {"succeeded": 1, "retrying": 1, "pending": 1}
    assert shown["backlog"] == 2
    assert shown["oldest_pending_seconds"] >= 600
    assert (await read(api, endpoint, window="7d"))["codes"] == {"http_200": 98, "connect_refused": 2, "http_500": 1}


async def test_what_holds_it(api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint) -> None:
    later = func.now() + timedelta(minutes=1)
    await setting.health(sessions, endpoint, hold_until=later)
    shown = await read(api, endpoint)
    assert (shown["hold"], shown["hold_until"] is not None) == ("retry_after", True)
    await setting.health(sessions, endpoint, hold_until=func.now() - timedelta(seconds=1))
    shown = await read(api, endpoint)
    assert (shown["hold"], shown["hold_until"]) == (None, None), "a hold that is over is none"
    await setting.health(sessions, endpoint, breaker="open", open_until=later, hold_until=None)
    shown = await read(api, endpoint)
    assert (shown["hold"], shown["breaker"], shown["open_until"] is not None) == ("circuit", "open", True)
    await setting.endpoint(sessions, endpoint, paused_at=func.now())
    assert (await read(api, endpoint))["hold"] == "paused"


async def test_very_many_are_counted_up_to_an_end(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint, world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("app.webhooks.endpoints.stats.AT_MOST", 2)
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    for number, code in enumerate(("http_500", "http_200", "http_200")):
        await attempted(sessions, row, clock.now() - timedelta(minutes=5 - number), code, 10)
    shown = await read(api, endpoint)
    assert (shown["attempts"], shown["codes"], shown["complete"]) == (2, {"http_200": 2}, False)


async def test_who_may_not(api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, world: World) -> None:
    path = f"/webhooks/endpoints/{endpoint.id}/stats"
    assert (await api.get(path, params={"window": "1y"})).status_code == 422
    south = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get(path, headers=south)).status_code == 404
    assert (await api.get(path, headers={"Authorization": ""})).status_code == 401
    await setting.endpoint(sessions, endpoint, deleted_at=func.now())
    assert (await api.get(path)).status_code == 404
