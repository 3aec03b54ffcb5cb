"""Endpoints as the API and the command line show them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.events import catalog
from app.events.schema import API_VERSION
from app.events.types.event_type import EventType
from app.kit import clock
from app.kit.encryption import Keyring
from app.webhooks.endpoints import headers, queries
from app.webhooks.endpoints.models import Destination, Endpoint, Ordering, State
from app.webhooks.endpoints.request_schemas import Filter, Mode, RateLimit


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
    status: State
    status_reason: str | None = Field(
        description="Why it is disabled: `user`, `gone` (410), `unsafe_url`, or `failing`: all attempts did.",
        examples=["gone"],
    )
    paused_at: str | None = Field(
        description="Since when deliveries are held on your word.", examples=["2026-12-04T13:32:10.123Z"]
    )
    verified: bool | None = Field(description="Whether it answered its challenge; null: nobody asked.", examples=[True])
    destination: Destination
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


def view(endpoint: Endpoint, keyring: Keyring) -> EndpointView:
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
