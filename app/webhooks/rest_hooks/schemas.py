"""REST hooks as automation tools give them and get them back."""

from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from app.kit import clock
from app.kit.input.fields import EventTypeName, RequestShape, Verbatim
from app.webhooks.endpoints.schemas import Filter, Mode
from app.webhooks.endpoints.service import EndpointSpec
from app.webhooks.models import Endpoint

_URLS = AliasChoices("target_url", "url", "hookUrl")
_TYPES = AliasChoices("event_types", "event")


class NewHook(RequestShape):
    """A subscription. What else a tool sends along is left alone."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"target_url": "https://hooks.zapier.com/hooks/standard/1/abc/", "event_types": ["access.*"]}]
        },
    )

    target_url: Verbatim = Field(
        validation_alias=_URLS, max_length=2048, description="Where events go; also as `url` or `hookUrl`."
    )
    event_types: list[EventTypeName] = Field(
        validation_alias=_TYPES, min_length=1, max_length=100,
        description="Names, `access.*`, or `*`; also comma-separated text, or one name as `event`.",
    )  # fmt: skip
    filters: Filter | None = None
    payload_mode: Mode = Field("full", description="`thin`: ids and `href`; `flat`: all keys at the first level.")
    personal: bool = Field(True, description="Whether bodies carry names and e-mail addresses.")

    @model_validator(mode="before")
    @classmethod
    def _object(cls, given: Any) -> Any:
        return (
            {key: value for key, value in given.items() if value not in (None, "")}
            if isinstance(given, dict)
            else given
        )

    @field_validator("event_types", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    def wish(self, url: str) -> EndpointSpec:
        """The same for the action, with the URL as vetted."""
        filter_ = self.filters.model_dump(exclude_none=True) if self.filters else None
        return EndpointSpec(
            url=url, event_types=self.event_types, filter=filter_, payload_mode=self.payload_mode,
            personal=self.personal, hook=True,
        )  # fmt: skip


class HookView(BaseModel):
    """A subscription. It ends when its address answers 410."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    target_url: str = Field(examples=["https://hooks.zapier.com/hooks/standard/1/abc/"])
    event_types: list[str] = Field(examples=[["access.*"]])
    filters: Filter | None
    payload_mode: Mode
    personal: bool
    enabled: bool
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class CreatedHook(HookView):
    """A new subscription, and what about it is hardly meant so."""

    warnings: list[str] = Field(examples=[["Your agency has no link 'link_…': this filter lets nothing through."]])


def view(endpoint: Endpoint) -> HookView:
    """From the row of its endpoint."""
    return HookView(
        id=endpoint.id, target_url=endpoint.url, event_types=endpoint.event_types,
        filters=Filter(**endpoint.filter) if endpoint.filter else None, payload_mode=endpoint.payload_mode,
        personal=endpoint.personal, enabled=endpoint.status != "disabled",
        created_at=clock.iso(endpoint.created_at) or "",
    )  # fmt: skip
