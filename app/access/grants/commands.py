"""Commands: grants."""

import typer

from app.access.grants import queries
from app.access.grants.schemas import GrantView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies

grant = typer.Typer()


@command(grant, "list", does="GET /api/v1/grants")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """The access the agency has, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    columns = [
        "id",
        "client_id",
        "kind",
        "asset_id",
        "asset_name",
        "role",
        "status",
        "seen_by",
        "last_seen_at",
    ]
    show.many([GrantView.model_validate(row) for row in rows], columns, as_json=as_json)
