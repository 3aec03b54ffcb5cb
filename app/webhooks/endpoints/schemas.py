"""Request and response shapes of endpoints, their secrets, event types and destinations."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from app.events import catalog, rendering
from app.events.catalog import EventType
from app.events.rendering import API_VERSION, VERSIONS, ApiVersion
from app.kit import clock
from app.kit.encryption import Keyring
from app.kit.input.fields import EventTypeName, Note, RequestShape, Secret, Text500, Verbatim, Word
from app.webhooks import message
from app.webhooks.destinations.catalog import (
    CATALOG,
    AnyOptions,
    DestinationInfo,
    HttpRequestOptions,
    HubSpotOptions,
    SlackOptions,
    masked_options,
    options_schema,
)
from app.webhooks.endpoints import queries
from app.webhooks.message import MASK, DestinationType
from app.webhooks.models import Endpoint, EndpointSecret, EndpointStatus, Ordering

Mode = Literal["full", "thin", "flat"]
Policy = Literal["standard", "fast", "patient", "none"]
Delay = Annotated[int, Field(ge=1, le=14 * 24 * 3600)]
Retrying = Policy | Annotated[list[Delay], Field(max_length=20)]
Headers = dict[Verbatim, Verbatim]
Metadata = dict[Note, Note]
Types = Annotated[list[EventTypeName], Field(min_length=1, max_length=100)]

_TYPES = "Names, `access.*`, or `*` for all but `webhook.*`."
_MODE = "`thin`: ids and `href`; `flat`: all keys at the first level."
PERSONAL_DATA = "True if bodies contain personal data: what the client gave, names and e-mail addresses."
VERSION = "Version of the bodies, kept until you change it. Default: the newest."
_POLICY = "A policy, or the delays in seconds before each further attempt, at most 14 days in total."
_ORDERING = "`by_subject`: one delivery of a link or client at a time, in the order of `sequence`."
_CONCURRENCY = "Maximum number of deliveries in flight."
_RATE = "Maximum rate of attempts; deliveries above it wait. Null: no limit."
_HEADERS = "Sent with each delivery. Their values are not shown again."
_ENABLED = "Deliveries of events while an endpoint is disabled are listed as skipped."
_WHSEC = "Your own signing secret, `whsec_` and the base64 of 24 to 64 bytes. Null: one is generated."


class Filter(RequestShape):
    """Filter: only events of one link, of one preset, or both."""

    link_id: Word | None = Field(None, examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    preset: Word | None = Field(None, examples=["run-campaigns"])


class RateLimit(RequestShape):
    """Maximum number of attempts in a time span; `burst` at once after a rest."""

    max: int = Field(ge=1, le=10_000, examples=[10])
    per_seconds: int = Field(1, ge=1, le=3600, examples=[1])
    burst: int | None = Field(None, ge=1, le=10_000, description="Default: `max`.", examples=[20])

    def stored(self) -> dict[str, int]:
        """Value of the column."""
        return {"max": self.max, "per_seconds": self.per_seconds, "burst": self.burst or self.max}


class _NewEndpoint(RequestShape):
    """Fields of every new endpoint; an omitted one has the default of its destination."""

    description: Text500 = Field("", description="What the endpoint is for.")
    event_types: Types | None = Field(None, description=f"{_TYPES} Default: those of the destination.")
    filter: Filter | None = None
    personal: bool = Field(True, description=PERSONAL_DATA)
    retry_policy: Retrying = Field("standard", description=_POLICY)
    timeout_ms: int = Field(15_000, ge=1000, le=30_000, description="For each request.")
    ordering: Ordering | None = Field(None, description=_ORDERING)
    concurrency: int | None = Field(None, ge=1, le=20, description=_CONCURRENCY)
    rate_limit: RateLimit | None = Field(None, description=_RATE)
    metadata: Metadata = Field(default_factory=dict, description="Your own data, at most 4 KiB.")
    enabled: bool = Field(True, description=_ENABLED)


class NewHttpEndpoint(_NewEndpoint):
    """A URL that receives Standard Webhooks. A `rest_hook` is not challenged, and ends at its first 410."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://hooks.example.com/keyturn", "event_types": ["link.completed", "access.*"]},
                {
                    "url": "https://crm.example.com/in",
                    "description": "CRM",
                    "event_types": ["*"],
                    "payload_mode": "flat",
                    "headers": {"Authorization": "Bearer …"},
                    "ordering": "by_subject",
                    "rate_limit": {"max": 10, "per_seconds": 1, "burst": 20},
                },
            ]
        },
    )

    destination: Literal["http", "rest_hook"] = Field("http", description="Type of the receiver.")
    url: Verbatim = Field(max_length=2048, description="https, a public host.")
    event_types: Types = Field(description=_TYPES)
    payload_mode: Mode = Field("full", description=_MODE)
    api_version: ApiVersion | None = Field(None, description=VERSION)
    headers: Headers = Field(default_factory=dict, description=_HEADERS, repr=False)
    secret: Secret | None = Field(None, max_length=200, description=_WHSEC, repr=False)


