"""Commands: events."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.events import catalog, change_feed, queries
from app.events.queries import EventFilter
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies

event = typer.Typer()


@command(event, "list")
async def list_(
    at: Terminal,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only of this type, or `access.*`; several times for more.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Only about the thing with this id.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Happened then or later, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Happened before, UTC.")] = None,
    after: Annotated[str | None, typer.Option(help="Oldest first, after the event with this id.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """List events, newest first, or oldest first after an event."""
    found = await agencies.chosen(at.session, agency)
    types = [name for pattern in type_ or () for name in catalog.named(pattern) or [pattern]]
    wanted = EventFilter(types, subject, since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    if after is None:
        rows = await queries.newest(at.session, found.id, limit=limit, wanted=wanted)
    else:
        place = await change_feed.place_of(at.session, found.id, after)
        rows = (await change_feed.look(at.session, found.id, place, limit=limit, wanted=wanted)).events
    columns = ["timestamp", "type", "subject", "sequence", "id"]
    show.many([queries.envelope(row) for row in rows], columns, as_json=as_json)


@command(event, "show", does="GET /api/v1/events/{event_id}")
async def show_(at: Terminal, event_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Show one event in full."""
    found = await agencies.chosen(at.session, agency)
    show.one(queries.envelope(await queries.find(at.session, found.id, event_id)), as_json=as_json)
