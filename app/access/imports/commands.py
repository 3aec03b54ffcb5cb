"""Commands: imports of what the agency has already."""

from typing import Annotated

import typer

from app.access.imports import queries, service
from app.access.imports.api import REFUSED_SHOWN
from app.access.imports.schemas import ImportDetail, ImportView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies

agency = typer.Typer()

_COLUMNS = [
    "id", "agency_bc_id", "reason", "status", "partners_total", "partners_done", "catalogs_done", "grants_found",
    "started_at", "finished_at",
]  # fmt: skip


@command(agency, "import")
async def import_(
    at: Terminal,
    bc_id: Annotated[str | None, typer.Option(help="One Business Center; left out, all that can be read.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Looks at what the Business Centers have from their partners; the worker does it."""
    found = await agencies.chosen(at.session, agency)
    rows = await service.start(at.session, found.id, "tiktok", reason="asked", actor=at.actor, agency_bc_id=bc_id)
    show.many([ImportView.of(row) for row in rows], _COLUMNS, as_json=as_json)


@command(agency, "imports")
async def imports(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Imports, newest first, with how far they are."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    show.many([ImportView.of(row) for row in rows], _COLUMNS, as_json=as_json)


@command(agency, "show-import")
async def show_import(at: Terminal, import_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One import, and the partners that could not be read."""
    found = await agencies.chosen(at.session, agency)
    row = await queries.find(at.session, found.id, import_id)
    refused = await queries.refused(at.session, row, limit=REFUSED_SHOWN)
    view = ImportDetail.with_refused(row, refused, await queries.count_refused(at.session, row))
    fields = [name for name in type(view).model_fields if name != "refused"]
    show.one(view, as_json=as_json, only=fields)
    if refused and not as_json:
        columns = ["partner_id", "bc_id", "name", "code", "platform_code", "platform_message", "platform_request_id"]
        show.many(view.refused, columns, as_json=False)
