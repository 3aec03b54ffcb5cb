"""Endpoints put to sleep, held and let go, by API."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.events.models import Event
from app.kit.database import Sessions
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints import lifecycle
from tests.webhooks import scenes
from tests.world import TESTS, World

PATH = "/webhooks/endpoints"
GIVEN = {"url": "http://127.0.0.1:9/in", "event_types": ["access.*"]}


@pytest.fixture
async def there(api: httpx2.AsyncClient) -> str:
    """The address of an endpoint."""
    return f"{PATH}/{(await api.post(PATH, json=GIVEN)).json()['id']}"


async def told(sessions: Sessions, world: World) -> list[tuple[str, Any]]:
    """Type and reason of what was recorded after the making."""
    async with sessions() as session:
        mine = Event.agency_id == world.north.agency_id
        rows = await session.execute(select(Event.type, Event.facts).where(mine).order_by(Event.id))
        return [
            (type_.removeprefix("webhook.endpoint."), facts.get("reason"))
            for type_, facts in rows
            if type_.startswith("webhook.endpoint.") and not type_.endswith("created")
        ]


async def test_a_deactivated_endpoint_skips(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, there: str
) -> None:
    for _ in range(2):  # again changes nothing
        shown = (await api.post(f"{there}/deactivation")).json()
        assert (shown["status"], shown["status_reason"], shown["version"]) == ("disabled", "user", 2)
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    assert (row.status, row.reason, row.due_at) == ("skipped", "endpoint_disabled", None)
    assert await told(sessions, world) == [("disabled", "user")]


async def test_a_paused_endpoint_holds_and_goes_on(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, there: str
) -> None:
    first = (await api.post(f"{there}/pause")).json()
    again = (await api.post(f"{there}/pause")).json()
    assert first == again
    assert (first["status"], first["version"], first["paused_at"] is None) == ("active", 2, False)
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    assert row.status == "pending"
    for _ in range(2):
        shown = (await api.delete(f"{there}/pause")).json()
        assert (shown["paused_at"], shown["version"]) == (None, 3)
    assert await told(sessions, world) == [("updated", "paused"), ("updated", "resumed")]


async def test_one_that_still_has_to_answer_waits_for_that_when_enabled(
    api: httpx2.AsyncClient, app: Any, sessions: Sessions, world: World
) -> None:
    app.state.services.verify_endpoints = True
    made = (await api.post(PATH, json=GIVEN)).json()
    there = f"{PATH}/{made['id']}"
    assert (made["status"], made["verified"]) == ("pending_verification", False)
    assert (await api.post(f"{there}/deactivation")).json()["status"] == "disabled"
    async with sessions.begin() as session:
        row = await lifecycle.enable(session, world.north.agency_id, made["id"], actor=TESTS)
        assert row.status == "pending_verification"
    assert (await api.patch(there, json={"enabled": False})).json()["status"] == "disabled"
    assert (await api.patch(there, json={"enabled": True})).json()["status"] == "pending_verification"
    assert "enabled" not in [type_ for type_, _ in await told(sessions, world)]


@pytest.mark.parametrize(("method", "what"), [("POST", "deactivation"), ("POST", "pause"), ("DELETE", "pause")])
async def test_the_other_agency_and_nobody(
    api: httpx2.AsyncClient, world: World, there: str, method: str, what: str
) -> None:
    south = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.request(method, f"{there}/{what}", headers=south)).status_code == 404
    assert (await api.request(method, f"{there}/{what}", headers={"Authorization": ""})).status_code == 401
    assert (await api.get(there)).json()["version"] == 1
