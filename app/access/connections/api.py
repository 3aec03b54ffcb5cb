"""JSON routes: connections, and invitations for the agency's own. Tokens are never shown."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from app.access.connections import oauth_flow, service
from app.access.connections.models import Connection
from app.access.connections.oauth_flow import Party, StateRefused
from app.kit.database import RecordingSession, Session
from app.kit.html.render import see_other
from app.kit.input.fields import Time
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links import url
from app.platforms.declarations import DEFAULT_PLATFORM
from app.services import connected_platform, services_of
from app.tenants.agencies import domains
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/connections")
callback_router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires("connections:read")]
Writer = Annotated[Principal, requires("connections:write")]
Text = Annotated[str, Query(max_length=2000)]


class ConnectionView(BaseModel):
    """OAuth authorization of a client, or of your own agency, at a platform."""

    id: str = Field(examples=["connection_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    platform: str = Field(examples=["tiktok"])
    side: str = Field(description="The party that authorized: `client` or `agency`.", examples=["client"])
    client_id: str | None = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    link_id: str | None = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    status: str = Field(
        description="`live`; `dead`: the platform refuses the token; `revoked`: we revoked it.", examples=["live"]
    )
    scopes: list[str] = Field(description="The platform's ids of the permissions.", examples=[["100", "153"]])
    person: str | None = Field(
        description="Name of the person who authorized, from the platform; null if it tells none.",
        examples=["Ana Lima"],
    )
    gives_back_at: Time | None = Field(description="Latest time of the token's revocation.")
    ended_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, row: Connection) -> "ConnectionView":
        """From the row, without its token."""
        return cls(
            id=row.id, platform=row.platform, side=row.side, client_id=row.client_id, link_id=row.link_id,
            status=row.status, scopes=[str(scope) for scope in row.scopes], person=row.person,
            gives_back_at=row.revoke_at, ended_at=row.ended_at, created_at=row.created_at,
        )  # fmt: skip


class ConnectInvitation(BaseModel):
    """One-time address at which a member connects your own side."""

    address: str = Field(examples=["https://go.agency.com/connect/pJ3…"])
    expires_at: Time


@router.get("")
async def list_connections(
    caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[ConnectionView]:
    """List the connections of your clients and your own, newest first, including ended ones."""
    rows = await service.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "connection"))
    return by_id([ConnectionView.of(row) for row in rows], limit)


@router.post("/invitations", status_code=201)
async def invite_agency(
    request: Request,
    caller: Writer,
    session: Session,
    platform: Annotated[str, Query(description="By default TikTok.", examples=["tiktok"])] = DEFAULT_PLATFORM,
) -> ConnectInvitation:
    """Create a one-time address. Its recipient connects your agency's own account at a platform."""
    services, at = services_of(request), connected_platform(request, platform)
    await service.required_app(session, caller.agency_id, at, services.keyring)
    invitation, token = await oauth_flow.invite_agency(session, caller.agency_id, platform=at.key)
    return ConnectInvitation(
        address=oauth_flow.invitation_address(services.public_url, token), expires_at=invitation.expires_at
    )


@router.get("/{connection_id}")
async def get_connection(caller: Reader, session: Session, connection_id: str) -> ConnectionView:
    """Retrieve a connection."""
    return ConnectionView.of(await service.find(session, caller.agency_id, connection_id))


@router.post("/{connection_id}/revocation", status_code=202)
async def revoke_connection(caller: Writer, session: Session, connection_id: str) -> ConnectionView:
    """Revoke the token of a connection. Shared access stays shared."""
    connection = await service.find(session, caller.agency_id, connection_id)
    return ConnectionView.of(await service.end_connection(session, connection))


@callback_router.get("/callbacks/{platform}")
async def back_from_platform(
    request: Request, session: RecordingSession, state: Text = "", auth_code: Text = "", code: Text = ""
) -> RedirectResponse:
    """Encrypt the code, and redirect the browser to the host of its cookie. Nothing is exchanged here.

    The state alone says which authorization it is; the platform in the path is for its app's registration.
    """
    if not state:
        raise StateRefused
    keyring = services_of(request).keyring
    back = await oauth_flow.receive(session, keyring, state=state, code=auth_code or code or None)
    screens = url.of_screens(back.link_id) if back.side is Party.LINK and back.link_id else "/connect"
    public_url = services_of(request).public_url
    base = domains.at_host(back.domain, public_url) if back.domain else public_url
    return see_other(request, f"{base}{screens}/return?handle={back.handle}")
