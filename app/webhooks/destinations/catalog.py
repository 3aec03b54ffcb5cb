"""Catalog of destinations: options and their validation, defaults of endpoints, and examples. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator

from app.events import catalog, rendering
from app.kit import clock
from app.kit.egress.result import HttpResult
from app.kit.errors import InvalidInput
from app.kit.input.fields import RequestShape, Secret, Verbatim
from app.webhooks.destinations import http_request, hubspot
from app.webhooks.destinations.slack import post_message
from app.webhooks.message import (
    MASK,
    STANDARD,
    Destination,
    DestinationType,
    HttpRequest,
    OutboundRequest,
    standard_webhook,
)

Stage = Literal[
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist"
]


class SlackOptions(RequestShape):
    """Options of Slack."""

    webhook_url: Secret = Field(
        description="The address of an incoming webhook. It is a secret: it is stored encrypted and shown masked.",
        examples=["https://hooks.slack.com/services/T0000/B0000/XXXX"],
    )


class HubSpotOptions(RequestShape):
    """Options of HubSpot."""

    token: Secret = Field(
        description="The access token of a private app with the scopes to read and write companies, contacts and "
        "their schemas. Stored encrypted and shown masked.",
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


class HttpRequestOptions(RequestShape):
    """Options of a custom HTTP request."""

    method: Literal["POST", "PUT", "PATCH"] = Field("POST", description="The method of the request.")
    url: Verbatim = Field(
        max_length=2048,
        description="https, a public host. Path parts and query values may hold placeholders such as `{client_id}`.",
        examples=["https://crm.example.com/api/items/{client_id}"],
    )
    body: Any = Field(
        None,
        description="Any JSON; its strings may hold placeholders: every key of `data`, `id`, `type`, `timestamp`, "
        "`sequence` and `test`. One whose key an event type does not have is empty. A string that is one placeholder "
        "alone keeps the value's type. `{{` is a brace. Null sends the event as it is.",
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


def _kind_of(given: Any) -> str:
    """Tag of the options that these are, by the field that they alone have: errors are those of one destination."""
    if isinstance(given, Mapping):
        name = "slack" if "webhook_url" in given else "hubspot" if "token" in given else "http_request"
    else:
        name = next((name for name, kind in OPTIONS.items() if isinstance(given, kind)), "http_request")
    return f"kind[{name}]"


Options = SlackOptions | HubSpotOptions | HttpRequestOptions
#: Options of any kind, read as those of the one they must be.
AnyOptions = Annotated[
    Annotated[SlackOptions, Tag("kind[slack]")]
    | Annotated[HubSpotOptions, Tag("kind[hubspot]")]
    | Annotated[HttpRequestOptions, Tag("kind[http_request]")],
    Discriminator(_kind_of),
]
OPTIONS: dict[str, type[SlackOptions] | type[HubSpotOptions] | type[HttpRequestOptions]] = {
    "slack": SlackOptions, "hubspot": HubSpotOptions, "http_request": HttpRequestOptions
}  # fmt: skip
SECRET_OPTIONS = frozenset({"webhook_url", "token"})


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options as they are shown."""
    return {name: MASK if name in SECRET_OPTIONS else value for name, value in options.items()}


