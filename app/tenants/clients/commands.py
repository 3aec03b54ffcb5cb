"""Commands: clients."""

from typing import Annotated

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.tenants.clients import queries, service
from app.tenants.clients.schemas import ClientChanges, ClientView, NewClient

client = typer.Typer()


@command(client, "create")
async def create(
    at: Terminal,
    name: Annotated[str, typer.Option(help="The client's name.")],
    contact: Annotated[str | None, typer.Option(help="Who receives the link.")] = None,
    email: Annotated[str | None, typer.Option(help="The contact's e-mail address.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Its id in your CRM; a known one is given back.")] = None,
    language: Annotated[str, typer.Option(help="Of its pages.")] = "en",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Create a client."""
    given = checked(
        NewClient,
        name=name,
        contact_name=contact,
        contact_email=email,
        external_id=external_id,
        language=language,
    )
    found = await agencies.chosen(at.session, agency)
    made, _ = await service.create_client(at.session, found.id, actor=at.actor, **given.model_dump())
    show.one(ClientView.model_validate(made), as_json=as_json)


@command(client, "update", does="PATCH /api/v1/clients/{client_id}")
async def update(
    at: Terminal,
    client_id: str,
    name: Annotated[str | None, typer.Option(help="The client's name.")] = None,
    contact: Annotated[str | None, typer.Option(help="Who receives the link; empty: nobody.")] = None,
    email: Annotated[str | None, typer.Option(help="The contact's e-mail address; empty: none.")] = None,
    language: Annotated[str | None, typer.Option(help="Of its pages.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Change the given fields and leave the rest."""
    given = {"name": name, "contact_name": contact, "contact_email": email, "language": language}
    changes = checked(ClientChanges, **{field: value for field, value in given.items() if value is not None})
    found = await agencies.chosen(at.session, agency)
    changed = await service.update_client(
        at.session, found.id, client_id, actor=at.actor, changes=changes.model_dump(exclude_unset=True)
    )
    show.one(ClientView.model_validate(changed), as_json=as_json)


@command(client, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """List clients, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    columns = ["id", "name", "external_id", "contact_name", "contact_email", "updated_at"]
    show.many([ClientView.model_validate(row) for row in rows], columns, as_json=as_json)
