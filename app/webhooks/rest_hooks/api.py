"""JSON routes: REST hooks."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.events import catalog
from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.endpoints import queries
from app.webhooks.endpoints import service as endpoint_actions
from app.webhooks.endpoints import warnings as advice
from app.webhooks.endpoints.schemas import Mode
from app.webhooks.rest_hooks import service
from app.webhooks.rest_hooks.schemas import CreatedHook, HookView, NewHook, view

router = APIRouter(prefix="/hooks", tags=["hooks"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
Listener = Annotated[Principal, requires("events:read")]

_SAMPLE = {200: {"content": {"application/json": {"example": [
    {**catalog.example(catalog.FOR_CRMS["access.verified"]), "test": True},
]}}}}  # fmt: skip


@router.post("", status_code=201)
async def create_hook(request: Request, caller: Writer, session: Session, given: NewHook) -> CreatedHook:
    """Subscribes an address to events, as Zapier's REST hooks do. No challenge is sent. Keep the id."""
    at = request.app.state
    wish = given.wish(await at.egress.vet(given.target_url))
    endpoint, _ = await endpoint_actions.create_endpoint(
        session, caller.agency_id, wish, keyring=at.keyring, actor=caller.actor
    )
    warnings = await advice.warnings_for(session, endpoint, named=given.event_types)
    return CreatedHook(**dict(view(endpoint)), warnings=warnings)


@router.get("")
async def list_hooks(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[HookView]:
    """The subscriptions of the agency, newest first. They are among its endpoints too."""
    rows = await queries.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "endpoint"), hooks_only=True
    )
    return by_id([view(row) for row in rows], limit)


@router.get("/sample", responses=_SAMPLE)  # type: ignore[arg-type]  # FastAPI's own type says less than it takes
async def read_sample(
    caller: Listener,
    session: Session,
    event_type: Annotated[
        str, Query(max_length=128, description="A name, `access.*`, or `*`.", examples=["access.verified"])
    ] = "access.*",
    payload_mode: Mode = "full",
    personal: bool = True,
) -> list[dict[str, Any]]:
    """Up to three bodies just as a subscription gets them, newest first. Invented ones say `"test": true`."""
    return await service.samples(session, caller.agency_id, event_type, mode=payload_mode, personal=personal)


@router.get("/{hook_id}")
async def read_hook(caller: Reader, session: Session, hook_id: str) -> HookView:
    """One subscription."""
    endpoint = await queries.hook(session, caller.agency_id, hook_id)
    if endpoint.deleted_at is not None:
        raise NotFound
    return view(endpoint)


@router.delete("/{hook_id}", status_code=204)
async def delete_hook(caller: Writer, session: Session, hook_id: str) -> Response:
    """Ends a subscription. Ending it again is as good."""
    await service.end_hook(session, caller.agency_id, hook_id, actor=caller.actor)
    return Response(status_code=204)
