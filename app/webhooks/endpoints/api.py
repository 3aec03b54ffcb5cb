"""JSON routes: event types, and the endpoints of an agency."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from app.events import catalog
from app.events.schema import API_VERSION
from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.endpoints import advice, etag, queries, service, states
from app.webhooks.endpoints.request_schemas import NewEndpoint
from app.webhooks.endpoints.schemas import CreatedEndpoint, EndpointView, EventTypeView, view

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]


class EventTypes(BaseModel):
    """All of them; there is no second page."""

    data: list[EventTypeView]


@router.get("/event-types")
async def list_event_types(_: Reader) -> EventTypes:
    """Every type of event that an endpoint can subscribe to."""
    return EventTypes(data=[EventTypeView.of(kind) for kind in catalog.FOR_CRMS.values()])


@router.get("/event-types/{event_type}")
async def read_event_type(_: Reader, event_type: Annotated[str, Path(examples=["access.verified"])]) -> EventTypeView:
    """One type of event."""
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None:
        raise NotFound
    return EventTypeView.of(kind)


@router.post("/endpoints", status_code=201)
async def create_endpoint(
    request: Request, response: Response, caller: Writer, session: Session, given: NewEndpoint
) -> CreatedEndpoint:
    """Makes an endpoint. Keep the secret: deliveries are signed with it (Standard Webhooks)."""
    at = request.app.state
    wish = given.wish(await at.egress.vet(given.url))
    endpoint, secret = await service.create_endpoint(
        session, caller.agency_id, wish, keyring=at.keyring, actor=caller.actor, verify=at.verify_endpoints
    )
    response.headers["ETag"] = etag.of(endpoint.version)
    warnings = await advice.about(session, endpoint, named=given.event_types)
    return CreatedEndpoint(**dict(view(endpoint, at.keyring)), secret=secret, warnings=warnings)


@router.get("/endpoints")
async def list_endpoints(
    request: Request, caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[EndpointView]:
    """The endpoints of the agency, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "endpoint"))
    return by_id([view(row, request.app.state.keyring) for row in rows], limit)


@router.get("/endpoints/{endpoint_id}")
async def read_endpoint(
    request: Request, response: Response, caller: Reader, session: Session, endpoint_id: str
) -> EndpointView:
    """One endpoint. Its ETag goes into `If-Match` of a change."""
    endpoint = await queries.find(session, caller.agency_id, endpoint_id)
    response.headers["ETag"] = etag.of(endpoint.version)
    return view(endpoint, request.app.state.keyring)


@router.post("/endpoints/{endpoint_id}/deactivation")
async def deactivate_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Sends nothing more to it. What is pending and what happens from now on is listed as skipped."""
    endpoint = await states.disable(session, caller.agency_id, endpoint_id, reason="user", actor=caller.actor)
    return view(endpoint, request.app.state.keyring)


@router.post("/endpoints/{endpoint_id}/pause")
async def pause_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Holds its deliveries. Nothing is lost but what grows older than its retry policy allows."""
    endpoint = await states.pause(session, caller.agency_id, endpoint_id, actor=caller.actor)
    return view(endpoint, request.app.state.keyring)


@router.delete("/endpoints/{endpoint_id}/pause")
async def resume_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Lets what was held go."""
    endpoint = await states.resume(session, caller.agency_id, endpoint_id, actor=caller.actor)
    return view(endpoint, request.app.state.keyring)


@router.get("/event-types/{event_type}/schema")
async def read_event_schema(
    _: Reader,
    event_type: Annotated[str, Path(examples=["access.verified"])],
    version: Annotated[str, Query(max_length=10, examples=[API_VERSION])] = API_VERSION,
) -> dict[str, Any]:
    """The JSON Schema of one type's body, in one version of the API."""
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None or version != API_VERSION:
        raise NotFound
    return catalog.schema(kind)
