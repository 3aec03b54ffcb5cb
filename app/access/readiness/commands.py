"""Command: how ready a link's client is."""

import typer

from app.access.readiness import queries
from app.access.readiness.schemas import ReadinessView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.links import queries as links
from app.tenants.agencies import queries as agencies

link = typer.Typer()


@command(link, "readiness")
async def readiness(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """What is in place before access is shared, what is to do, and what nobody can tell yet."""
    found = await agencies.chosen(at.session, agency)
    aggregate = await links.load_link(at.session, found.id, link_id)
    view = ReadinessView.of(aggregate.link.id, await queries.of_link(at.session, aggregate))
    if as_json:
        show.one(view, as_json=True)
        return
    show.many(view.items, ["key", "status", "blocks", "source", "seen", "answer", "answered_by", "hint"], as_json=False)
