"""What is wrong with an endpoint besides its address: each refused with one plain reason, wherever it is given."""

from typing import Any

import httpx2
import pytest

from app.kit.database import Sessions
from app.webhooks.models import Endpoint
from tests.webhooks import rows
from tests.world import World

URL = "http://127.0.0.1:9/in"
TYPES = {"event_types": ["access.*"]}
ENDPOINT = ("/webhooks/endpoints", {"url": URL, **TYPES})
CALL = ("/webhooks/endpoints", {"destination": "http_request", **TYPES, "options": {"url": URL}})
SLACK = ("/webhooks/endpoints", {"destination": "slack", "options": {"webhook_url": URL}})
HOOK = ("/hooks", {"target_url": URL, **TYPES})

HEADERS: list[dict[str, str]] = [
    {"X-A": "a\r\nwebhook-signature: v1,forged"}, {"X-A": "a\nb"}, {"X-A": "a\rb"}, {"X-A": "a\x00b"},
    {"X-A\r\nX-B": "a"}, {"X-A: b": "a"}, {"": "a"}, {"X A": "a"}, {"X-É": "a"},
    {"X-A": "v" * 1025}, {"X-" + "a" * 63: "v"}, {f"X-{number}": "v" * 1000 for number in range(5)},
    {f"X-{number}": "v" for number in range(21)},
    {"Host": "evil.example"}, {"Content-Length": "0"}, {"Transfer-Encoding": "chunked"}, {"Cookie": "a=b"},
    {"Webhook-Id": "evt_1"}, {"WEBHOOK-SIGNATURE": "v1,forged"}, {"svix-signature": "v1,forged"},
    {"X-Keyturn-Replay": "true"}, {"X-Forwarded-For": "127.0.0.1"}, {"Metadata-Flavor": "Google"},
    {"X-aws-ec2-metadata-token": "t"}, {"Metadata": "true"}, {"Proxy-Authorization": "Basic x"},
]  # fmt: skip
UNKNOWN = [
    "access.nothing",
    "nothing.*",
    "**",
    "access.",
    "ACCESS.*",
    "access.*.*",
    "",
    "agency.updated",
    "access.verified\x00",
]
FILTERS = [
    {"link_id": "link_1"}, {"preset": "No Such Preset"}, {"link_id": "link_01ksy1q3e0fzs8qj5m8g3d4w7s"},
]  # fmt: skip
#: 23 bytes, none, and what is no base64.
SECRETS = ["whsec_" + "QUFB" * 7 + "QUE=", "whsec_", "short", "whsec_not base64!"]


@pytest.mark.parametrize("place", [ENDPOINT, CALL], ids=lambda place: place[1].get("destination", place[0]))
async def test_headers_that_could_change_the_request(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, place: tuple[str, dict[str, Any]]
) -> None:
    for headers in HEADERS:
        assert await _one_reason(api, place, {"headers": headers}), headers
    assert await rows.count(sessions, Endpoint, world.north.agency_id) == 0


@pytest.mark.parametrize(
    "place", [ENDPOINT, CALL, SLACK, HOOK], ids=lambda place: place[1].get("destination", place[0])
)
async def test_event_types_that_there_are_not(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, place: tuple[str, dict[str, Any]]
) -> None:
    for name in UNKNOWN:
        assert await _one_reason(api, place, {"event_types": ["access.*", name]}), name
    assert await rows.count(sessions, Endpoint, world.north.agency_id) == 0


async def test_secrets_that_sign_nothing_well(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    for secret in SECRETS:
        reason = await _one_reason(api, ENDPOINT, {"secret": secret})
        assert reason
        assert secret not in ("", "whsec_") or "base64" in reason or "empty" in reason
    assert await rows.count(sessions, Endpoint, world.north.agency_id) == 0


async def test_a_filter_that_lets_nothing_through_is_kept_and_warned_about(api: httpx2.AsyncClient) -> None:
    for given in FILTERS:
        answer = await api.post(ENDPOINT[0], json={**ENDPOINT[1], "filter": given})
        assert answer.status_code == 201, given
        assert any("lets nothing through" in each for each in answer.json()["warnings"]), given


async def _one_reason(api: httpx2.AsyncClient, place: tuple[str, dict[str, Any]], wrong: dict[str, Any]) -> str | None:
    """The sentence that is told; None where it was taken, or where there are several."""
    path, given = place
    answer = await api.post(path, json={**given, **wrong})
    told = answer.json()
    if answer.status_code != 422 or len(told["errors"]) > 1 or "\n" in told["detail"]:
        return None
    return str(next(iter(told["errors"].values()), told["detail"]))


async def test_a_field_of_several_kinds_has_one_sentence_under_its_own_name(api: httpx2.AsyncClient) -> None:
    """No word of the library that checks it: somebody who writes a client reads it."""
    for given, field, begins in (
        ({"event_types": "access.*"}, "event_types", "Give a list"),
        ({"event_types": []}, "event_types", "Give at least 1."),
        ({**TYPES, "retry_policy": "slow"}, "retry_policy", "Choose one of"),
    ):
        answer = await api.post("/webhooks/endpoints", json={"url": URL, **given})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), answer.text
        assert answer.json()["errors"][field].startswith(begins), answer.text
    listed = await api.get("/webhooks/deliveries", params={"status": "lost"})
    assert (listed.status_code, list(listed.json()["errors"])) == (422, ["status"]), listed.text
