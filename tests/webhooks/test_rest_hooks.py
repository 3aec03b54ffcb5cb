"""REST hooks as Zapier uses them: subscribe, sample, a live event, unsubscribe; as others."""

import json
from typing import Any

import httpx2
import pytest

from app.events import catalog, rendering
from app.events.schema import PERSONAL
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.tenants.api_keys import service as members
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints.verification import send_test
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes
from tests.world import PUBLIC_URL, TESTS, World

NOWHERE = "http://127.0.0.1:9/zap"


async def subscribed(api: httpx2.AsyncClient, **given: Any) -> dict[str, Any]:
    answer = await api.post("/hooks", json={"target_url": NOWHERE, "event_types": ["access.*"], **given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sample(api: httpx2.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/hooks/sample", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def shape(body: Any) -> Any:
    """The keys, all the way down."""
    return {key: shape(value) for key, value in body.items()} if isinstance(body, dict) else None


@pytest.mark.parametrize(
    "given",
    [
        {"target_url": NOWHERE, "event_types": ["access.verified"]},
        {"url": NOWHERE, "event_types": "access.verified"},
        {"hookUrl": NOWHERE, "event": "access.verified"},
        {"target_url": NOWHERE, "event": "access.verified", "subscription_url": NOWHERE, "zap_id": 7, "filters": None},
    ],
)
async def test_tools_subscribe_in_their_own_words(api: httpx2.AsyncClient, given: dict[str, Any]) -> None:
    answer = await api.post("/hooks", json=given)
    assert answer.status_code == 201, answer.text
    hook = answer.json()
    assert (hook["target_url"], hook["event_types"], hook["payload_mode"], hook["enabled"]) == (
        NOWHERE, ["access.verified"], "full", True,
    )  # fmt: skip
    assert "whsec_" not in answer.text
    kept = (await api.get(f"/hooks/{hook['id']}")).json()
    assert kept == {key: value for key, value in hook.items() if key != "warnings"}


async def test_wishes_are_kept(api: httpx2.AsyncClient, world: World) -> None:
    wish = {"filters": {"link_id": world.north.link_id, "preset": None}, "payload_mode": "flat", "personal": False}
    hook = await subscribed(api, event_types="access.*, link.opened", **wish)
    assert {key: hook[key] for key in wish} == wish
    assert (hook["event_types"], hook["warnings"]) == (["access.*", "link.opened"], [])
    doubtful = await subscribed(api, filters={"link_id": world.south.link_id})
    assert len(doubtful["warnings"]) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"event_types": ["access.*"]},
        {"target_url": NOWHERE},
        {"target_url": NOWHERE, "event_types": []},
        {"target_url": NOWHERE, "event_types": ","},
        {"target_url": NOWHERE, "event_types": ["access.verfied"]},
        {"target_url": NOWHERE, "event": "agency.updated"},
        {"target_url": NOWHERE, "event_types": ["*"] * 101},
        {"target_url": NOWHERE, "event_types": 5},
        {"target_url": "https://10.0.0.1/", "event": "*"},
        {"target_url": "javascript:alert(1)", "event": "*"},
        {"target_url": NOWHERE, "event": "*", "payload_mode": "fat"},
        {"target_url": NOWHERE, "event": "*", "filters": {"colour": "red"}},
        [], "x", None,
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused(api: httpx2.AsyncClient, given: Any) -> None:
    answer = await api.post("/hooks", json=given)
    assert answer.status_code == 422, answer.text
    assert (await api.get("/hooks")).json()["data"] == []


async def test_an_unknown_type_gets_the_nearest(api: httpx2.AsyncClient) -> None:
    for answer in (
        await api.post("/hooks", json={"target_url": NOWHERE, "event": "link.complete"}),
        await api.get("/hooks/sample", params={"event_type": "link.complete"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "event_type_unknown")
        assert "`link.completed`" in answer.json()["hint"]


async def test_hooks_are_listed_apart_and_among_endpoints(api: httpx2.AsyncClient) -> None:
    await api.post("/webhooks/endpoints", json={"url": NOWHERE, "event_types": ["*"]})
    hooks = [(await subscribed(api))["id"] for _ in range(3)]
    first = (await api.get("/hooks", params={"limit": 2})).json()
    second = (await api.get("/hooks", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [each["id"] for each in first["data"] + second["data"]] == hooks[::-1]
    everything = (await api.get("/webhooks/endpoints")).json()["data"]
    assert [each["destination"] for each in everything] == ["rest_hook"] * 3 + ["http"]


async def test_an_endpoint_is_no_hook(api: httpx2.AsyncClient) -> None:
    endpoint = (await api.post("/webhooks/endpoints", json={"url": NOWHERE, "event_types": ["*"]})).json()
    there = f"/hooks/{endpoint['id']}"
    assert (await api.get(there)).status_code == (await api.delete(there)).status_code == 404
    assert (await api.get(f"/webhooks/endpoints/{endpoint['id']}")).status_code == 200


async def test_ending_it_twice_is_as_good_as_once(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World
) -> None:
    hook = await subscribed(api)
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    for _ in range(2):
        assert (await api.delete(f"/hooks/{hook['id']}")).status_code == 204
    assert (await api.get(f"/hooks/{hook['id']}")).status_code == 404
    assert (await api.delete("/hooks/endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x")).status_code == 404
    assert (await api.get("/hooks")).json()["data"] == []
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    assert (row.status, row.reason) == ("cancelled", "endpoint_deleted")


@pytest.mark.parametrize("mode", ["full", "thin", "flat"])
@pytest.mark.parametrize("personal", [True, False])
async def test_a_sample_has_the_keys_of_a_live_body(
    api: httpx2.AsyncClient, sessions: Sessions, tools: WebhookContext, world: World, mode: str, personal: bool
) -> None:
    """For every type: an example before such an event, and the event itself after it."""
    form = {"payload_mode": mode, "personal": personal}
    agency_id, types = world.north.agency_id, catalog.FOR_CRMS
    await scenes.fan_all_out(tools)
    async with receiver(answers(OK)) as there:
        await subscribed(api, target_url=there.url, event_types=["*", "webhook.*"], **form)
        invented = {name: (await sample(api, event_type=name, **form))[0] for name in types}
        for kind in types.values():
            example = rendering.example(kind)
            await scenes.happen(sessions, agency_id, kind, **example.facts, **example.personal)
        while len(there.requests) < len(types):
            await scenes.fan_all_out(tools)
            await scenes.round_(tools)
    bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in there.requests]
    live = {body["type"]: body for body in bodies}
    assert live.keys() == types.keys()
    for name, body in live.items():
        assert (await sample(api, event_type=name, **form))[0] == body
        assert shape(invented[name]) == shape(body), name
        assert (body["test"], body["agency_id"], invented[name]["agency_id"]) == (False, agency_id, agency_id)
        if mode == "flat":
            assert all(not isinstance(value, dict | list) for value in body.values())


async def test_without_personal_data_a_sample_names_nobody(api: httpx2.AsyncClient) -> None:
    for event_type in ("access.verified", "link.submitted"):
        [body] = await sample(api, event_type=event_type, personal=False)
        assert tuple(body["data"]) == catalog.TYPES[event_type].keys
        assert {body["data"][name] for name in PERSONAL & body["data"].keys()} == {None}
    [body] = await sample(api, event_type="access.verified")
    assert body["data"]["client_name"] == "Brand SA"


@pytest.mark.parametrize("event_type", [*sorted(catalog.FOR_CRMS), "access.*", "webhook.*", "*"])
async def test_there_is_always_a_sample(api: httpx2.AsyncClient, event_type: str) -> None:
    bodies = await sample(api, event_type=event_type)
    assert 1 <= len(bodies) <= 3
    assert len({body["type"] for body in bodies}) == len(bodies) or len({body["id"] for body in bodies}) == len(bodies)


async def test_invented_samples_have_ids_of_their_own(api: httpx2.AsyncClient) -> None:
    bodies = await sample(api, event_type="grant.*")
    assert len({body["id"] for body in bodies}) == len(bodies) == 3


async def test_real_ones_come_newest_first_three_at_most_and_no_tests(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    ids = [(await scenes.happen(sessions, agency_id, catalog.ACCESS_BLOCKED)).id for _ in range(4)]
    await scenes.happen(sessions, world.south.agency_id, catalog.ACCESS_BLOCKED)
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, NOWHERE)
    async with sessions.begin() as session:
        await send_test(
            session, agency_id, endpoint.id, event_type="access.blocked", actor=TESTS, public_url=PUBLIC_URL
        )
    bodies = await sample(api, event_type="access.blocked")
    assert [body["id"] for body in bodies] == ids[:0:-1]


async def test_a_sample_takes_the_right_to_read_events(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    async with sessions.begin() as session:
        _, value = await members.create_key(
            session, world.north.agency_id, name="zap", scopes=["webhooks:read", "webhooks:write"], expires_at=None,
            actor=TESTS,
        )  # fmt: skip
    key = {"Authorization": f"Bearer {value}"}
    refused = await api.get("/hooks/sample", headers=key)
    assert (refused.status_code, refused.json()["hint"]) == (403, "Use a key with the scope `events:read`.")
    assert (await api.get("/hooks", headers=key)).status_code == 200


async def test_the_other_agency_and_nobody(api: httpx2.AsyncClient, world: World) -> None:
    hook = await subscribed(api)
    there = f"/hooks/{hook['id']}"
    south, nobody = {"Authorization": f"Bearer {world.south.key}"}, {"Authorization": ""}
    for method in ("GET", "DELETE"):
        assert (await api.request(method, there, headers=south)).status_code == 404
        assert (await api.request(method, there, headers=nobody)).status_code == 401
    assert (await api.get("/hooks", headers=south)).json()["data"] == []
    for path in ("/hooks", "/hooks/sample"):
        assert (await api.get(path, headers=nobody)).status_code == 401
    assert (await api.get(there)).status_code == 200


async def test_a_tool_can_label_its_connection(api: httpx2.AsyncClient) -> None:
    me = (await api.get("/me")).json()
    assert {"agency_name", "key_name", "scopes"} <= me.keys()
    assert "webhooks:secrets" in me["scopes"]
