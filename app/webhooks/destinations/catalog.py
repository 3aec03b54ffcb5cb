"""What each kind of destination needs to know, checked; its secret parts are never shown again. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator

from app.events import catalog
from app.kit import clock
from app.kit.egress.result import HttpResult
from app.kit.input.fields import RequestShape, Secret, Verbatim
from app.webhooks.destinations import http_request, hubspot
from app.webhooks.destinations.http_request import send_request as call
from app.webhooks.destinations.hubspot import HubSpot
from app.webhooks.destinations.slack import post_message as post
from app.webhooks.endpoints.headers import MASK
from app.webhooks.message import Destination, HttpRequest, OutboundRequest

Stage = Literal[
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist"
]


class SlackOptions(RequestShape):
    """Of Slack."""

    webhook_url: Secret = Field(
        description="The address of an incoming webhook. It is a secret: it is kept sealed and shown masked.",
        examples=["https://hooks.slack.com/services/T0000/B0000/XXXX"],
    )


class HubSpotOptions(RequestShape):
    """Of HubSpot."""

    token: Secret = Field(
        description="The access token of a private app with the scopes to read and write companies, contacts and "
        "their schemas. Kept sealed and shown masked.",
        examples=["pat-eu1-00000000-0000-0000-0000-000000000000"],
    )
    lifecycle: dict[Verbatim, Stage] = Field(
        default_factory=dict,
        max_length=20,
        description="Which event moves company and contact to which lifecycle stage; only ever forwards. Empty: none.",
        examples=[{"link.completed": "customer"}],
    )
    notes: list[Verbatim] = Field(
        ["link.completed", "access.blocked"],
        max_length=50,
        description="Of which events a note is left on company and contact.",
        examples=[["link.completed", "access.blocked"]],
    )

    @field_validator("lifecycle", "notes")
    @classmethod
    def _known(cls, given: Any) -> Any:
        unknown = [name for name in given if name not in catalog.FOR_CRMS]
        if unknown:
            raise ValueError(f"There is no event type {unknown[0][:128]!r}.")
        return given


class HttpOptions(RequestShape):
    """Of a generic HTTP call."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    url: Verbatim = Field(
        max_length=2048,
        description="https, a public host. Path parts and query values may hold placeholders such as `{client_id}`.",
        examples=["https://crm.example.com/api/items/{client_id}"],
    )
    body: Any = Field(
        None,
        description="Any JSON; its strings may hold placeholders: every key of `data`, `id`, `type`, `timestamp`, "
        "`sequence` and `test`. A string that is one placeholder alone keeps the value's type. `{{` is a brace. "
        "Null sends the event as it is.",
        examples=[{"name": "{client_name}", "verified": "{assets_verified}", "note": "{type} at {timestamp}"}],
    )

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        http_request.check_url(url)
        return url

    @field_validator("body")
    @classmethod
    def _body(cls, body: Any) -> Any:
        http_request.check_body(body)
        return body


def _type_of(given: Any) -> str:
    """The kind that options are of, by the field that it alone has: what is wrong is told of that kind alone."""
    if isinstance(given, Mapping):
        return "slack" if "webhook_url" in given else "hubspot" if "token" in given else "http"
    return next((name for name, kind in OPTIONS.items() if isinstance(given, kind)), "http")


Options = SlackOptions | HubSpotOptions | HttpOptions
#: Options of any kind, read as those of the one they must be.
AnyOptions = Annotated[
    Annotated[SlackOptions, Tag("slack")]
    | Annotated[HubSpotOptions, Tag("hubspot")]
    | Annotated[HttpOptions, Tag("http")],
    Discriminator(_type_of),
]
OPTIONS: dict[str, type[SlackOptions] | type[HubSpotOptions] | type[HttpOptions]] = {
    "slack": SlackOptions, "hubspot": HubSpotOptions, "http": HttpOptions
}  # fmt: skip
SECRET_OPTIONS = frozenset({"webhook_url", "token"})


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options as they are shown."""
    return {name: MASK if name in SECRET_OPTIONS else value for name, value in options.items()}


def public_url(kind: str, options: Mapping[str, Any], hubspot_base: str) -> str:
    """The address of an endpoint as lists show it: without what is secret, before placeholders are filled."""
    if kind == "http":
        return str(options["url"])
    whole = hubspot_base if kind == "hubspot" else str(options["webhook_url"])
    parts = urlsplit(whole)
    return f"{parts.scheme}://{parts.netloc}/" + ("" if kind == "hubspot" else MASK)


@dataclass(frozen=True)
class DestinationInfo:
    """A kind as it is listed; `event_types` and what follows are what an endpoint of it has unless told otherwise."""

    name: Literal["slack", "hubspot", "http"]
    sentence: str
    event_types: tuple[str, ...]
    ordering: Literal["none", "by_subject"] = "none"
    rate_limit: Mapping[str, int] | None = None
    concurrency: int = 5


CATALOG: dict[str, DestinationInfo] = {
    kind.name: kind
    for kind in (
        DestinationInfo(
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
        DestinationInfo(
            "hubspot",
            "A company for each client and a contact for each e-mail address, kept up to date in HubSpot.",
            ("client.*", "link.*", "access.*"),
            ordering="by_subject",
            # an event takes up to ten calls; an account has 100 in ten seconds, and 5 searches a second
            rate_limit={"max": 1, "per_seconds": 1, "burst": 2},
            concurrency=2,
        ),
        DestinationInfo("http", "A call of any HTTP API that takes JSON, as you write it.", ("link.*", "access.*")),
    )
}

#: An account in which everything works and nothing was written yet.
_AGREEABLE = HttpResult(status=200, body='{"results":[{"id":"1","properties":{}}]}')
_SECRETS = frozenset({"authorization", "webhook-signature"})


def options_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of its options."""
    return OPTIONS[kind].model_json_schema()


def example_requests(kind: str, event_type: str, destinations: Mapping[str, Destination]) -> list[dict[str, Any]]:
    """The requests that the example of an event type makes, with options as the schema's own examples."""
    conversation = destinations[kind](_example_delivery(kind, event_type))
    asked: list[HttpRequest] = []
    try:
        asked.append(next(conversation))
        while True:
            asked.append(conversation.send(_AGREEABLE))
    except StopIteration:
        return [_shown_request(each) for each in asked]


def _example_delivery(kind: str, event_type: str) -> OutboundRequest:
    properties = options_schema(kind)["properties"]
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


def _shown_request(request: HttpRequest) -> dict[str, Any]:
    headers = {name: MASK if name in _SECRETS else value for name, value in request.headers.items()}
    return {
        "part": request.part,
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": json.loads(request.body) if request.body else None,
    }


def make_destinations(*, hubspot_base: str = hubspot.BASE) -> dict[str, Destination]:
    """Those of an installation; `hubspot_base` is where it reaches HubSpot."""
    return {"slack": post, "hubspot": HubSpot(hubspot_base), "http": call}


DESTINATIONS: dict[str, Destination] = make_destinations()
