"""Commands: links as they are made and read."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.kit import clock
from app.kit.errors import AppError, InvalidInput
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.links import business_centers, queries, service
from app.links.api import NewLink
from app.links.create_or_get import order_link
from app.links.questions import queries as questions
from app.links.questions.service import place
from app.links.schemas import AddressView, LinkDetail, LinkView, OrderedLink
from app.tenants.agencies import queries as agencies

link = typer.Typer()
agency = typer.Typer()


class NotWritten(AppError):
    """There is a file of this name already, or none can be made there."""

    code = "not_written"
    detail = "The file cannot be written."
    hint = "Choose another name or folder with --to."


@command(link, "create")
async def create(
    at: Terminal,
    client: Annotated[str | None, typer.Option(help="The name of a new client.")] = None,
    client_id: Annotated[str | None, typer.Option(help="A client there is.")] = None,
    contact: Annotated[str | None, typer.Option(help="The new client's contact.")] = None,
    email: Annotated[str | None, typer.Option(help="The contact's e-mail address.")] = None,
    preset: Annotated[str, typer.Option(help="What to ask for.")] = "run-campaigns",
    days: Annotated[int | None, typer.Option(min=1, max=90, help="It lives as many days; 14 unless given.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Its id in your CRM; a known one is given back.")] = None,
    business_center: Annotated[str | None, typer.Option(help="Which of yours gets the access.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes a link and prints its secret address, to be passed to the client."""
    if (client is None) == (client_id is None):
        raise InvalidInput("Give either --client or --client-id.")
    told = {"name": client, "contact_name": contact, "contact_email": email} if client else None
    expires_at = clock.now() + timedelta(days=days) if days else None
    given = checked(
        NewLink,
        client_id=client_id,
        client=told,
        preset=preset,
        expires_at=expires_at,
        external_id=external_id,
        agency_bc_id=business_center,
    )
    found = await agencies.chosen(at.session, agency)
    made, address = await order_link(
        at.session, found.id, given.as_order(), keyring=at.keyring, public_url=at.public_url, actor=at.actor
    )
    aggregate = LinkDetail.of_link(await queries.load_link(at.session, found.id, made.id))
    shown = ["id", "client_id", "preset", "status", "agency_bc_id", "expires_at", "address"]
    show.one(OrderedLink(**dict(aggregate), address=address), as_json=as_json, only=shown)


@command(link, "list")
async def list_(
    at: Terminal,
    status: Annotated[str | None, typer.Option(help="Only those in this status.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """Links, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit, status=status)
    columns = ["id", "client_id", "external_id", "preset", "status", "lane", "expires_at", "updated_at"]
    turns = await queries.turns(at.session, found.id, rows)
    show.many([LinkView.of(row, turns[row.id]) for row in rows], columns, as_json=as_json)


@command(link, "show", does="GET /api/v1/links/{link_id}/access-requests")
async def show_(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One link and its access requests."""
    found = await agencies.chosen(at.session, agency)
    aggregate = LinkDetail.of_link(await queries.load_link(at.session, found.id, link_id))
    shown = [
        "id",
        "status",
        "next_actor",
        "lane",
        "preset",
        "requested_by",
        "agency_bc_id",
        "expires_at",
        "opened_at",
    ]
    show.one(aggregate, as_json=as_json, only=[*shown, "submitted_at", "completed_at", "intake", "answers"])
    if not as_json:
        columns = ["id", "kind", "asset_id", "asset_name", "role", "status", "code", "next_actor", "role_seen"]
        show.many(aggregate.access_requests, columns, as_json=False)


@command(link, "address", does="GET /api/v1/links/{link_id}/address")
async def address(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """The link's secret address again; each look is recorded."""
    found = await agencies.chosen(at.session, agency)
    shown = await service.show_address(
        at.session, found.id, link_id, public_url=at.public_url, keyring=at.keyring, actor=at.actor
    )
    show.one(AddressView(address=shown), as_json=as_json)


@command(link, "file")
async def file(
    at: Terminal,
    link_id: str,
    file_id: str,
    to: Annotated[Path, typer.Option(help="Where to write it; nothing there is written over.")],
    agency: AgencyOption = None,
) -> None:
    """Saves a file the client gave; `show` lists them among the answers."""
    found = await agencies.chosen(at.session, agency)
    given = await questions.file_with_bytes(at.session, found.id, link_id, file_id)
    content = at.keyring.decrypt_bytes(given.sealed, bound_to=place(found.id, given.id))
    try:
        with to.open("xb") as written:
            written.write(content)
    except OSError as problem:
        raise NotWritten(f"{to} cannot be written: {problem.strerror}.") from problem
    show.text(f"{given.name} is in {to}.")


@command(agency, "remove-business-center")
async def remove_business_center(at: Terminal, center_id: str, agency: AgencyOption = None) -> None:
    """Takes a Business Center off the list, unless living links name it."""
    found = await agencies.chosen(at.session, agency)
    await business_centers.remove(at.session, found.id, center_id, actor=at.actor)
    show.text(f"{center_id} is off the list.")