def unmasked_options(destination: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Options as given; a mask is replaced by the known value. Raises InvalidInput."""
    if given.keys() != OPTIONS[destination].model_fields.keys():
        raise InvalidInput(fields={"options": f"These are not the options of {destination}."})
    options = {name: known.get(name, value) if _is_masked(name, value) else value for name, value in given.items()}
    if any(_is_masked(name, value) for name, value in options.items()):
        raise InvalidInput(fields={"options": f"{MASK} stands for a secret that is stored; there is none yet."})
    return options


def _is_masked(name: str, value: Any) -> bool:
    return name in SECRET_OPTIONS and bool(value == MASK)


def public_url(destination: str, options: Mapping[str, Any]) -> str:
    """Address of an endpoint as lists show it: without its secret parts, before placeholders are filled."""
    if destination == "hubspot":
        return f"{hubspot.BASE}/"
    if destination == "slack":
        parts = urlsplit(str(options["webhook_url"]))
        return f"{parts.scheme}://{parts.netloc}/{MASK}"
    return str(options["url"])


@dataclass(frozen=True)
class DestinationInfo:
    """A type of destination: what is particular about it, and the defaults of its endpoints."""

    name: DestinationType
    sentence: str
    #: without defaults, event types are required
    event_types: tuple[str, ...] = ()
    ordering: Literal["none", "by_subject"] = "none"
    rate_limit: Mapping[str, int] | None = None
    concurrency: int = 5
    #: the agency may add headers of its own
    takes_headers: bool = True
    #: the agency reads its bodies or their keys, so its endpoints keep an `api_version`
    is_versioned: bool = True
    #: a new endpoint echoes a challenge first, where the installation wants it
    is_challenged: bool = False
    #: the agency gets the signing secret when the endpoint is created
    shows_secret: bool = False
    #: a tool subscribed through /hooks, and unsubscribes by answering 410
    is_subscription: bool = False
    #: an attempt takes at most so many time-outs of its endpoint: one for each request of a usual event
    attempt_timeouts: int = 1


CATALOG: dict[str, DestinationInfo] = {
    each.name: each
    for each in (
        DestinationInfo(
            "http", "Standard Webhooks: the event as JSON, signed.", is_challenged=True, shows_secret=True
        ),
        DestinationInfo(
            "rest_hook",
            "The same for an automation tool that subscribed through /hooks; it ends at its first 410.",
            is_subscription=True,
        ),
        DestinationInfo(
            "slack",
            "A message in a Slack channel: what happened, for which client, and whose turn it is.",
            (
                "link.opened", "link.submitted", "link.completed", "link.expired", "link.renewal_requested",
                "access.blocked", "access.declined", "grant.*",
            ),
            # https://docs.slack.dev/apis/web-api/rate-limits: one message a second for each incoming webhook
            rate_limit={"max": 1, "per_seconds": 1, "burst": 1},
            concurrency=1,
            takes_headers=False,
            is_versioned=False,
        ),
        DestinationInfo(
            "hubspot",
            "A company for each client and a contact for each e-mail address, kept up to date in HubSpot.",
            ("client.*", "link.*", "access.*"),
            ordering="by_subject",
            # an event takes up to ten calls; an account has 100 in ten seconds, and 5 searches a second
            rate_limit={"max": 1, "per_seconds": 1, "burst": 2},
            concurrency=2,
            takes_headers=False,
            is_versioned=False,
            attempt_timeouts=14,
        ),
        DestinationInfo(
            "http_request",
            "A request of your own to any HTTP API that takes JSON, signed.",
            ("link.*", "access.*"),
            shows_secret=True,
        ),
    )
}  # fmt: skip

#: An account in which everything works and nothing was written yet.
_AGREEABLE = HttpResult(status=200, body='{"results":[{"id":"1","properties":{}}]}')
_SECRETS = frozenset({"authorization", "webhook-signature"})


def options_schema(destination: str) -> dict[str, Any] | None:
    """JSON Schema of its `options`; None where it has none."""
    return OPTIONS[destination].model_json_schema() if destination in OPTIONS else None


def example_requests(
    destination: str, event_type: str, destinations: Mapping[str, Destination]
) -> list[dict[str, Any]]:
    """The requests that the example of an event type makes, with options as the schema's own examples."""
    sequence = destinations[destination](_example_delivery(destination, event_type))
    asked: list[HttpRequest] = []
    try:
        asked.append(next(sequence))
        while True:
            asked.append(sequence.send(_AGREEABLE))
    except StopIteration:
        return [_shown_request(each) for each in asked]


def _example_delivery(destination: str, event_type: str) -> OutboundRequest:
    properties = (options_schema(destination) or {"properties": {}})["properties"]
    options = {name: about.get("examples", [about.get("default")])[0] for name, about in properties.items()}
    event = rendering.example_body(catalog.FOR_CRMS[event_type])
    return OutboundRequest(
        url="https://hooks.example.com/keyturn",
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
    """Request sequences of an installation by destination; `hubspot_base` is where it reaches HubSpot."""
    return {
        **dict.fromkeys(STANDARD, standard_webhook), "slack": post_message, "hubspot": hubspot.HubSpot(hubspot_base),
        "http_request": http_request.send_request,
    }  # fmt: skip


DESTINATIONS: dict[str, Destination] = make_destinations()
