"""JSON routes: event types, and the endpoints of an agency."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from app.events import catalogue
from app.events.body import API_VERSION
from app.events.types.kinds import EventType
from app.kit import clock
from app.kit.database import Session
from app.kit.refusal import NotFound
from app.kit.vault import Vault
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.people.members.caller import Caller, requires
from app.people.members.route import ApiRoute
from app.webhooks.endpoints import actions, headers, queries
from app.webhooks.endpoints.model import Endpoint

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Reader = Annotated[Caller, requires("webhooks:read")]
Writer = Annotated[Caller, requires("webhooks:write")]
Mode = Literal["full", "thin", "flat"]
Policy = Literal["standard", "fast", "patient", "none"]
Delay = Annotated[int, Field(ge=1, le=14 * 24 * 3600)]


class EventTypeView(BaseModel):
    """A type of event, with the JSON Schema of its body and an example."""

    type: str = Field(examples=["ask.verified"])
    sentence: str = Field(examples=["The access was read back with the agreed role."])
    since: str = Field(examples=["2026-12-01"])
    versions: list[str] = Field(examples=[["2026-12-01"]])
    body_schema: dict[str, Any] = Field(serialization_alias="schema", examples=[{"type": "object"}])
    example: dict[str, Any] = Field(examples=[catalogue.example(catalogue.FOR_CRMS["ask.verified"])])


class EventTypes(BaseModel):
    """All of them; there is no second page."""

    data: list[EventTypeView]


class Filter(BaseModel):
    """Lets through only events of one link, of one preset, or both."""

    model_config = ConfigDict(extra="forbid")

    link_id: str | None = Field(None, max_length=64, examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    preset: str | None = Field(None, max_length=64, examples=["run-campaigns"])


class NewEndpoint(BaseModel):
    """An endpoint as you want it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://hooks.example.com/keyturn", "event_types": ["link.completed", "ask.*"]},
                {
                    "url": "https://crm.example.com/in",
                    "description": "CRM",
                    "event_types": ["*"],
                    "payload_mode": "flat",
                    "headers": {"Authorization": "Bearer …"},
                },
            ]
        },
    )

    url: str = Field(max_length=2048, description="https, a public host.")
    event_types: list[Annotated[str, Field(max_length=128)]] = Field(
        min_length=1, max_length=100, description="Names, `ask.*`, or `*` for all but `webhook.*`."
    )
    description: str = Field("", max_length=500)
    filter: Filter | None = None
    payload_mode: Mode = Field("full", description="`thin`: ids and `href`; `flat`: all keys at the first level.")
    personal: bool = Field(True, description="Whether bodies carry names and e-mail addresses.")
    retry_policy: Policy | Annotated[list[Delay], Field(max_length=20)] = Field(
        "standard",
        description="A policy, or the seconds to wait before each further attempt, 14 days in all.",
    )
    timeout_ms: int = Field(15_000, ge=1000, le=30_000)
    headers: dict[str, str] = Field(
        default_factory=dict, description="Sent with each delivery; their values are never shown again."
    )
    metadata: dict[str, str] = Field(default_factory=dict, description="Yours to keep, 4 KiB.")
    enabled: bool = Field(True, description="What happens while an endpoint is disabled is listed as skipped.")


class EndpointView(BaseModel):
    """An endpoint."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    url: str = Field(examples=["https://hooks.example.com/keyturn"])
    description: str
    event_types: list[str] = Field(examples=[["link.completed", "ask.*"]])
    filter: Filter | None
    payload_mode: Mode
    personal: bool
    retry_policy: str | list[int] = Field(examples=["standard"])
    timeout_ms: int = Field(examples=[15000])
    headers: dict[str, str] = Field(description="Names with masked values.", examples=[{"Authorization": headers.MASK}])
    metadata: dict[str, str]
    state: Literal["active", "disabled"]
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class CreatedEndpoint(EndpointView):
    """A new endpoint and its signing secret, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


@router.get("/event-types")
async def list_event_types(_: Reader) -> EventTypes:
    """Every type of event that an endpoint can subscribe to."""
    return EventTypes(data=[_type_view(kind) for kind in catalogue.FOR_CRMS.values()])


@router.get("/event-types/{event_type}")
async def read_event_type(_: Reader, event_type: Annotated[str, Path(examples=["ask.verified"])]) -> EventTypeView:
    """One type of event."""
    kind = catalogue.FOR_CRMS.get(event_type)
    if kind is None:
        raise NotFound
    return _type_view(kind)


@router.post("/endpoints", status_code=201)
async def create_endpoint(request: Request, caller: Writer, session: Session, given: NewEndpoint) -> CreatedEndpoint:
    """Makes an endpoint. Keep the secret: deliveries are signed with it (Standard Webhooks)."""
    wish = actions.Wish(
        **{
            **given.model_dump(exclude={"filter"}),
            "url": await request.app.state.egress.vet(given.url),
            "filter": given.filter.model_dump(exclude_none=True) if given.filter else None,
        }
    )
    vault = request.app.state.vault
    endpoint, secret = await actions.create_endpoint(session, caller.agency_id, wish, vault=vault, actor=caller.actor)
    return CreatedEndpoint(**dict(view(endpoint, vault)), secret=secret)


@router.get("/endpoints")
async def list_endpoints(
    request: Request, caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[EndpointView]:
    """The endpoints of the agency, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "endpoint"))
    return by_id([view(row, request.app.state.vault) for row in rows], limit)


@router.get("/endpoints/{endpoint_id}")
async def read_endpoint(request: Request, caller: Reader, session: Session, endpoint_id: str) -> EndpointView:
    """One endpoint."""
    endpoint = await queries.find(session, caller.agency_id, endpoint_id)
    return view(endpoint, request.app.state.vault)


def _type_view(kind: EventType) -> EventTypeView:
    return EventTypeView(
        type=kind.name,
        sentence=kind.sentence,
        since=kind.since,
        versions=[API_VERSION],
        body_schema=catalogue.schema(kind),
        example=catalogue.example(kind),
    )


def view(endpoint: Endpoint, vault: Vault) -> EndpointView:
    """From the row; of its sealed headers only the names."""
    names = queries.open_headers(vault, endpoint)
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
        headers=headers.masked(list(names)),
        metadata=endpoint.details,
        state=endpoint.state,
        created_at=clock.iso(endpoint.created_at) or "",
    )
