"""Commands: what happened."""

from typing import Annotated

import typer

from app.events import queries
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.people.agencies import queries as agencies

event = typer.Typer()


@command(event, "list")
async def list_(
    at: Terminal,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only of this type; several times for more.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Only about the thing with this id.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """What happened, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.newest(at.session, found.id, limit=limit, types=type_ or (), subject_id=subject)
    columns = ["timestamp", "type", "subject", "sequence", "id"]
    show.many([queries.envelope(row) for row in rows], columns, as_json=as_json)