class NewSlackEndpoint(_NewEndpoint):
    """A Slack channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "destination": "slack",
                    "options": {"webhook_url": "https://hooks.slack.com/services/T0000/B0000/XXXX"},
                }
            ]
        }
    )

    destination: Literal["slack"]
    options: SlackOptions


class NewHubSpotEndpoint(_NewEndpoint):
    """A HubSpot account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"destination": "hubspot", "options": {"token": "pat-eu1-00000000-0000-0000-0000-000000000000"}}
            ]
        }
    )

    destination: Literal["hubspot"]
    options: HubSpotOptions


class NewHttpRequestEndpoint(_NewEndpoint):
    """A custom HTTP request, signed like every webhook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "destination": "http_request",
                    "event_types": ["link.completed"],
                    "options": {
                        "method": "PUT",
                        "url": "https://crm.example.com/api/items/{client_id}",
                        "body": {"name": "{client_name}", "verified": "{assets_verified}"},
                    },
                }
            ]
        }
    )

    destination: Literal["http_request"]
    options: HttpRequestOptions
    api_version: ApiVersion | None = Field(None, description=VERSION)
    headers: Headers = Field(default_factory=dict, description=_HEADERS, repr=False)
    secret: Secret | None = Field(None, max_length=200, description=_WHSEC, repr=False)


def _destination(given: Any) -> str:
    """Tag of the shape of a request; the default is `http`."""
    named = given.get("destination", "http") if isinstance(given, Mapping) else given.destination
    return f"kind[{'http' if named == 'rest_hook' else named}]"


AnyNewEndpoint = NewHttpEndpoint | NewSlackEndpoint | NewHubSpotEndpoint | NewHttpRequestEndpoint
#: Read as the shape of its destination.
NewEndpoint = Annotated[
    Annotated[NewHttpEndpoint, Tag("kind[http]")]
    | Annotated[NewSlackEndpoint, Tag("kind[slack]")]
    | Annotated[NewHubSpotEndpoint, Tag("kind[hubspot]")]
    | Annotated[NewHttpRequestEndpoint, Tag("kind[http_request]")],
    Discriminator(
        _destination,
        custom_error_type="destination_unknown",
        custom_error_message=f"Choose one of {', '.join(CATALOG)}.",
    ),
]


class EndpointChange(RequestShape):
    """Changes of an endpoint. An omitted field stays; null resets it to the default of a new endpoint."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"event_types": ["link.*"], "rate_limit": None}, {"url": "https://new.example.com/in"}]
        },
    )

    url: Verbatim = Field(
        default_factory=str, max_length=2048, description="https, a public host. Only for `http` and `rest_hook`."
    )
    options: AnyOptions = Field(
        default_factory=dict, description="All options of the destination. A secret may stay masked."
    )  # type: ignore[assignment]  # never read: only what is given counts
    event_types: Types = Field(default_factory=list, description=_TYPES)
    enabled: bool = Field(default_factory=bool, description=_ENABLED)
    description: Text500 | None = Field(None, description="What the endpoint is for.")
    filter: Filter | None = None
    payload_mode: Mode | None = Field(None, description=f"{_MODE} Only for `http` and `rest_hook`.")
    personal: bool | None = Field(None, description=PERSONAL_DATA)
    api_version: ApiVersion | None = Field(None, description=f"{VERSION} Not for `slack` and `hubspot`.")
    retry_policy: Retrying | None = Field(None, description=_POLICY)
    timeout_ms: int | None = Field(None, ge=1000, le=30_000, description="For each request.")
    ordering: Ordering | None = Field(None, description=_ORDERING)
    concurrency: int | None = Field(None, ge=1, le=20, description=_CONCURRENCY)
    rate_limit: RateLimit | None = Field(None, description=_RATE)
    headers: Headers | None = Field(None, description=f"{_HEADERS} Replaces all headers.", repr=False)
    metadata: Metadata | None = Field(None, description="Your own data, at most 4 KiB. Replaces all of it.")


