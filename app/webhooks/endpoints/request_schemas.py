"""What callers give: an endpoint as they want it, and the changes they want to it."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.kit.input.fields import EventTypeName, Note, RequestShape, Secret, Text500, Verbatim, Word
from app.webhooks.endpoints.models import Ordering
from app.webhooks.endpoints.service import EndpointSpec

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
