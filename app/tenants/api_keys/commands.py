"""Commands: API keys."""

from datetime import timedelta
from typing import Annotated

import typer

from app.kit import clock
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.tenants.api_keys import queries, service
from app.tenants.api_keys.api import NewKey
from app.tenants.api_keys.schemas import KeyView, NewKeyView
from app.tenants.api_keys.scopes import SCOPES

key = typer.Typer()

Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What it may do; several times for more. All unless given."),
]


@command(key, "create")
async def create(
    at: Terminal,
    name: Annotated[str, typer.Option(help="What will use it.")],
    scope: Scopes = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="It expires after as many days.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Create an API key and print its value once."""
    expires_at = clock.now() + timedelta(days=days) if days else None
    given = checked(NewKey, name=name, scopes=scope or list(SCOPES), expires_at=expires_at)
    found = await agencies.chosen(at.session, agency)
    made, value = await service.create_key(
        at.session,
        found.id,
        name=given.name,
        scopes=given.scopes,
        expires_at=given.expires_at,
        actor=at.actor,
    )
    view = NewKeyView(**dict(KeyView.model_validate(made)), value=value)
    show.one(view, as_json=as_json, only=["id", "name", "scopes", "expires_at", "value"])


@command(key, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """List API keys, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit, before=None)
    columns = ["id", "name", "hint", "created_at", "expires_at", "last_used_at", "revoked_at"]
    show.many([KeyView.model_validate(row) for row in rows], columns, as_json=as_json)


@command(key, "revoke")
async def revoke(at: Terminal, key_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Revoke an API key immediately."""
    found = await agencies.chosen(at.session, agency)
    ended = await service.revoke_key(at.session, found.id, key_id, actor=at.actor)
    show.one(KeyView.model_validate(ended), as_json=as_json)