class EventTypeView(BaseModel):
    """A type of event, with the JSON Schema of its body and an example."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: str = Field(examples=["access.verified"])
    sentence: str = Field(examples=["The access was read back with the agreed role."])
    since: str = Field(examples=["2026-12-01"])
    versions: list[str] = Field(examples=[["2026-12-01"]])
    body_schema: dict[str, Any] = Field(serialization_alias="schema", examples=[{"type": "object"}])
    example: dict[str, Any] = Field(examples=[rendering.example_body(catalog.FOR_CRMS["access.verified"])])

    @classmethod
    def of(cls, kind: EventType[Any]) -> "EventTypeView":
        """Response from its entry in the catalog."""
        return cls(
            type=kind.name, sentence=kind.sentence, since=kind.since, versions=list(VERSIONS),
            body_schema=rendering.json_schema(kind), example=rendering.example_body(kind),
        )  # fmt: skip


class DestinationView(BaseModel):
    """A type of destination with its options and the defaults of its endpoints."""

    destination: DestinationType = Field(examples=["slack"])
    sentence: str = Field(examples=["A message in a Slack channel."])
    options_schema: dict[str, Any] | None = Field(
        description="JSON Schema of `options`; null without options.", examples=[{"type": "object"}]
    )
    event_types: list[str] = Field(
        description="Default event types; empty: they are required.", examples=[["link.completed", "access.blocked"]]
    )
    ordering: Ordering
    rate_limit: RateLimit | None
    concurrency: int = Field(examples=[1])


class Destinations(BaseModel):
    """All destinations, in one page."""

    data: list[DestinationView]


class RequestView(BaseModel):
    """One request as it would be sent."""

    part: str | None = Field(description="Name of the request if there are several.", examples=["message"])
    method: str = Field(examples=["POST"])
    url: str = Field(examples=["https://hooks.slack.com/services/T0000/B0000/XXXX"])
    headers: dict[str, str] = Field(examples=[{"content-type": "application/json"}])
    body: Any = Field(examples=[{"text": "Brand SA: verified."}])


class ExampleView(BaseModel):
    """Requests that a destination makes for the example of an event type."""

    destination: DestinationType = Field(examples=["slack"])
    event_type: str = Field(examples=["access.verified"])
    requests: list[RequestView]


class EndpointView(BaseModel):
    """An endpoint."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    destination: DestinationType = Field(examples=["http"])
    url: str = Field(description="URL without secret parts.", examples=["https://hooks.example.com/keyturn"])
    options: dict[str, Any] | None = Field(
        description="Options of the destination, secrets masked; null without options.", examples=[None]
    )
    description: str
    event_types: list[str] = Field(examples=[["link.completed", "access.*"]])
    filter: Filter | None
    payload_mode: Mode
    personal: bool
    api_version: str | None = Field(
        description="Version of the bodies; null for `slack` and `hubspot`.", examples=[API_VERSION]
    )
    retry_policy: str | list[int] = Field(examples=["standard"])
    timeout_ms: int = Field(examples=[15000])
    ordering: Ordering
    concurrency: int = Field(examples=[5])
    rate_limit: RateLimit | None
    headers: dict[str, str] = Field(description="Header names with masked values.", examples=[{"Authorization": MASK}])
    metadata: dict[str, str]
    enabled: bool
    status: EndpointStatus
    status_reason: str | None = Field(
        description="Reason if it is disabled: `user`, `gone` (410), `unsafe_url`, or `failing` (all attempts failed).",
        examples=["gone"],
    )
    paused_at: str | None = Field(description="Start of the pause.", examples=["2026-12-04T13:32:10.123Z"])
    verified: bool | None = Field(description="True if it answered its challenge; null: not required.", examples=[True])
    version: int = Field(description="Version of the endpoint; its ETag.", examples=[1])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class WrittenEndpoint(EndpointView):
    """An endpoint with warnings about its settings."""

    warnings: list[str] = Field(
        description="Settings that are valid but probably not intended.",
        examples=[["None of these event types carries `link_id`: the filter lets nothing through."]],
    )


