"""Endpoints of each destination: made, changed, tried and set up; as one who may, as the other agency, as nobody."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.events import catalog as events
from app.events.models import Event
from app.kit import ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.destinations import catalog, hubspot_records
from app.webhooks.endpoints import queries
from app.webhooks.models import Endpoint
from tests.webhooks import rows, scenes
from tests.webhooks.destinations.hubspot_account import TOKEN, Account
from tests.webhooks.destinations.receiving import serving
from tests.webhooks.destinations.slack_channel import problem
from tests.world import World

PATH = "/webhooks/endpoints"
HOOK = "http://127.0.0.1:9/services/T1/B1/secret"
URL = "http://127.0.0.1:9/items/{client_id}"
SLACK = {"destination": "slack", "options": {"webhook_url": HOOK}}
HUBSPOT = {"destination": "hubspot", "options": {"token": TOKEN}}
REQUEST = {"url": URL, "body": {"n": "{client_name}"}}
HTTP = {"destination": "http_request", "event_types": ["link.completed"], "options": REQUEST}
EVERY = {"slack": SLACK, "hubspot": HUBSPOT, "http_request": HTTP}


async def made(api: httpx2.AsyncClient, given: Mapping[str, Any]) -> dict[str, Any]:
    """A new endpoint."""
    answer = await api.post(PATH, json=given)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kept(sessions: Sessions, world: World) -> Endpoint:
    """The one endpoint of the north agency."""
    async with sessions() as session:
        query = select(Endpoint).where(Endpoint.agency_id == world.north.agency_id)
        return (await session.scalars(query)).one()


async def test_slack_is_made_as_gentle_as_slack_asks(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    shown = await made(api, SLACK)
    assert shown["rate_limit"] == {"max": 1, "per_seconds": 1, "burst": 1}
    assert (shown["destination"], shown["url"]) == ("slack", "http://127.0.0.1:9/********")
    assert (shown["options"], shown["secret"]) == ({"webhook_url": "********"}, None)
    row = await kept(sessions, world)
    assert (row.destination, row.payload_mode, row.url) == ("slack", "full", shown["url"])
    assert row.options_encrypted is not None
    assert b"secret" not in row.options_encrypted


async def test_hubspot_keeps_the_order_of_a_subject(api: httpx2.AsyncClient) -> None:
    shown = await made(api, {**HUBSPOT, "options": {"token": TOKEN, "lifecycle": {"link.completed": "customer"}}})
    assert (shown["ordering"], shown["url"]) == ("by_subject", "https://api.hubapi.com/")
    assert shown["options"] == {
        "token": "********", "lifecycle": {"link.completed": "customer"}, "notes": ["link.completed", "access.blocked"],
    }  # fmt: skip


async def test_a_call_is_signed_and_shows_its_secret_once(api: httpx2.AsyncClient) -> None:
    shown = await made(api, {**HTTP, "headers": {"Authorization": "Bearer theirs"}})
    assert shown["secret"].startswith("whsec_")
    assert shown["headers"] == {"Authorization": "********"}
    assert shown["options"] == {"method": "POST", **REQUEST}
    read = (await api.get(f"{PATH}/{shown['id']}")).json()
    assert read == {key: value for key, value in shown.items() if key not in ("secret", "warnings")}


async def test_wishes_win_over_what_the_kind_has(api: httpx2.AsyncClient) -> None:
    wish = {
        "description": "Sales", "event_types": ["client.*"], "filter": {"link_id": None, "preset": "audit-only"},
        "personal": False, "retry_policy": [60], "timeout_ms": 5000, "ordering": "by_subject", "rate_limit": None,
        "concurrency": 3,
    }  # fmt: skip
    shown = await made(api, {**SLACK, **wish, "enabled": False})
    assert {key: shown[key] for key in wish} == wish
    assert shown["status"] == "disabled"


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("slack", {"webhook_url": "https://10.0.0.1/x"}, "not an IP address"),
        ("slack", {"webhook_url": "https://hooks.internal/x"}, "private network"),
        ("slack", {"webhook_url": "********"}, "there is none yet"),
        ("slack", {}, "needed"),
        ("hubspot", {"token": "a b"}, ""),
        ("hubspot", {"token": TOKEN, "lifecycle": {"link.completed": "winner"}}, "Choose one of"),
        ("hubspot", {"token": TOKEN, "lifecycle": {"link.complete": "customer"}}, "There is no event type"),
        ("hubspot", {"token": TOKEN, "notes": ["agency.updated"]}, "There is no event type"),
        ("hubspot", {"token": TOKEN, "base": "https://evil.example"}, "no such field"),
        ("http_request", {"url": "https://{client_name}/"}, "host cannot come from an event"),
        ("http_request", {"url": "https://db.internal/{client_id}"}, "private network"),
        ("http_request", {"url": URL, "method": "GET"}, "Choose one of"),
        ("http_request", {"url": URL, "body": {"n": "{client}"}}, "`{client_id}`"),
        ("http_request", {"url": URL, "body": "{% if %}"}, "No event has a key"),
        ("http_request", {"url": URL, "body": ["x" * 17_000]}, "longer than"),
    ],
)
async def test_what_cannot_be_used_is_refused(
    api: httpx2.AsyncClient, kind: str, options: dict[str, Any], said: str
) -> None:
    answer = await api.post(PATH, json={"destination": kind, "options": options})
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert (await api.get("/webhooks/endpoints")).json()["data"] == []


@pytest.mark.parametrize(
    "wish",
    [
        {"event_types": ["link.complete"]}, {"event_types": []}, {"headers": {"Host": "x"}}, {"ordering": "sometimes"},
        {"rate_limit": {"max": 0}}, {"concurrency": 21}, {"payload_mode": "flat"}, {"retry_policy": [0]},
    ],
)  # fmt: skip
async def test_wishes_are_held_to_the_rules_of_endpoints(api: httpx2.AsyncClient, wish: dict[str, Any]) -> None:
    assert (await api.post(PATH, json={**HTTP, **wish})).status_code == 422


async def test_options_change_and_a_masked_secret_stays(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    shown = await made(api, HUBSPOT)
    before = (await kept(sessions, world)).options_encrypted
    given = {**shown["options"], "lifecycle": {"link.opened": "lead"}}
    answer = await api.patch(f"{PATH}/{shown['id']}", json={"options": given}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["options"], answer.headers["ETag"]) == (200, given, '"2"')
    late = await api.patch(f"{PATH}/{shown['id']}", json={"options": given}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "endpoint_changed")
    row = await kept(sessions, world)
    assert (row.version, row.options_encrypted != before) == (2, True)
    assert queries.open_options(keyring, row)["token"] == TOKEN
    async with sessions() as session:
        query = select(Event.facts).where(
            Event.agency_id == world.north.agency_id, Event.type == "webhook.endpoint.updated"
        )
        assert (await session.scalars(query)).one()["reason"] == "options"


async def test_options_of_another_destination_are_refused(api: httpx2.AsyncClient) -> None:
    shown = await made(api, HUBSPOT)
    answer = await api.patch(f"{PATH}/{shown['id']}", json={"options": SLACK["options"]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["options"])
    plain = await made(api, {"url": HOOK, "event_types": ["*"]})
    answer = await api.patch(f"{PATH}/{plain['id']}", json={"options": SLACK["options"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_options")


@pytest.mark.parametrize("given", EVERY.values(), ids=EVERY)
async def test_each_is_changed_paused_and_disabled_as_any_endpoint(
    api: httpx2.AsyncClient, given: dict[str, Any]
) -> None:
    there = f"{PATH}/{(await made(api, given))['id']}"
    changed = (await api.patch(there, json={"description": "Sales", "concurrency": 4})).json()
    assert (changed["description"], changed["concurrency"]) == ("Sales", 4)
    default = catalog.CATALOG[given["destination"]].concurrency
    assert (await api.patch(there, json={"concurrency": None})).json()["concurrency"] == default
    assert (await api.post(f"{there}/pause")).json()["paused_at"] is not None
    assert (await api.delete(f"{there}/pause")).json()["paused_at"] is None
    assert (await api.post(f"{there}/deactivation")).json()["status"] == "disabled"
    assert (await api.post(f"{there}/activation")).json()["status"] == "active"


@pytest.mark.parametrize("change", [{"url": HOOK}, {"payload_mode": "flat"}])
async def test_what_a_destination_does_not_have_is_refused(api: httpx2.AsyncClient, change: dict[str, Any]) -> None:
    shown = await made(api, SLACK)
    assert (await api.patch(f"{PATH}/{shown['id']}", json=change)).status_code in (409, 422)
    assert (await api.get(f"{PATH}/{shown['id']}")).json()["version"] == 1


@pytest.mark.parametrize("destination", ["fax", "webhook", None, 7, ["slack"]])
async def test_a_destination_that_there_is_not(api: httpx2.AsyncClient, destination: Any) -> None:
    answer = await api.post(PATH, json={"destination": destination, "url": HOOK, "event_types": ["*"]})
    assert answer.status_code == 422
    assert "Choose one of http, rest_hook, slack, hubspot, http_request." in answer.text


async def test_an_address_that_moved_starts_in_good_health_and_without_leases(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, world: World
) -> None:
    shown = await made(api, HTTP)
    await rows.set_health(sessions, await kept(sessions, world), unreachable=3)
    await scenes.happen(sessions, world.north.agency_id, events.LINK_COMPLETED)
    await scenes.fan_all_out(tools)
    [claimed] = await scenes.claimed(tools)
    given = {**shown["options"], "url": f"{URL}/new"}
    assert (await api.patch(f"{PATH}/{shown['id']}", json={"options": given})).json()["url"] == f"{URL}/new"
    assert (await rows.health(sessions, await kept(sessions, world))).unreachable == 0
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    assert (ids.parse("delivery", row.id), row.lease_token, row.status) == (claimed.id, None, "pending")


async def test_an_account_is_set_up(api: httpx2.AsyncClient, app: FastAPI) -> None:
    account = Account()
    async with serving(account.answers) as address:
        app.state.services.hubspot_api_base = address
        shown = await made(api, HUBSPOT)
        there = f"{PATH}/{shown['id']}/installation"
        first, again = (await api.put(there)).json(), (await api.put(there)).json()
        wrong = await made(api, {**HUBSPOT, "options": {"token": "pat-wrong"}})
        refused = (await api.put(f"{PATH}/{wrong['id']}/installation")).json()
    wanted = hubspot_records.property_set()
    for kind in ("companies", "contacts"):
        assert account.custom[kind].keys() == {each["name"] for each in wanted[kind]}
    assert (first["done"], again["done"], refused["done"], refused["code"]) == (True, True, False, "http_401")
    assert {step["status"] for step in first["steps"]} == {201}
    assert TOKEN not in str(first)


async def test_only_hubspot_has_something_to_set_up(api: httpx2.AsyncClient) -> None:
    shown = await made(api, SLACK)
    answer = await api.put(f"{PATH}/{shown['id']}/installation")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_install")


@pytest.mark.parametrize("given", EVERY.values(), ids=EVERY)
async def test_another_agency_and_nobody_find_nothing(
    api: httpx2.AsyncClient, world: World, given: dict[str, Any]
) -> None:
    there = f"{PATH}/{(await made(api, given))['id']}"
    change = {"options": given["options"]}
    for key, status in ((f"Bearer {world.south.key}", 404), ("", 401)):
        headers = {"Authorization": key}
        assert (await api.get(there, headers=headers)).status_code == status
        assert (await api.patch(there, json=change, headers=headers)).status_code == status
        assert (await api.put(f"{there}/installation", headers=headers)).status_code == status
    assert (await api.get(there)).json()["options"].keys() >= given["options"].keys()


async def test_each_kind_says_what_it_needs(api: httpx2.AsyncClient) -> None:
    listed = {each["destination"]: each for each in (await api.get("/webhooks/destinations")).json()["data"]}
    assert listed.keys() == catalog.DESTINATIONS.keys()
    assert listed["http"]["options_schema"] is None
    assert listed["slack"]["options_schema"]["required"] == ["webhook_url"]
    assert listed["hubspot"]["ordering"] == "by_subject"


@pytest.mark.parametrize("event_type", sorted(events.FOR_CRMS))
async def test_each_kind_shows_what_it_would_send(api: httpx2.AsyncClient, event_type: str) -> None:
    for kind in catalog.DESTINATIONS:
        answer = await api.get(f"/webhooks/destinations/{kind}/example", params={"event_type": event_type})
        assert answer.status_code == 200, answer.text
        sent = answer.json()["requests"]
        if kind == "slack":
            assert problem(sent[0]["body"]) is None
        assert sent or "client_id" not in events.FOR_CRMS[event_type].keys
        assert "pat-eu1" not in answer.text


async def test_an_example_of_nothing_is_refused(api: httpx2.AsyncClient) -> None:
    assert (
        await api.get("/webhooks/destinations/slack/example", params={"event_type": "access.nothing"})
    ).status_code == 422
    assert (await api.get("/webhooks/destinations/fax/example")).status_code in (404, 422)
