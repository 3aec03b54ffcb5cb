"""Bodies by `api_version`: an endpoint keeps its own when a later one is added."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from app.events import catalog
from app.events.rendering import API_VERSION, VERSIONS, EventRecord, Version
from app.kit.database import Sessions
from app.webhooks.context import WebhookContext
from tests.kit.egress.receivers import OK, Receiver, answers, receiver
from tests.webhooks import scenes
from tests.world import World

HOOK = "https://hooks.slack.com/services/T0000/B0000/XXXX"


@pytest.fixture
def later() -> Iterator[str]:
    """A second version, in which the client is an object of its own."""
    version, first = "2027-06-01", VERSIONS["2026-12-01"]

    def render(event: EventRecord, public_url: str) -> dict[str, Any]:
        body = first.render(event, public_url)
        data = body.pop("data")
        client = {"id": data.pop("client_id"), "name": data.pop("client_name")}
        return {**body, "api_version": version, "data": {**data, "client": client}}

    VERSIONS[version] = Version(render, first.model)
    yield version
    del VERSIONS[version]


async def endpoint(api: httpx2.AsyncClient, there: Receiver, **given: Any) -> dict[str, Any]:
    answer = await api.post("/webhooks/endpoints", json={"url": there.url, "event_types": ["access.*"], **given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sent(tools: WebhookContext) -> None:
    await scenes.fan_all_out(tools)
    await scenes.round_(tools)


def bodies(there: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.partition(b"\r\n\r\n")[2]) for each in there.requests]


async def test_the_same_event_arrives_in_the_version_of_each_endpoint(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, later: str
) -> None:
    agency_id, told = world.north.agency_id, {"client_id": world.north.client_id, "client_name": "Brand SA"}
    async with receiver(answers(OK)) as old, receiver(answers(OK)) as new:
        first = await endpoint(api, old)
        second = await endpoint(api, new, api_version=later)
        assert (first["api_version"], second["api_version"]) == (API_VERSION, later)
        event = await scenes.happen(sessions, agency_id, catalog.ACCESS_VERIFIED, **told)
        await sent(tools)
        changed = await api.patch(f"/webhooks/endpoints/{first['id']}", json={"api_version": later})
        assert changed.json()["api_version"] == later
        await scenes.happen(sessions, agency_id, catalog.ACCESS_BLOCKED, **told)
        await sent(tools)
    [before, after], [same, _] = bodies(old), bodies(new)
    assert before["id"] == same["id"] == event.id
    assert (before["api_version"], same["api_version"]) == (API_VERSION, later)
    assert before["data"].items() >= told.items()
    assert tuple(before["data"]) == catalog.ACCESS_VERIFIED.keys
    assert same["data"]["client"] == after["data"]["client"] == {"id": told["client_id"], "name": "Brand SA"}
    assert not told.keys() & same["data"].keys()


async def test_requests_name_a_version(api: httpx2.AsyncClient, sessions: Sessions, world: World, later: str) -> None:
    event = await scenes.happen(sessions, world.north.agency_id, catalog.ACCESS_VERIFIED, client_name="Brand SA")

    async def read(path: str, **params: str) -> Any:
        answer = await api.get(path, params=params)
        return answer.json() if answer.status_code == 200 else answer.json()["errors"]

    async def every(**version: str) -> list[Any]:
        [sampled] = await read("/hooks/sample", event_type="access.verified", **version)
        [listed] = (await read("/events", types="access.verified", **version))["data"]
        return [await read(f"/events/{event.id}", **version), listed, sampled]

    for body in await every() + await every(api_version=API_VERSION):
        assert (body["api_version"], body["data"]["client_name"]) == (API_VERSION, "Brand SA")
    for body in await every(api_version=later):
        assert (body["api_version"], body["data"]["client"]["name"]) == (later, "Brand SA")
    for path in ("/events", f"/events/{event.id}", "/hooks/sample"):
        assert (await read(path, api_version="2020-01-01")).keys() == {"api_version"}
    assert (await read("/webhooks/event-types/access.verified"))["versions"] == [API_VERSION, later]


async def test_a_thin_body_leads_to_the_event_in_the_same_version(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, later: str
) -> None:
    async with receiver(answers(OK)) as there:
        await endpoint(api, there, payload_mode="thin", api_version=later)
        await scenes.happen(sessions, world.north.agency_id, client_name="Brand SA")
        await sent(tools)
    [thin] = bodies(there)
    whole = (await api.get(thin["href"].removeprefix("/api/v1"))).json()
    assert (whole["id"], whole["api_version"], whole["data"]["client"]["name"]) == (thin["id"], later, "Brand SA")


async def test_an_unknown_version_is_refused_and_null_is_the_newest(api: httpx2.AsyncClient, later: str) -> None:
    async with receiver(answers(OK)) as there:
        wrong = {"url": there.url, "event_types": ["*"], "api_version": "2020-01-01"}
        answer = await api.post("/webhooks/endpoints", json=wrong)
        assert answer.status_code == 422
        assert answer.json()["errors"] == {
            "api_version": f"There is no such version: choose one of {API_VERSION}, {later}."
        }
        made = await endpoint(api, there, api_version=later)
        back = await api.patch(f"/webhooks/endpoints/{made['id']}", json={"api_version": None})
        assert back.json()["api_version"] == API_VERSION


async def test_a_destination_that_keyturn_reads_itself_has_no_version(api: httpx2.AsyncClient) -> None:
    slack = {"destination": "slack", "options": {"webhook_url": HOOK}}
    made = (await api.post("/webhooks/endpoints", json=slack)).json()
    assert made["api_version"] is None
    answer = await api.patch(f"/webhooks/endpoints/{made['id']}", json={"api_version": API_VERSION})
    assert answer.json()["errors"] == {"api_version": "An endpoint of slack has no version."}
    assert (await api.patch(f"/webhooks/endpoints/{made['id']}", json={"api_version": None})).status_code == 200
    own = {"destination": "http_request", "options": {"url": "https://crm.example.com/in"}}
    assert (await api.post("/webhooks/endpoints", json=own)).json()["api_version"] == API_VERSION