class CreatedEndpoint(WrittenEndpoint):
    """A new endpoint and its signing secret."""

    secret: str | None = Field(
        description="Also returned by GET …/secret, for keys with that scope. Null if deliveries are not signed.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


def destination_view(info: DestinationInfo) -> DestinationView:
    """Response from the catalog."""
    return DestinationView(
        destination=info.name, sentence=info.sentence, options_schema=options_schema(info.name),
        event_types=list(info.event_types), ordering=info.ordering,
        rate_limit=RateLimit(**info.rate_limit) if info.rate_limit else None, concurrency=info.concurrency,
    )  # fmt: skip


def endpoint_view(endpoint: Endpoint, keyring: Keyring) -> EndpointView:
    """Response from the row; headers by name only."""
    names, options = queries.open_headers(keyring, endpoint), queries.open_options(keyring, endpoint)
    return EndpointView(
        id=endpoint.id,
        destination=endpoint.destination,
        url=endpoint.url,
        options=masked_options(options) if options else None,
        description=endpoint.description,
        event_types=endpoint.event_types,
        filter=Filter(**endpoint.filter) if endpoint.filter else None,
        payload_mode=endpoint.payload_mode,
        personal=endpoint.personal,
        api_version=endpoint.api_version,
        retry_policy=endpoint.retry_policy,
        timeout_ms=endpoint.timeout_ms,
        ordering=endpoint.ordering,
        concurrency=endpoint.concurrency,
        rate_limit=RateLimit(**endpoint.rate_limit) if endpoint.rate_limit else None,
        headers=message.masked_headers(list(names)),
        metadata=endpoint.details,
        enabled=endpoint.status != "disabled",
        status=endpoint.status,
        status_reason=endpoint.status_reason,
        paused_at=clock.iso(endpoint.paused_at),
        verified={"none": None, "wanted": False, "passed": True}[endpoint.verification],
        version=endpoint.version,
        created_at=clock.iso(endpoint.created_at) or "",
    )


WEEK = 604_800
DAY = 86_400


class Rotation(RequestShape):
    """Rotation of a signing secret."""

    grace_seconds: int = Field(
        DAY, ge=0, le=WEEK, description="Seconds during which the previous secret also signs.", examples=[DAY]
    )
    secret: Secret | None = Field(
        None, max_length=200, repr=False, examples=[None],
        description="Your own, `whsec_` and the base64 of 24 to 64 bytes. Null: one is generated.",
    )  # fmt: skip
    force: bool = Field(False, description="Rotate even if two secrets are valid; the older one is revoked.")


class SecretView(BaseModel):
    """A valid secret."""

    id: str = Field(examples=["secret_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    expires_at: str | None = Field(description="Null for the current secret.", examples=["2026-12-05T13:32:10.123Z"])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class Secrets(BaseModel):
    """Valid secrets, the current one first; at most two."""

    data: list[SecretView]


def secret_view(row: EndpointSecret, text: str) -> SecretView:
    """Response from the row and the decrypted secret."""
    return SecretView(
        id=row.id, secret=text, expires_at=clock.iso(row.expires_at), created_at=clock.iso(row.created_at) or ""
    )
