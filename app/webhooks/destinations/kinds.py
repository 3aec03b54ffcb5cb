"""What each kind of destination is, how gently it is spoken to, and what it would send. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.events import catalog
from app.kit import clock
from app.kit.egress.result import HttpResult
from app.webhooks.destinations.options import KINDS
from app.webhooks.endpoints.headers import MASK
from app.webhooks.message.request_sequence import Destination, OutboundRequest, Request


@dataclass(frozen=True)
class DestinationKind:
    """A kind as it is listed; `event_types` and what follows are what an endpoint of it has unless told otherwise."""

    name: Literal["slack", "hubspot", "http"]
    sentence: str
    event_types: tuple[str, ...]
    ordering: Literal["none", "by_subject"] = "none"
    rate_limit: Mapping[str, int] | None = None
    concurrency: int = 5


ALL: dict[str, DestinationKind] = {
    kind.name: kind
    for kind in (
        DestinationKind(
            "slack",
            "A message in a Slack channel: what happened, for which client, and whose turn it is.",
            (
                "link.opened",
                "link.submitted",
                "link.completed",
                "link.expired",
                "link.renewal_requested",
                "access.blocked",
                "access.declined",
                "grant.*",
            ),
            # https://docs.slack.dev/apis/web-api/rate-limits: one message a second for each incoming webhook
            rate_limit={"max": 1, "per_seconds": 1, "burst": 1},
            concurrency=1,
        ),
        DestinationKind(
            "hubspot",
            "A company for each client and a contact for each e-mail address, kept up to date in HubSpot.",
            ("client.*", "link.*", "access.*"),
            ordering="by_subject",
            # an event takes up to ten calls; an account has 100 in ten seconds, and 5 searches a second
            rate_limit={"max": 1, "per_seconds": 1, "burst": 2},
            concurrency=2,
        ),
        DestinationKind("http", "A call of any HTTP API that takes JSON, as you write it.", ("link.*", "access.*")),
    )
}

#: An account in which everything works and nothing was written yet.
_AGREEABLE = HttpResult(status=200, body='{"results":[{"id":"1","properties":{}}]}')
_SECRETS = frozenset({"authorization", "webhook-signature"})


def needs(kind: str) -> dict[str, Any]:
    """The JSON Schema of its options."""
    return KINDS[kind].model_json_schema()


def example(kind: str, event_type: str, destinations: Mapping[str, Destination]) -> list[dict[str, Any]]:
    """The requests that the example of an event type makes, with options as the schema's own examples."""
    conversation = destinations[kind](_letter(kind, event_type))
    asked: list[Request] = []
    try:
        asked.append(next(conversation))
        while True:
            asked.append(conversation.send(_AGREEABLE))
    except StopIteration:
        return [_shown(each) for each in asked]


def _letter(kind: str, event_type: str) -> OutboundRequest:
    properties = needs(kind)["properties"]
    options = {name: about.get("examples", [about.get("default")])[0] for name, about in properties.items()}
    event = catalog.example(catalog.FOR_CRMS[event_type])
    return OutboundRequest(
        url="",
        event_id=event["id"],
        event_type=event_type,
        delivery_id="delivery_01ksy1q3e0fzs8qj5m8g3d4w7z",
        endpoint_id="endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x",
        attempt=1,
        replay=False,
        content=json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(),
        keys=(b"k" * 32,),
        headers={},
        options=options,
        now=clock.now(),
    )


def _shown(request: Request) -> dict[str, Any]:
    headers = {name: MASK if name in _SECRETS else value for name, value in request.headers.items()}
    return {
        "part": request.part,
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": json.loads(request.body) if request.body else None,
    }
