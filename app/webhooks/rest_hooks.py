"""REST hooks: endpoints that automation tools such as Zapier subscribe, unsubscribe and sample."""

import json
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, rendering
from app.events import queries as events
from app.events.catalog import EventType
from app.events.rendering import API_VERSION, ApiVersion, EventRecord
from app.kit import clock
from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.input.fields import RequestShape, Verbatim
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.webhooks import message
from app.webhooks.endpoints import queries, service
from app.webhooks.endpoints import warnings as advice
from app.webhooks.endpoints.schemas import PERSONAL_DATA, VERSION, Filter, Mode, NewHttpEndpoint, Types
from app.webhooks.models import Endpoint
from app.webhooks.policies import event_filter

router = api_router("/hooks")

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
Listener = Annotated[Principal, requires("events:read")]

SAMPLES = 3
#: Number of the newest events that are searched for samples; tests are left out.
_NEWEST = 20
_SAMPLE = {200: {"content": {"application/json": {"example": [
    {**rendering.example_body(catalog.FOR_CRMS["access.verified"]), "test": True},
]}}}}  # fmt: skip


class NewHook(RequestShape):
    """A subscription. Other fields that a tool sends are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"target_url": "https://hooks.zapier.com/hooks/standard/1/abc/", "event_types": ["access.*"]}]
        },
    )

    target_url: Verbatim = Field(
        validation_alias=AliasChoices("target_url", "url", "hookUrl"), max_length=2048,
        description="URL that receives events; also accepted as `url` or `hookUrl`.",
    )  # fmt: skip
    event_types: Types = Field(
        validation_alias=AliasChoices("event_types", "event"),
        description="Names, `access.*`, or `*`; also comma-separated text, or one name as `event`.",
    )
    filters: Filter | None = None
    payload_mode: Mode = Field("full", description="`thin`: ids and `href`; `flat`: all keys at the first level.")
    personal: bool = Field(True, description=PERSONAL_DATA)
    api_version: ApiVersion | None = Field(None, description=VERSION)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if value not in (None, "")}

    @field_validator("event_types", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    def endpoint(self) -> NewHttpEndpoint:
        """The endpoint for this subscription."""
        return NewHttpEndpoint.model_validate({
            "destination": "rest_hook", "url": self.target_url, "event_types": self.event_types,
            "filter": self.filters, "payload_mode": self.payload_mode, "personal": self.personal,
            "api_version": self.api_version,
        })  # fmt: skip


class HookView(BaseModel):
    """A subscription. It ends when its address answers 410."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    target_url: str = Field(examples=["https://hooks.zapier.com/hooks/standard/1/abc/"])
    event_types: list[str] = Field(examples=[["access.*"]])
    filters: Filter | None
    payload_mode: Mode
    personal: bool
    api_version: str | None = Field(examples=[API_VERSION])
    enabled: bool
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class CreatedHook(HookView):
    """A new subscription with warnings about its settings."""

    warnings: list[str] = Field(examples=[["Your agency has no link 'link_…': this filter lets nothing through."]])


def hook_view(endpoint: Endpoint) -> HookView:
    """Response from the row of its endpoint."""
    return HookView(
        id=endpoint.id, target_url=endpoint.url, event_types=endpoint.event_types,
        filters=Filter(**endpoint.filter) if endpoint.filter else None, payload_mode=endpoint.payload_mode,
        personal=endpoint.personal, api_version=endpoint.api_version, enabled=endpoint.status != "disabled",
        created_at=clock.iso(endpoint.created_at) or "",
    )  # fmt: skip


@router.post("", status_code=201)
async def create_hook(request: Request, caller: Writer, session: Session, given: NewHook) -> CreatedHook:
    """Subscribe a URL to events, as REST hooks of Zapier do. Store the id. No challenge is sent."""
    services = services_of(request)
    endpoint, _ = await service.create_endpoint(
        session,
        caller.agency_id,
        await service.vetted_spec(given.endpoint(), services.egress),
        keyring=services.keyring,
        actor=caller.actor,
    )
    warnings = await advice.warnings_for(session, endpoint, named=given.event_types)
    return CreatedHook(**dict(hook_view(endpoint)), warnings=warnings)


@router.get("")
async def list_hooks(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[HookView]:
    """List the subscriptions of the agency, newest first. They are also listed as endpoints."""
    rows = await queries.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "endpoint"), hooks_only=True
    )
    return by_id([hook_view(row) for row in rows], limit)


@router.get("/sample", responses=_SAMPLE)  # type: ignore[arg-type]  # FastAPI's own type says less than it takes
async def get_sample(
    request: Request,
    caller: Listener,
    session: Session,
    event_type: Annotated[
        str, Query(max_length=128, description="A name, `access.*`, or `*`.", examples=["access.verified"])
    ] = "access.*",
    payload_mode: Annotated[Mode, Query(description="Form of the bodies.")] = "full",
    personal: Annotated[bool, Query(description=PERSONAL_DATA)] = True,
    api_version: Annotated[
        ApiVersion, Query(description="Version of the bodies.", examples=[API_VERSION])
    ] = API_VERSION,
) -> list[dict[str, Any]]:
    """Return up to three bodies as a subscription receives them, newest first. Examples have `"test": true`."""
    return await samples(
        session, caller.agency_id, event_type, public_url=services_of(request).public_url, mode=payload_mode,
        personal=personal, version=api_version,
    )  # fmt: skip


@router.get("/{hook_id}")
async def get_hook(caller: Reader, session: Session, hook_id: str) -> HookView:
    """Return one subscription."""
    endpoint = await queries.hook(session, caller.agency_id, hook_id)
    if endpoint.deleted_at is not None:
        raise NotFound
    return hook_view(endpoint)


@router.delete("/{hook_id}", status_code=204)
async def delete_hook(caller: Writer, session: Session, hook_id: str) -> Response:
    """Delete a subscription. Can be repeated."""
    endpoint = await queries.hook(session, caller.agency_id, hook_id)
    if endpoint.deleted_at is None:
        await service.delete_endpoint(session, caller.agency_id, hook_id, actor=caller.actor)
    return Response(status_code=204)


async def samples(
    session: AsyncSession,
    agency_id: str,
    event_type: str,
    *,
    public_url: str,
    mode: str,
    personal: bool,
    version: str,
) -> list[dict[str, Any]]:
    """Up to three bodies as a subscription to `event_type` (a name, `access.*`, `*`) would get them, newest first.

    Without events of the type, an example of each type, marked as a test; never empty. Raises EventTypeUnknown.
    """
    if event_filter.unknown([event_type], catalog.FOR_CRMS):
        raise service.unknown_type(event_type)
    types = [kind for name, kind in catalog.FOR_CRMS.items() if event_filter.wants([event_type], name)]
    wanted = events.EventFilter([kind.name for kind in types])
    newest = await events.newest(session, agency_id, limit=_NEWEST, wanted=wanted)
    real = [each for each in newest if not each.test]
    made = real[:SAMPLES] or [_invented(kind, agency_id, number) for number, kind in enumerate(types[:SAMPLES])]
    bodies = [rendering.body(each, version, public_url=public_url, personal=personal) for each in made]
    return [json.loads(message.render_payload(each, mode).content) for each in bodies]


def _invented(kind: EventType[Any], agency_id: str, number: int) -> EventRecord:
    """An example for this agency. Each has its own id, by which tools distinguish them."""
    event = rendering.example(kind)
    return event._replace(id=f"{event.id[:-1]}{number}", test=True, agency_id=agency_id)
