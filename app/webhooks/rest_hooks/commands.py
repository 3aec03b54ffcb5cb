"""Commands: REST hooks."""

import json
from typing import Annotated

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints import queries
from app.webhooks.endpoints import service as endpoint_actions
from app.webhooks.endpoints import warnings as advice
from app.webhooks.rest_hooks import service
from app.webhooks.rest_hooks.schemas import CreatedHook, NewHook, view

hook = typer.Typer()

_COLUMNS = ["id", "target_url", "event_types", "payload_mode", "enabled"]
_TypeOption = Annotated[str, typer.Option("--type", help="A name, `access.*` or `*`; commas between several.")]
_ModeOption = Annotated[str, typer.Option(help="full, thin or flat.")]


@command(hook, "create")
async def create(
    at: Terminal,
    target_url: Annotated[str, typer.Argument(help="https, a public host.")],
    type_: _TypeOption = "*",
    mode: _ModeOption = "full",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Subscribes an address to events; its first 410 ends that."""
    given = checked(NewHook, target_url=target_url, event_types=type_, payload_mode=mode)
    found = await agencies.chosen(at.session, agency)
    wish = given.wish(await at.egress.vet(given.target_url))
    made, _ = await endpoint_actions.create_endpoint(at.session, found.id, wish, keyring=at.keyring, actor=at.actor)
    warnings = await advice.warnings_for(at.session, made, named=given.event_types)
    show.one(CreatedHook(**dict(view(made)), warnings=warnings), as_json=as_json)


@command(hook, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Subscriptions, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit, hooks_only=True)
    show.many([view(row) for row in rows], _COLUMNS, as_json=as_json)


@command(hook, "delete")
async def delete(at: Terminal, hook_id: str, agency: AgencyOption = None) -> None:
    """Ends a subscription; ending it again changes nothing."""
    found = await agencies.chosen(at.session, agency)
    await service.end_hook(at.session, found.id, hook_id, actor=at.actor)
    show.text(f"{hook_id} is ended.")


@command(hook, "sample")
async def sample(
    at: Terminal, type_: _TypeOption = "access.*", mode: _ModeOption = "full", agency: AgencyOption = None
) -> None:
    """Prints up to three bodies just as a subscription gets them."""
    found = await agencies.chosen(at.session, agency)
    bodies = await service.samples(at.session, found.id, type_, mode=mode, personal=True)
    show.text(json.dumps(bodies, ensure_ascii=False, indent=2))
