"""Changing and deleting endpoints by API, and what becomes of deliveries under way."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from app.events.models import Event
from app.kit import ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints import queries
from app.webhooks.models import Endpoint, EndpointHealth
from tests.webhooks import scenes
from tests.world import World

PATH = "/webhooks/endpoints"
GIVEN = {"url": "http://127.0.0.1:9/in", "event_types": ["access.*"]}
OTHER = "http://127.0.0.1:9/other"


@pytest.fixture
async def endpoint(api: httpx2.AsyncClient) -> dict[str, Any]:
    """One endpoint as it was made."""
    made: dict[str, Any] = (await api.post(PATH, json={**GIVEN, "headers": {"X-Key": "hush"}})).json()
    return made


@pytest.fixture
def there(endpoint: dict[str, Any]) -> str:
    """Its address."""
    return f"{PATH}/{endpoint['id']}"


async def changed(api: httpx2.AsyncClient, there: str, **changes: Any) -> dict[str, Any]:
    """The endpoint after a change that is taken."""
    answer = await api.patch(there, json=changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def updates(sessions: Sessions, world: World) -> list[str]:
    """What the events about changes say was changed, in order."""
    async with sessions() as session:
        mine = (Event.agency_id == world.north.agency_id, Event.type == "webhook.endpoint.updated")
        return [facts["reason"] for facts in await session.scalars(select(Event.facts).where(*mine).order_by(Event.id))]


async def opened_headers(sessions: Sessions, keyring: Keyring, world: World, endpoint_id: str) -> dict[str, str]:
    """The custom headers with their values."""
    async with sessions() as session:
        return queries.open_headers(keyring, await queries.find(session, world.north.agency_id, endpoint_id))


WISH: dict[str, Any] = {
    "url": OTHER, "event_types": ["link.*"], "description": "Café", "payload_mode": "thin", "personal": False,
    "retry_policy": [5, 60], "timeout_ms": 3000, "ordering": "by_subject", "concurrency": 1,
    "rate_limit": {"max": 3, "per_seconds": 60, "burst": 6}, "metadata": {"team": "é" * 100},
    "filter": {"link_id": None, "preset": "audit-only"},
}  # fmt: skip


@pytest.mark.parametrize("name", WISH)
async def test_each_field_changes_alone(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, endpoint: dict[str, Any], there: str, name: str
) -> None:
    after = await changed(api, there, **{name: WISH[name]})
    assert after == {**{key: value for key, value in endpoint.items() if key != "secret"}, name: WISH[name],
                     "version": 2, "warnings": after["warnings"]}  # fmt: skip
    assert await updates(sessions, world) == [name]
    read = (await api.get(there)).json()
    assert read == {key: value for key, value in after.items() if key != "warnings"}


async def test_all_fields_change_at_once(api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str) -> None:
    after = await changed(api, there, **WISH, enabled=False)
    assert {key: after[key] for key in WISH} == WISH
    assert (after["status"], after["status_reason"], after["enabled"]) == ("disabled", "user", False)
    [reason] = await updates(sessions, world)
    assert set(reason.split(",")) == WISH.keys()


async def test_null_puts_a_field_back(api: httpx2.AsyncClient, endpoint: dict[str, Any], there: str) -> None:
    await changed(api, there, **{**WISH, "url": GIVEN["url"], "event_types": GIVEN["event_types"]})
    nulls = dict.fromkeys(set(WISH) - {"url", "event_types"})
    after = await changed(api, there, **nulls, headers=None)
    assert after["headers"] == {}
    same = set(endpoint) - {"secret", "headers", "version", "warnings"}
    assert {key: after[key] for key in same} == {key: endpoint[key] for key in same}


@pytest.mark.parametrize("name", ["url", "event_types", "enabled"])
async def test_what_an_endpoint_cannot_be_without_is_not_null(api: httpx2.AsyncClient, there: str, name: str) -> None:
    assert (await api.patch(there, json={name: None})).status_code == 422


async def test_headers_are_replaced_whole_and_a_mask_keeps_its_value(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, endpoint: dict[str, Any], there: str
) -> None:
    after = await changed(api, there, headers={**endpoint["headers"], "X-Team": "crm"})
    assert after["headers"] == {"X-Key": "********", "X-Team": "********"}
    kept = await opened_headers(sessions, keyring, world, endpoint["id"])
    assert kept == {"X-Key": "hush", "X-Team": "crm"}
    await changed(api, there, headers={"X-Team": "ops"})
    assert await opened_headers(sessions, keyring, world, endpoint["id"]) == {"X-Team": "ops"}
    assert (await api.patch(there, json={"headers": {"X-New": "********"}})).status_code == 422


async def test_nothing_named_changes_nothing(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    for nothing in ({}, {"url": GIVEN["url"]}, {"enabled": True}, {"event_types": ["access.*"], "filter": None}):
        assert (await changed(api, there, **nothing))["version"] == 1
    assert await updates(sessions, world) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""}, {"url": "https://10.0.0.1/"}, {"url": "https://db.internal/"}, {"url": "ftp://x.example/"},
        {"event_types": []}, {"event_types": ["*"] * 101}, {"event_types": ["link.complete"]},
        {"concurrency": 0}, {"concurrency": 21}, {"ordering": "random"}, {"timeout_ms": 999},
        {"rate_limit": {"max": 0}}, {"rate_limit": {"per_seconds": 1}}, {"rate_limit": {"max": 1, "per_seconds": 0}},
        {"rate_limit": {"max": 1, "burst": 0}}, {"rate_limit": {"max": 1, "colour": 1}}, {"rate_limit": 5},
        {"metadata": {"a": "x" * 4096}}, {"metadata": {"a": "\x00"}}, {"metadata": {"a": 1}},
        {"description": "x" * 501}, {"description": "\x00"}, {"filter": {"preset": "\x00"}},
        {"filter": {"link_id": "x" * 65}}, {"headers": {"Host": "x"}}, {"headers": {"X-A": "a\nb"}},
        {"retry_policy": [1_000_000, 1_000_000]}, {"status": "active"}, {"secret": "whsec_x"}, {"destination": "slack"},
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused(
    api: httpx2.AsyncClient, endpoint: dict[str, Any], there: str, wrong: dict[str, Any]
) -> None:
    answer = await api.patch(there, json={"description": "new", **wrong})
    assert answer.status_code == 422, answer.text
    assert (await api.get(there)).json()["version"] == endpoint["version"]


async def test_an_unknown_event_type_gets_the_nearest(api: httpx2.AsyncClient, there: str) -> None:
    answer = (await api.patch(there, json={"event_types": ["link.complete"]})).json()
    assert (answer["code"], "`link.completed`" in answer["hint"]) == ("event_type_unknown", True)


async def test_a_hundred_types_and_four_kibibytes_are_taken(api: httpx2.AsyncClient, there: str) -> None:
    await changed(api, there, event_types=["access.*"] * 100, metadata={"a": "x" * (4096 - len('{"a": ""}'))})


async def test_etags_come_with_every_answer(api: httpx2.AsyncClient) -> None:
    made = await api.post(PATH, json=GIVEN)
    there = f"{PATH}/{made.json()['id']}"
    assert made.headers["etag"] == (await api.get(there)).headers["etag"] == '"1"'
    after = await api.patch(there, json={"description": "x"}, headers={"If-Match": '"1"'})
    assert (after.status_code, after.headers["etag"], after.json()["version"]) == (200, '"2"', 2)


async def test_a_change_of_what_somebody_else_changed_is_refused(api: httpx2.AsyncClient, there: str) -> None:
    await changed(api, there, description="theirs")
    for method, body in (("PATCH", {"description": "mine"}), ("DELETE", None)):
        answer = await api.request(method, there, json=body, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "endpoint_changed")
        assert '"2"' in answer.json()["detail"]
        assert "If-Match" in answer.json()["hint"]
    assert (await api.get(there)).json()["description"] == "theirs"
    assert (await api.delete(there, headers={"If-Match": '"2"'})).status_code == 204


async def test_of_several_with_one_etag_one_wins(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    answers = await asyncio.gather(
        *(api.patch(there, json={"description": str(n)}, headers={"If-Match": '"1"'}) for n in range(5))
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412]
    [winner] = [each.json() for each in answers if each.status_code == 200]
    assert (await api.get(there)).json()["description"] == winner["description"]
    assert await updates(sessions, world) == ["description"]


async def test_changes_at_once_are_all_counted(api: httpx2.AsyncClient, there: str) -> None:
    await asyncio.gather(*(api.patch(there, json={"description": str(n)}) for n in range(5)))
    assert (await api.get(there)).json()["version"] == 6


async def test_another_url_takes_leases_away_and_keeps_what_is_pending(
    api: httpx2.AsyncClient,
    sessions: Sessions,
    tools: WebhookContext,
    world: World,
    endpoint: dict[str, Any],
    there: str,
) -> None:
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [delivery] = await scenes.claimed(tools)
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    await changed(api, there, description="same url")
    assert (await scenes.again(sessions, row)).lease_token == delivery.token
    await changed(api, there, url=OTHER)
    kept = await scenes.again(sessions, row)
    assert (kept.status, kept.lease_token, kept.lease_until) == ("pending", None, None)
    assert kept.due_at is not None
    [again] = await scenes.claimed(tools)
    assert (again.id, (await scenes.snapshot(tools, again)).url) == (delivery.id, OTHER)
    assert await updates(sessions, world) == ["description", "url"]


async def test_without_order_nobody_waits_for_a_turn(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, there: str
) -> None:
    await changed(api, there, ordering="by_subject")
    for _ in range(2):
        await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    first, second = await scenes.deliveries(sessions, world.north.agency_id)
    await scenes.change(sessions, first, status="retrying", due_at=func.now() + timedelta(hours=10))
    await scenes.change(sessions, second, due_at=None, reason="ordering")
    await changed(api, there, ordering="none")
    [delivery] = await scenes.claimed(tools)
    assert ids.text("delivery", delivery.id) == second.id
    kept = await scenes.again(sessions, first)
    assert (kept.status, kept.ordered) == ("retrying", False)


async def test_the_address_of_a_destination_stands_among_its_options(api: httpx2.AsyncClient) -> None:
    made = await api.post(PATH, json={"destination": "http_request", "options": {"url": GIVEN["url"]}})
    assert made.status_code == 201, made.text
    answer = await api.patch(f"{PATH}/{made.json()['id']}", json={"url": OTHER})
    assert (answer.status_code, answer.json()["code"]) == (409, "url_in_options")
    again = await api.patch(f"{PATH}/{made.json()['id']}", json={"url": made.json()["url"], "description": "x"})
    assert again.status_code == 200


async def test_another_url_lets_go_of_what_the_old_receiver_did(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, endpoint: dict[str, Any], there: str
) -> None:
    mine = EndpointHealth.agency_id == world.north.agency_id
    async with sessions.begin() as session:
        await session.execute(
            update(EndpointHealth).where(mine)
            .values(breaker="open", hold_until=func.now(), reduced_concurrency=1, failing_since=func.now())
        )  # fmt: skip
    await changed(api, there, url=OTHER)
    async with sessions() as session:
        health = (await session.scalars(select(EndpointHealth).where(mine))).one()
        assert (health.breaker, health.hold_until, health.reduced_concurrency, health.failing_since) == (
            "closed", None, None, None,
        )  # fmt: skip


async def test_enabled_turns_it_off_and_on(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    assert (await changed(api, there, enabled=False))["status"] == "disabled"
    assert (await changed(api, there, enabled=True))["status"] == "active"
    async with sessions() as session:
        mine = Event.agency_id == world.north.agency_id
        types = (await session.scalars(select(Event.type).where(mine).order_by(Event.id))).all()
    assert types[-2:] == ["webhook.endpoint.disabled", "webhook.endpoint.enabled"]


async def test_doubts_are_told_and_nothing_is_refused(api: httpx2.AsyncClient, world: World, there: str) -> None:
    nobodys = "link_01ksy1q3e0fzs8qj5m8g3d4w7s"
    for filter_, said in (
        ({"link_id": nobodys}, f"Your agency has no link '{nobodys}'"),
        ({"link_id": world.south.link_id}, "Your agency has no link"),
        ({"link_id": "1234"}, "No link has an id like '1234'"),
        ({"preset": "No Such"}, "No preset is called"),
    ):
        [warning] = (await changed(api, there, filter=filter_))["warnings"]
        assert said in warning
    assert (await changed(api, there, filter={"link_id": world.north.link_id}))["warnings"] == []
    [warning] = (await changed(api, there, event_types=["client.created"]))["warnings"]
    assert "carries `link_id`" in warning
    again = await api.post(PATH, json={**GIVEN, "event_types": ["access.*", "access.*"]})
    assert again.status_code == 201
    assert [each.split(":")[0] for each in again.json()["warnings"]] == [
        "Named more than once", f"{there.rpartition('/')[2]} has the same URL",
    ]  # fmt: skip


async def test_the_other_agency_and_nobody(api: httpx2.AsyncClient, world: World, there: str) -> None:
    south = {"Authorization": f"Bearer {world.south.key}"}
    for headers, status in ((south, 404), ({"Authorization": ""}, 401)):
        assert (await api.patch(there, json={"description": "x"}, headers=headers)).status_code == status
    assert (await api.get(there)).json()["version"] == 1


async def test_each_endpoint_has_one_row_of_health(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, there: str
) -> None:
    await changed(api, there, url=OTHER, enabled=False)
    await api.post("/hooks", json={"target_url": "http://127.0.0.1:9/z", "event_types": ["*"]})
    await api.delete(there)
    agency_id = world.north.agency_id
    async with sessions() as session:
        made = await session.scalars(select(Endpoint.id).where(Endpoint.agency_id == agency_id))
        kept = await session.scalars(select(EndpointHealth.id).where(EndpointHealth.agency_id == agency_id))
        assert sorted(made) == sorted(kept)
