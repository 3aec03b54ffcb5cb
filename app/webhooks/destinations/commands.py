"""Commands: destinations are endpoints, made by `endpoint slack|hubspot|http`."""

import json
from typing import Annotated, Any

import typer

from app.kit.errors import InvalidInput
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.destinations import driving, service
from app.webhooks.destinations.api import installation_view
from app.webhooks.destinations.catalog import OPTIONS, Options
from app.webhooks.destinations.hubspot import HubSpot
from app.webhooks.destinations.schemas import (
    CreatedDestination,
    NewDestination,
    NewHttp,
    NewHubSpot,
    NewSlack,
    view,  # fmt: skip
)
from app.webhooks.endpoints import queries

endpoint = typer.Typer()

Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="A name, `access.*` or `*`; several times for more. The kind's own unless given."),
]
Description = Annotated[str, typer.Option(help="What it is for.")]


@command(endpoint, "slack")
async def slack(
    at: Terminal,
    webhook_url: Annotated[str, typer.Argument(help="The address of an incoming webhook.")],
    type_: Types = None,
    description: Description = "",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes an endpoint that writes into a Slack channel."""
    given = checked(
        NewSlack, description=description, event_types=type_, options={"webhook_url": webhook_url}
    )  # fmt: skip
    await _create(at, agency, "slack", given, given.options, as_json=as_json)


@command(endpoint, "hubspot")
async def hubspot(
    at: Terminal,
    token: Annotated[str, typer.Argument(help="The access token of a private app.")],
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="event=stage, e.g. link.completed=customer; several for more.")
    ] = None,
    type_: Types = None,
    description: Description = "",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes an endpoint that keeps companies and contacts of a HubSpot account; `endpoint install` comes next."""
    stages = dict(each.partition("=")[::2] for each in stage or [])
    given = checked(
        NewHubSpot, description=description, event_types=type_, options={"token": token, "lifecycle": stages}
    )  # fmt: skip
    await _create(at, agency, "hubspot", given, given.options, as_json=as_json)


@command(endpoint, "http")
async def http(
    at: Terminal,
    url: Annotated[str, typer.Argument(help="https, a public host; path and query may hold {placeholders}.")],
    body: Annotated[str | None, typer.Option(help="JSON with {placeholders}; the event itself unless given.")] = None,
    method: Annotated[str, typer.Option(help="POST, PUT or PATCH.")] = "POST",
    header: Annotated[list[str] | None, typer.Option("--header", help="name=value; several times for more.")] = None,
    type_: Types = None,
    description: Description = "",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes an endpoint that calls any HTTP API with JSON of your own, and prints its signing secret, this once."""
    given = checked(
        NewHttp,
        description=description,
        event_types=type_,
        headers=dict(each.partition("=")[::2] for each in header or []),
        options={"method": method, "url": url, "body": _json(body) if body else None},
    )
    await _create(at, agency, "http", given, given.options, as_json=as_json)


@command(endpoint, "set-options", does="PUT /api/v1/webhooks/destinations/{endpoint_id}/options")
async def set_options(
    at: Terminal,
    endpoint_id: str,
    options: Annotated[str, typer.Argument(help="The destination's options as JSON; a masked secret stays.")],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Replaces what a destination needs to know."""
    found = await agencies.chosen(at.session, agency)
    before = await queries.find(at.session, found.id, endpoint_id)
    if before.destination not in OPTIONS:
        raise service.NoDestination
    given = checked(OPTIONS[before.destination], **_json(options))
    changed = await service.change_options(
        at.session, found.id, endpoint_id, given, await service.vetted(given, at.egress),
        destinations=at.destinations, keyring=at.keyring, actor=at.actor,
    )  # fmt: skip
    show.one(view(changed, at.keyring), as_json=as_json, only=["id", "destination", "url", "options"])


@command(endpoint, "install")
async def install(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Makes the properties that a HubSpot account does not have yet."""
    found = await agencies.chosen(at.session, agency)
    row = await queries.find(at.session, found.id, endpoint_id)
    await at.session.commit()  # none is open while HubSpot is called
    speaker = at.destinations.get(row.destination)
    if not isinstance(speaker, HubSpot):
        raise service.NothingToInstall
    held = await driving.run_sequence(
        speaker.install(service.letter(row, at.keyring)), at.egress, seconds=service.SECONDS
    )
    show.one(installation_view(held), as_json=as_json, only=["done", "code", "explanation"])


async def _create(
    at: Terminal, agency: str | None, kind: str, given: NewDestination, options: Options, *, as_json: bool
) -> None:
    found = await agencies.chosen(at.session, agency)
    made, secret = await service.create_destination(
        at.session, found.id, kind, given, await service.vetted(options, at.egress), destinations=at.destinations,
        keyring=at.keyring, actor=at.actor,
    )  # fmt: skip
    shown = CreatedDestination(**dict(view(made, at.keyring)), secret=secret if kind == "http" else None)
    show.one(shown, as_json=as_json, only=["id", "destination", "url", "event_types", "secret"])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise InvalidInput("This is no JSON.", hint=str(problem)) from problem
