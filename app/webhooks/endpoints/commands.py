"""Commands: webhook endpoints as they are made, read, put to sleep and held."""

from typing import Annotated

import typer

from app.events import catalog
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints import lifecycle, queries, service
from app.webhooks.endpoints import warnings as advice
from app.webhooks.endpoints.schemas import CreatedEndpoint, EventTypeView, NewHttpEndpoint, endpoint_view
from app.webhooks.endpoints.terminal_options import pairs, rate

endpoint = typer.Typer()

_STATE = ["id", "url", "status", "status_reason", "paused_at", "version"]


@command(endpoint, "create")
async def create(
    at: Terminal,
    url: Annotated[str, typer.Argument(help="https, a public host.")],
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", help="A name, `access.*` or `*`; several times for more. `*` unless given."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    link: Annotated[str | None, typer.Option(help="Only events of this link.")] = None,
    preset: Annotated[str | None, typer.Option(help="Only events of this preset.")] = None,
    mode: Annotated[str, typer.Option(help="full, thin or flat.")] = "full",
    personal: Annotated[bool, typer.Option(help="Names and e-mail addresses in bodies.")] = True,
    retry: Annotated[str, typer.Option(help="standard, fast, patient or none.")] = "standard",
    ordering: Annotated[str, typer.Option(help="none or by_subject.")] = "none",
    concurrency: Annotated[int, typer.Option(help="How many may be in flight, 1 to 20.")] = 5,
    limit: Annotated[str | None, typer.Option("--rate", help="10/1 is ten a second.")] = None,
    timeout_ms: Annotated[int, typer.Option("--timeout", help="Milliseconds, 1000 to 30000.")] = 15_000,
    header: Annotated[list[str] | None, typer.Option(help="Name=value; several times for more.")] = None,
    metadata: Annotated[list[str] | None, typer.Option(help="Name=value; several times for more.")] = None,
    enabled: Annotated[bool, typer.Option(help="Whether anything is sent.")] = True,
    secret: Annotated[str | None, typer.Option(help="Your own, whsec_…; else a new one is made.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes an endpoint and prints its signing secret."""
    filter_ = {"link_id": link, "preset": preset} if link or preset else None
    given = checked(
        NewHttpEndpoint, url=url, event_types=type_ or ["*"], description=description, filter=filter_,
        payload_mode=mode, personal=personal, retry_policy=retry, ordering=ordering,
        concurrency=concurrency, rate_limit=rate(limit),
        timeout_ms=timeout_ms, headers=pairs(header) or {}, metadata=pairs(metadata) or {}, enabled=enabled,
        secret=secret,
    )  # fmt: skip
    found = await agencies.chosen(at.session, agency)
    made, text = await service.create_endpoint(
        at.session, found.id, await service.vetted_spec(given, at.egress), keyring=at.keyring, actor=at.actor,
        verify=at.verify_endpoints,
    )  # fmt: skip
    warnings = await advice.warnings_for(at.session, made, named=given.event_types)
    shown = CreatedEndpoint(**dict(endpoint_view(made, at.keyring)), secret=text, warnings=warnings)
    show.one(shown, as_json=as_json, only=["id", "url", "event_types", "payload_mode", "status", "secret", "warnings"])


@command(endpoint, "event-types", does="GET /api/v1/webhooks/event-types")
async def event_types(_: Terminal, as_json: Json = False) -> None:
    """Every type of event that an endpoint can subscribe to."""
    views = [EventTypeView.of(kind) for kind in catalog.FOR_CRMS.values()]
    show.many(views, ["type", "sentence"], as_json=as_json)


@command(endpoint, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Endpoints, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    columns = ["id", "url", "event_types", "payload_mode", "status", "description"]
    show.many([endpoint_view(row, at.keyring) for row in rows], columns, as_json=as_json)


@command(endpoint, "show")
async def show_(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One endpoint."""
    found = await agencies.chosen(at.session, agency)
    show.one(endpoint_view(await queries.find(at.session, found.id, endpoint_id), at.keyring), as_json=as_json)


@command(endpoint, "disable")
async def disable(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Sends nothing more to an endpoint; what happens meanwhile is listed as skipped."""
    found = await agencies.chosen(at.session, agency)
    row = await lifecycle.disable(at.session, found.id, endpoint_id, reason="user", actor=at.actor)
    show.one(endpoint_view(row, at.keyring), as_json=as_json, only=_STATE)


@command(endpoint, "pause")
async def pause(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Holds the deliveries of an endpoint."""
    found = await agencies.chosen(at.session, agency)
    show.one(
        endpoint_view(await lifecycle.pause(at.session, found.id, endpoint_id, actor=at.actor), at.keyring),
        as_json=as_json, only=_STATE,
    )  # fmt: skip


@command(endpoint, "resume")
async def resume(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Lets go what was held for an endpoint."""
    found = await agencies.chosen(at.session, agency)
    show.one(
        endpoint_view(await lifecycle.resume(at.session, found.id, endpoint_id, actor=at.actor), at.keyring),
        as_json=as_json, only=_STATE,
    )  # fmt: skip
