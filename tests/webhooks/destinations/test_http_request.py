"""Generic calls over HTTP: as the agency wrote them, and signed."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.events import catalog
from app.kit.egress.client import Egress
from app.webhooks.destinations.http_request import send_request
from app.webhooks.endpoints.installation import run_sequence
from tests.webhooks.destinations.outbound import KEY, event, letter
from tests.webhooks.destinations.receiving import Heard, Said, serving

BODY = {"name": "{client_name}", "verified": "{assets_verified}", "next": "{next_actor}", "fixed": [1, "{{x}}"]}


async def heard(egress: Egress, told: dict[str, Any], options: dict[str, Any], **other: Any) -> Heard:
    """What a receiver gets."""
    got: list[Heard] = []

    def answers(each: Heard) -> Said:
        got.append(each)
        return Said(201)

    async with serving(answers) as address:
        sent = {"method": "POST", "url": "/in", "body": None, **options}
        outcome, _ = await run_sequence(
            send_request(letter(told, {**sent, "url": address + sent["url"]}, **other)), egress
        )
    assert (outcome.code, outcome.arrived) == ("http_201", True)
    return got[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_method_path_headers_and_body_are_as_written(egress: Egress, method: str) -> None:
    got = await heard(
        egress, event(next_actor=None), {"method": method, "url": "/items/{client_id}?n={client_name}", "body": BODY},
        headers={"X-Board": "7", "Authorization": "Bearer theirs"}, replay=True,
    )  # fmt: skip
    assert (got.method, got.path) == (method, "/items/client_01ksy1q3e0fzs8qj5m8g3d4w7t?n=Brand%20SA")
    assert got.json == {"name": "Brand SA", "verified": 3, "next": None, "fixed": [1, "{x}"]}
    assert (got.headers["x-board"], got.headers["authorization"]) == ("7", "Bearer theirs")
    assert (got.headers["content-type"], got.headers["x-keyturn-replay"]) == ("application/json", "true")


async def test_it_is_signed_as_every_webhook(egress: Egress) -> None:
    got = await heard(egress, event(), {"body": BODY}, now=datetime.now(UTC))
    verified = Webhook(base64.b64encode(KEY).decode()).verify(got.body.decode(), got.headers)
    assert verified == got.json
    assert got.headers["webhook-id"] == event()["id"]


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
async def test_without_a_body_of_its_own_the_event_goes_as_it_is(egress: Egress, event_type: str) -> None:
    told = event(event_type)
    assert (await heard(egress, told, {})).body == json.dumps(told, ensure_ascii=False).encode()


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
async def test_every_type_fills_every_placeholder(egress: Egress, event_type: str) -> None:
    told = event(event_type)
    keys = {key: f"{{{key}}}" for key in (*told["data"], "id", "type", "timestamp", "sequence", "test")}
    head = {key: told[key] for key in ("id", "type", "timestamp", "sequence", "test")}
    assert (await heard(egress, told, {"body": keys})).json == told["data"] | head


async def test_what_is_personal_is_null_where_the_endpoint_gets_none(egress: Egress) -> None:
    told = event(client_name=None, contact_email=None)
    got = await heard(
        egress, told, {"url": "/c/{client_name}", "body": {"n": "{client_name}", "m": "<{contact_email}>"}}
    )
    assert (got.path, got.json) == ("/c/", {"n": None, "m": "<>"})
