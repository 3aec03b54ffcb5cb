"""Commands: how an endpoint has been doing."""

from typing import Annotated

import typer
from pydantic import BaseModel

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints.stats import Window, stats_view

endpoint = typer.Typer()


class _Asked(BaseModel):
    window: Window


@command(endpoint, "stats")
async def stats(
    at: Terminal,
    endpoint_id: str,
    window: Annotated[str, typer.Option(help="1h, 24h or 7d.")] = "24h",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """How an endpoint has been doing, and what it has still to get."""
    found = await agencies.chosen(at.session, agency)
    asked = checked(_Asked, window=window)
    show.one(await stats_view(at.session, found.id, endpoint_id, asked.window), as_json=as_json)
