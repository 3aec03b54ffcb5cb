"""Destinations as the API takes and shows them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kit import clock
from app.kit.encryption import Keyring
from app.kit.input.fields import EventTypeName, RequestShape, Text500, Verbatim
from app.webhooks.destinations.catalog import (
    DestinationInfo,
    HttpOptions,
    HubSpotOptions,
    SlackOptions,
    masked_options,
    options_schema,
)
from app.webhooks.endpoints import queries
from app.webhooks.endpoints.headers import MASK
from app.webhooks.endpoints.headers import masked as masked_headers
from app.webhooks.endpoints.schemas import Filter, RateLimit, Retrying
from app.webhooks.models import DestinationType, Endpoint, Ordering

KindName = Literal["slack", "hubspot", "http"]


class NewDestination(RequestShape):
    """What every kind of destination may be told; what is left out is as the kind has it."""

    description: Text500 = ""
    event_types: list[EventTypeName] | None = Field(
        None, min_length=1, max_length=100, description="Names, `access.*`, or `*` for all but `webhook.*`."
    )
    filter: Filter | None = None
    personal: bool = Field(True, description="Whether it is told names and e-mail addresses.")
    retry_policy: Retrying = "standard"
    timeout_ms: int = Field(15_000, ge=1000, le=30_000, description="For each request.")
    ordering: Ordering | None = Field(None, description="`by_subject`: the events of one link in their order.")
    rate_limit: RateLimit | None = None
    concurrency: int | None = Field(None, ge=1, le=20)
    enabled: bool = True


class NewSlack(NewDestination):
    """A Slack channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"options": {"webhook_url": "https://hooks.slack.com/services/T0000/B0000/XXXX"}}]
        }
    )

    options: SlackOptions


class NewHubSpot(NewDestination):
    """A HubSpot account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"options": {"token": "pat-eu1-00000000-0000-0000-0000-000000000000"}}]}
    )

    options: HubSpotOptions


class NewHttp(NewDestination):
    """A generic HTTP call; it is signed as every webhook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
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

    options: HttpOptions
    headers: dict[Verbatim, Verbatim] = Field(
        default_factory=dict, description="Sent with each call; their values are never shown again."
    )


class DestinationView(BaseModel):
    """An endpoint that speaks to a destination."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    destination: DestinationType = Field(description="`webhook` is a plain one.", examples=["slack"])
    url: str = Field(
        description="Where it leads, without what is secret.", examples=["https://hooks.slack.com/********"]
    )
    description: str
    event_types: list[str] = Field(examples=[["link.completed", "access.blocked"]])
    filter: Filter | None
    personal: bool
    retry_policy: str | list[int] = Field(examples=["standard"])
    timeout_ms: int = Field(examples=[15000])
    ordering: Ordering
    rate_limit: RateLimit | None
    concurrency: int = Field(examples=[5])
    headers: dict[str, str] = Field(description="Names with masked values.", examples=[{"Authorization": MASK}])
    options: dict[str, Any] = Field(description="Secret ones masked.", examples=[{"webhook_url": MASK}])
    status: Literal["active", "pending_verification", "disabled"]
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class CreatedDestination(DestinationView):
    """A new destination; of a generic HTTP call also the signing secret, which is shown this once."""

    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class KindView(BaseModel):
    """A kind of destination: what it needs, and how it is unless told otherwise."""

    kind: KindName
    sentence: str = Field(examples=["A message in a Slack channel."])
    needs: dict[str, Any] = Field(description="JSON Schema of `options`.", examples=[{"type": "object"}])
    event_types: list[str] = Field(examples=[["link.completed", "access.blocked"]])
    ordering: Ordering
    rate_limit: RateLimit | None
    concurrency: int = Field(examples=[1])

    @classmethod
    def of(cls, kind: DestinationInfo) -> "KindView":
        """From the catalogue."""
        return cls.model_validate({
            "kind": kind.name, "sentence": kind.sentence, "needs": options_schema(kind.name),
            "event_types": list(kind.event_types), "ordering": kind.ordering, "rate_limit": kind.rate_limit,
            "concurrency": kind.concurrency,
        })  # fmt: skip


class Kinds(BaseModel):
    """All of them; there is no second page."""

    data: list[KindView]


class RequestView(BaseModel):
    """One request as it would be sent."""

    part: str | None = Field(description="Which of several it is.", examples=["message"])
    method: str = Field(examples=["POST"])
    url: str = Field(examples=["https://hooks.slack.com/services/T0000/B0000/XXXX"])
    headers: dict[str, str] = Field(examples=[{"content-type": "application/json"}])
    body: Any = Field(examples=[{"text": "Brand SA: verified."}])


class ExampleView(BaseModel):
    """What the example of an event type makes a destination send; nothing is sent by asking."""

    kind: KindName
    event_type: str = Field(examples=["access.verified"])
    requests: list[RequestView]


class StepView(BaseModel):
    """One request of an installation."""

    part: str | None = Field(examples=["companies.onboarding_client_id"])
    status: int | None = Field(description="409: it was there.", examples=[201])


class InstallationView(BaseModel):
    """What an installation came to."""

    done: bool
    code: str = Field(examples=["http_200"])
    explanation: str = Field(examples=["HubSpot has all properties."])
    steps: list[StepView]


def view(endpoint: Endpoint, keyring: Keyring) -> DestinationView:
    """From the row; of what is sealed only what is no secret."""
    return DestinationView.model_validate({
        "id": endpoint.id, "destination": endpoint.destination, "url": endpoint.url,
        "description": endpoint.description, "event_types": endpoint.event_types, "filter": endpoint.filter,
        "personal": endpoint.personal, "retry_policy": endpoint.retry_policy, "timeout_ms": endpoint.timeout_ms,
        "ordering": endpoint.ordering, "rate_limit": endpoint.rate_limit, "concurrency": endpoint.concurrency,
        "headers": masked_headers(list(queries.open_headers(keyring, endpoint))),
        "options": masked_options(queries.open_options(keyring, endpoint)), "status": endpoint.status,
        "created_at": clock.iso(endpoint.created_at) or "",
    })  # fmt: skip
