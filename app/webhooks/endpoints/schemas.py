"""What callers give: an endpoint as they want it, and the changes they want to it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.events import catalog
from app.events.schema import API_VERSION
from app.events.types.event_type import EventType
from app.kit import clock
from app.kit.encryption import Keyring
from app.kit.input.fields import EventTypeName, Note, RequestShape, Secret, Text500, Verbatim, Word
from app.webhooks.endpoints import headers, queries
from app.webhooks.endpoints.service import EndpointSpec
from app.webhooks.models import DestinationType, Endpoint, EndpointSecret, EndpointStatus, Ordering

Mode = Literal["full", "thin", "flat"]
Policy = Literal["standard", "fast", "patient", "none"]
Delay = Annotated[int, Field(ge=1, le=14 * 24 * 3600)]
Retrying = Policy | Annotated[list[Delay], Field(max_length=20)]
_Headers = dict[Verbatim, Verbatim]
_Metadata = dict[Note, Note]
_Types = Annotated[list[EventTypeName], Field(min_length=1, max_length=100)]

_TYPES = "Names, `access.*`, or `*` for all but `webhook.*`."
_MODE = "`thin`: ids and `href`; `flat`: all keys at the first level."
_PERSONAL = "Whether bodies carry names and e-mail addresses."
_POLICY = "A policy, or the seconds to wait before each further attempt, 14 days in all."
_ORDERING = "`by_subject`: one delivery of a link or client at a time, in the order of `sequence`."
_CONCURRENCY = "How many deliveries may be in flight at once."
_RATE = "At most so many attempts; what is over waits. Null: as fast as they are answered."
_HEADERS = "Sent with each delivery; their values are never shown again."
_ENABLED = "What happens while an endpoint is disabled is listed as skipped."
_WHSEC = "Your own signing secret, `whsec_` and the base64 of 24 to 64 bytes. Null: a new one is made."


class Filter(RequestShape):
    """Lets through only events of one link, of one preset, or both."""

    link_id: Word | None = Field(None, examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    preset: Word | None = Field(None, examples=["run-campaigns"])


class RateLimit(RequestShape):
    """So many attempts in so many seconds; after a rest, `burst` at once."""

    max: int = Field(ge=1, le=10_000, examples=[10])
    per_seconds: int = Field(1, ge=1, le=3600, examples=[1])
    burst: int | None = Field(None, ge=1, le=10_000, description="`max` unless given.", examples=[20])

    def kept(self) -> dict[str, int]:
        """As the row keeps it."""
        return {"max": self.max, "per_seconds": self.per_seconds, "burst": self.burst or self.max}


class NewEndpoint(RequestShape):
    """An endpoint as you want it."""

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

    url: Verbatim = Field(max_length=2048, description="https, a public host.")
    event_types: _Types = Field(description=_TYPES)
    description: Text500 = ""
    filter: Filter | None = None
    payload_mode: Mode = Field("full", description=_MODE)
    personal: bool = Field(True, description=_PERSONAL)
    retry_policy: Retrying = Field("standard", description=_POLICY)
    timeout_ms: int = Field(15_000, ge=1000, le=30_000)
    ordering: Ordering = Field("none", description=_ORDERING)
    concurrency: int = Field(5, ge=1, le=20, description=_CONCURRENCY)
    rate_limit: RateLimit | None = Field(None, description=_RATE)
    headers: _Headers = Field(default_factory=dict, description=_HEADERS, repr=False)
    metadata: _Metadata = Field(default_factory=dict, description="Yours to keep, 4 KiB.")
    enabled: bool = Field(True, description=_ENABLED)
    secret: Secret | None = Field(None, max_length=200, description=_WHSEC, repr=False)

    def wish(self, url: str) -> EndpointSpec:
        """The same for the action, with the URL as vetted."""
        return EndpointSpec(**{**_for_wish(self, self.model_dump()), "url": url})


class EndpointChange(RequestShape):
    """What is to be different. A field left out stays; null puts it back to what a new endpoint has."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"event_types": ["link.*"], "rate_limit": None}, {"url": "https://new.example.com/in"}]
        },
    )

    url: Verbatim = Field(default_factory=str, max_length=2048, description="https, a public host.")
    event_types: _Types = Field(default_factory=list, description=_TYPES)
    enabled: bool = Field(default_factory=bool, description=_ENABLED)
    description: Text500 | None = None
    filter: Filter | None = None
    payload_mode: Mode | None = Field(None, description=_MODE)
    personal: bool | None = Field(None, description=_PERSONAL)
    retry_policy: Retrying | None = Field(None, description=_POLICY)
    timeout_ms: int | None = Field(None, ge=1000, le=30_000)
    ordering: Ordering | None = Field(None, description=_ORDERING)
    concurrency: int | None = Field(None, ge=1, le=20, description=_CONCURRENCY)
    rate_limit: RateLimit | None = Field(None, description=_RATE)
    headers: _Headers | None = Field(None, description=f"{_HEADERS} All of them: those not named are gone.")
    metadata: _Metadata | None = Field(None, description="Yours to keep, 4 KiB; all of it.")

    def changes(self) -> dict[str, Any]:
        """Fields of a Wish by name; the URL, where it is given, still to be vetted."""
        given = self.model_dump(exclude_unset=True)
        fresh = NewEndpoint.model_fields
        return _for_wish(self, {
            name: fresh[name].get_default(call_default_factory=True) if value is None else value
            for name, value in given.items()
        })  # fmt: skip


