"""JSON routes: connections, and the invitation to make the agency's own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from app.access.connections import oauth_flow, platform_apps, queries, service
from app.access.connections.oauth_flow import Party, StateRefused
from app.access.connections.schemas import ConnectInvitation, ConnectionView
from app.kit.database import Session
from app.kit.html.render import see_other
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links import url
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/connections", route_class=ApiRoute)

callback_router = APIRouter(include_in_schema=False)

Reader = Annotated[Principal, requires("connections:read")]
Writer = Annotated[Principal, requires("connections:write")]


@router.get("")
async def list_connections(
    caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[ConnectionView]:
    """Connections of your clients and your own, newest first; ended ones too."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "connection"))
    return by_id([ConnectionView.of(row) for row in rows], limit)


@router.post("/invitations", status_code=201)
async def invite_agency(request: Request, caller: Writer, session: Session) -> ConnectInvitation:
    """Makes a one-time address. Whoever opens it connects your agency's own TikTok Business Center."""
    services = services_of(request)
    platform = services.platforms.connected("tiktok")
    await platform_apps.needed(session, caller.agency_id, platform, services.keyring)
    invitation, token = await oauth_flow.invite_agency(session, caller.agency_id, platform=platform.key)
    return ConnectInvitation(address=f"{services.public_url}/connect/{token}", expires_at=invitation.expires_at)


@router.get("/{connection_id}")
async def get_connection(caller: Reader, session: Session, connection_id: str) -> ConnectionView:
    """One connection."""
    return ConnectionView.of(await queries.find(session, caller.agency_id, connection_id))


@router.post("/{connection_id}/revocation", status_code=202)
async def revoke_connection(caller: Writer, session: Session, connection_id: str) -> ConnectionView:
    """Gives a connection's token back to the platform. What was shared stays shared."""
    connection = await queries.find(session, caller.agency_id, connection_id)
    return ConnectionView.of(await service.end_connection(session, connection))


Text = Annotated[str, Query(max_length=2000)]


@callback_router.get("/callbacks/tiktok")
async def back_from_tiktok(
    request: Request, session: Session, state: Text = "", auth_code: Text = "", code: Text = ""
) -> RedirectResponse:
    """Seals the code and sends the browser on to where its cookie is. Nothing is exchanged here."""
    if not state:
        raise StateRefused
    keyring = services_of(request).keyring
    back = await oauth_flow.receive(session, keyring, state=state, code=auth_code or code or None)
    screens = url.of_screens(back.link_id) if back.side is Party.LINK and back.link_id else "/connect"
    return see_other(request, f"{services_of(request).public_url}{screens}/return?handle={back.handle}")
