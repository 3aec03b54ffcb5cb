"""The status a delivery is shown in, why it is held, and that lists find it by that."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func

from app.kit import ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import Attempt, Delivery, Endpoint
from tests.webhooks import scenes, setting
from tests.world import World

PATH = "/webhooks/deliveries"
SOON, LATELY = func.now() + timedelta(minutes=5), func.now() - timedelta(minutes=5)
LIMIT = {"max": 1, "per_seconds": 60, "burst": 2}


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    return made


@pytest.fixture
async def row(endpoint: Endpoint, tools: WebhookContext, sessions: Sessions, world: World) -> Delivery:
    """A delivery that is due."""
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [made] = await scenes.deliveries(sessions, world.north.agency_id)
    return made


async def told(api: httpx2.AsyncClient, row: Delivery) -> tuple[str, str | None]:
    shown = (await api.get(f"{PATH}/{row.id}")).json()
    return shown["status"], shown["reason"]


async def listed(api: httpx2.AsyncClient, **params: Any) -> list[str]:
    answer = await api.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["data"]]


@pytest.mark.parametrize(
    ("reason", "of_endpoint", "of_health", "of_delivery"),
    [
        ("paused", {"paused_at": func.now()}, {}, {}),
        ("circuit", {}, {"breaker": "open", "open_until": SOON}, {}),
        ("retry_after", {}, {"hold_until": SOON}, {"status": "retrying", "reason": "throttled"}),
        ("rate_limit", {"rate_limit": LIMIT}, {"tokens": 0.5, "tokens_at": func.now()}, {}),
        ("ordering", {}, {}, {"due_at": None, "reason": "ordering", "ordered": True}),
        ("paused", {"paused_at": func.now()}, {}, {"due_at": None, "reason": "ordering", "ordered": True}),
    ],
)
async def test_it_is_held(
    api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, row: Delivery, reason: str,
    of_endpoint: dict[str, Any], of_health: dict[str, Any], of_delivery: dict[str, Any],
) -> None:  # fmt: skip
    if of_endpoint:
        await setting.endpoint(sessions, endpoint, **of_endpoint)
    if of_health:
        await setting.health(sessions, endpoint, **of_health)
    if of_delivery:
        await scenes.change(sessions, row, **of_delivery)
    assert await told(api, row) == ("held", reason)
    assert await listed(api, status="held") == [row.id]
    assert await listed(api, status="held", reason=reason, endpoint_id=endpoint.id) == [row.id]
    assert await listed(api, reason="http_500") == []
    assert await listed(api, status="pending") == []
    assert await listed(api, status="retrying") == []
    await scenes.change(sessions, row, status="succeeded", reason=None, due_at=None)
    assert await told(api, row) == ("succeeded", None)
    assert await listed(api, status="held") == []


@pytest.mark.parametrize(
    ("of_endpoint", "of_health"),
    [
        ({}, {"breaker": "open", "open_until": LATELY}),
        ({}, {"breaker": "half_open", "probes": 1}),
        ({}, {"hold_until": LATELY}),
        ({"rate_limit": LIMIT}, {}),
        ({"rate_limit": LIMIT}, {"tokens": 0.5, "tokens_at": LATELY}),
    ],
)
async def test_it_is_not_held(
    api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, row: Delivery,
    of_endpoint: dict[str, Any], of_health: dict[str, Any],
) -> None:  # fmt: skip
    if of_endpoint:
        await setting.endpoint(sessions, endpoint, **of_endpoint)
    if of_health:
        await setting.health(sessions, endpoint, **of_health)
    assert await told(api, row) == ("pending", None)
    assert await listed(api, status="pending") == [row.id]


async def test_what_is_not_due_yet_is_not_held(
    api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, row: Delivery
) -> None:
    await setting.endpoint(sessions, endpoint, paused_at=func.now())
    await scenes.change(sessions, row, status="retrying", reason="http_500", due_at=SOON)
    assert await told(api, row) == ("retrying", "http_500")


async def test_what_is_in_flight_is_not_held(
    api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, row: Delivery
) -> None:
    await setting.endpoint(sessions, endpoint, paused_at=func.now())
    await scenes.change(sessions, row, lease_until=SOON, lease_token=func.gen_random_uuid())
    assert (await told(api, row))[0] == "in_flight"
    assert await listed(api, status="in_flight") == [row.id]
    await scenes.change(sessions, row, lease_until=LATELY)
    assert await told(api, row) == ("held", "paused")


@pytest.mark.parametrize(
    ("code", "found_as"),
    [
        ("http_200", "2xx"), ("redirect", "3xx"), ("http_404", "4xx"), ("gone", "4xx"), ("http_503", "5xx"),
        ("connect_refused", "none"), ("blocked_address", "none"), ("timeout_answer", "none"), ("protocol", "none"),
        ("dns_nxdomain", "none"), ("tls_handshake", "none"), ("throttled", "none"),
    ],
)  # fmt: skip
async def test_by_class_of_the_last_answer(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, code: str, found_as: str
) -> None:
    await scenes.change(sessions, row, last_code=code)
    for each in ("2xx", "3xx", "4xx", "5xx", "none"):
        assert await listed(api, status_class=each) == ([row.id] if each == found_as else [])


async def test_what_was_never_tried_is_of_no_class(api: httpx2.AsyncClient, row: Delivery) -> None:
    for each in ("2xx", "3xx", "4xx", "5xx", "none"):
        assert await listed(api, status_class=each) == []


async def test_by_everything_else(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, endpoint: Endpoint, row: Delivery, world: World
) -> None:
    await scenes.happen(sessions, world.north.agency_id, link_id="link_9")
    await scenes.fan_all_out(tools)
    [_, other] = await scenes.deliveries(sessions, world.north.agency_id)
    assert await listed(api, subject_id="link_9") == [other.id]
    assert await listed(api, event_id=row.event_id) == [row.id]
    assert await listed(api, event_type="access.verified", limit=1) == [other.id]
    assert await listed(api, replay_id="replay_01ksy1q3e0fzs8qj5m8g3d4w81") == []
    await scenes.change(sessions, row, created_at=func.now() - timedelta(minutes=30))
    middle = (other.created_at - timedelta(minutes=10)).isoformat()
    assert await listed(api, since=middle) == [other.id]
    assert await listed(api, until=middle) == [row.id]
    await scenes.change(sessions, row, status="retrying", reason="blocked_address", due_at=SOON)
    assert await listed(api, reason="connect_refused") == [row.id]
    assert await listed(api, reason="blocked_address") == []
    of_event = (await api.get(f"/events/{row.event_id}/deliveries")).json()
    assert [each["id"] for each in of_event["data"]] == [row.id]


@pytest.mark.parametrize(
    "params",
    [
        {"status": "lost"},
        {"status_class": "6xx"},
        {"since": "today"},
        {"until": "2026-01-01T00:00:00"},
        {"reason": "%"},
    ],
)
async def test_filters_that_are_none(api: httpx2.AsyncClient, params: dict[str, str]) -> None:
    assert (await api.get(PATH, params=params)).status_code == 422


async def test_another_agency_finds_no_event_of_ours(api: httpx2.AsyncClient, row: Delivery, world: World) -> None:
    south = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get(f"/events/{row.event_id}/deliveries", headers=south)).status_code == 404
    assert (await api.get(PATH, params={"event_id": row.event_id}, headers=south)).json()["data"] == []
    assert (await api.get(PATH, params={"subject_id": row.subject_id}, headers=south)).json()["data"] == []


@pytest.mark.parametrize(("status", "found_as"), [(429, "4xx"), (503, "5xx")])
async def test_the_class_of_a_code_that_does_not_tell_it_is_that_of_the_attempt(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, status: int, found_as: str
) -> None:
    await scenes.change(sessions, row, last_code="throttled")
    async with sessions.begin() as session:
        attempt = Attempt(
            agency_id=row.agency_id, id=ids.new("attempt"), delivery_id=row.id, endpoint_id=row.endpoint_id, number=1,
            late=False, arrived=False, code="throttled", explanation="", status=status, headers={}, body="",
            total_ms=1, worker="test",
        )  # fmt: skip
        session.add(attempt)
    for each in ("2xx", "3xx", "4xx", "5xx", "none"):
        assert await listed(api, status_class=each) == ([row.id] if each == found_as else [])
