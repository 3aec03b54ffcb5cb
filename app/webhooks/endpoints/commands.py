"""Commands: webhook endpoints as they are made and read."""

from typing import Annotated

import typer

from app.kit.input.wrong import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.people.agencies import queries as agencies
from app.webhooks.endpoints import actions, queries
from app.webhooks.endpoints.api import CreatedEndpoint, NewEndpoint, view

endpoint = typer.Typer()


@command(endpoint, "create")
async def create(
    at: Terminal,
    url: Annotated[str, typer.Argument(help="https, a public host.")],
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", help="A name, `ask.*` or `*`; several times for more. `*` unless given."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    mode: Annotated[str, typer.Option(help="full, thin or flat.")] = "full",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes an endpoint and prints its signing secret, this once."""
    given = checked(NewEndpoint, url=url, event_types=type_ or ["*"], description=description, payload_mode=mode)
    found = await agencies.chosen(at.session, agency)
    wish = actions.Wish(
        url=await at.egress.vet(given.url), event_types=given.event_types, description=given.description,
        payload_mode=given.payload_mode,
    )  # fmt: skip
    made, secret = await actions.create_endpoint(at.session, found.id, wish, vault=at.vault, actor=at.actor)
    shown = CreatedEndpoint(**dict(view(made, at.vault)), secret=secret)
    show.one(shown, as_json=as_json, only=["id", "url", "event_types", "payload_mode", "secret"])


@command(endpoint, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Endpoints, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    columns = ["id", "url", "event_types", "payload_mode", "state", "description"]
    show.many([view(row, at.vault) for row in rows], columns, as_json=as_json)