def _for_wish(given: NewEndpoint | EndpointChange, values: dict[str, Any]) -> dict[str, Any]:
    if values.get("filter") is not None and given.filter:
        values["filter"] = given.filter.model_dump(exclude_none=True) or None
    if values.get("rate_limit") is not None and given.rate_limit:
        values["rate_limit"] = given.rate_limit.kept()
    return values


class EventTypeView(BaseModel):
    """A type of event, with the JSON Schema of its body and an example."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: str = Field(examples=["access.verified"])
    sentence: str = Field(examples=["The access was read back with the agreed role."])
    since: str = Field(examples=["2026-12-01"])
    versions: list[str] = Field(examples=[["2026-12-01"]])
    body_schema: dict[str, Any] = Field(serialization_alias="schema", examples=[{"type": "object"}])
    example: dict[str, Any] = Field(examples=[catalog.example(catalog.FOR_CRMS["access.verified"])])

    @classmethod
    def of(cls, kind: EventType) -> "EventTypeView":
        """From its line in the catalogue."""
        return cls(
            type=kind.name, sentence=kind.sentence, since=kind.since, versions=[API_VERSION],
            body_schema=catalog.schema(kind), example=catalog.example(kind),
        )  # fmt: skip


class EndpointView(BaseModel):
    """An endpoint."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    url: str = Field(examples=["https://hooks.example.com/keyturn"])
    description: str
    event_types: list[str] = Field(examples=[["link.completed", "access.*"]])
    filter: Filter | None
    payload_mode: Mode
    personal: bool
    retry_policy: str | list[int] = Field(examples=["standard"])
    timeout_ms: int = Field(examples=[15000])
    ordering: Ordering
    concurrency: int = Field(examples=[5])
    rate_limit: RateLimit | None
    headers: dict[str, str] = Field(description="Names with masked values.", examples=[{"Authorization": headers.MASK}])
    metadata: dict[str, str]
    enabled: bool
    status: EndpointStatus
    status_reason: str | None = Field(
        description="Why it is disabled: `user`, `gone` (410), `unsafe_url`, or `failing`: all attempts did.",
        examples=["gone"],
    )
    paused_at: str | None = Field(
        description="Since when deliveries are held on your word.", examples=["2026-12-04T13:32:10.123Z"]
    )
    verified: bool | None = Field(description="Whether it answered its challenge; null: nobody asked.", examples=[True])
    destination: DestinationType
    hook: bool = Field(description="Made by POST /hooks; it ends at its first 410.")
    version: int = Field(description="Its ETag.", examples=[1])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class WrittenEndpoint(EndpointView):
    """An endpoint as it is now, and what about it is hardly meant so."""

    warnings: list[str] = Field(
        description="What is allowed but may surprise you.",
        examples=[["None of these event types carries `link_id`: the filter lets nothing through."]],
    )


class CreatedEndpoint(WrittenEndpoint):
    """A new endpoint and its signing secret."""

    secret: str = Field(
        description="Shown now; GET …/secret shows it again to keys that may.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


def endpoint_view(endpoint: Endpoint, keyring: Keyring) -> EndpointView:
    """From the row; of its sealed headers only the names."""
    names = queries.open_headers(keyring, endpoint)
    return EndpointView(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        event_types=endpoint.event_types,
        filter=Filter(**endpoint.filter) if endpoint.filter else None,
        payload_mode=endpoint.payload_mode,
        personal=endpoint.personal,
        retry_policy=endpoint.retry_policy,
        timeout_ms=endpoint.timeout_ms,
        ordering=endpoint.ordering,
        concurrency=endpoint.concurrency,
        rate_limit=RateLimit(**endpoint.rate_limit) if endpoint.rate_limit else None,
        headers=headers.masked(list(names)),
        metadata=endpoint.details,
        enabled=endpoint.status != "disabled",
        status=endpoint.status,
        status_reason=endpoint.status_reason,
        paused_at=clock.iso(endpoint.paused_at),
        verified={"none": None, "wanted": False, "passed": True}[endpoint.verification],
        destination=endpoint.destination,
        hook=endpoint.hook,
        version=endpoint.version,
        created_at=clock.iso(endpoint.created_at) or "",
    )


WEEK = 604_800
DAY = 86_400


class Rotation(RequestShape):
    """How one secret takes the place of another."""

    grace_seconds: int = Field(DAY, ge=0, le=WEEK, description="How long the secret before signs too.", examples=[DAY])
    secret: Secret | None = Field(
        None, max_length=200, repr=False, examples=[None],
        description="Your own, `whsec_` and the base64 of 24 to 64 bytes. Null: a new one is made.",
    )  # fmt: skip
    force: bool = Field(False, description="Also while the one before still signs; it is dropped.")


class SecretView(BaseModel):
    """A secret that signs."""

    id: str = Field(examples=["secret_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    expires_at: str | None = Field(description="Null: it is the current one.", examples=["2026-12-05T13:32:10.123Z"])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class Secrets(BaseModel):
    """Those that sign now, the current one first; two at most."""

    data: list[SecretView]


def secret_view(row: EndpointSecret, text: str) -> SecretView:
    """From the row and its opened value."""
    return SecretView(
        id=row.id, secret=text, expires_at=clock.iso(row.expires_at), created_at=clock.iso(row.created_at) or ""
    )
