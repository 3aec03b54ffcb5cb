"""Commands: connections, and the invitation to make the agency's own."""

import typer

from app.access.connections import oauth_flow, platform_apps, queries
from app.access.connections.schemas import ConnectInvitation, ConnectionView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies

agency = typer.Typer()
connection = typer.Typer()


@command(agency, "connect", does="POST /api/v1/connections/invitations")
async def connect(at: Terminal, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Prints a one-time address; whoever opens it connects the agency's own Business Center."""
    found = await agencies.chosen(at.session, agency)
    await platform_apps.needed(at.session, found.id, at.platforms["tiktok"], at.keyring)
    invitation, token = await oauth_flow.invite_agency(at.session, found.id, platform="tiktok")
    address = f"{at.public_url}/connect/{token}"
    show.one(ConnectInvitation(address=address, expires_at=invitation.expires_at), as_json=as_json)


@command(connection, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Connections of clients and the agency's own, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    columns = ["id", "side", "status", "person", "client_id", "link_id", "gives_back_at", "created_at"]
    show.many([ConnectionView.of(row) for row in rows], columns, as_json=as_json)
