"""Commands: public links."""

from datetime import timedelta
from typing import Annotated

import typer

from app.kit import clock
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.links.public_links import queries, service
from app.links.public_links.schemas import CreatedPublicLink, NewPublicLink, PublicLinkView
from app.links.schemas import AddressView
from app.tenants.agencies import queries as agencies

public_link = typer.Typer()

_COLUMNS = ["id", "preset", "status", "uses", "most_per_hour", "most_uses", "expires_at"]


@command(public_link, "create")
async def create(
    at: Terminal,
    preset: Annotated[str, typer.Option(help="What to ask for.")] = "run-campaigns",
    language: Annotated[str, typer.Option(help="Of its pages.")] = "en",
    days: Annotated[int | None, typer.Option(min=1, help="It lives as many days; until revoked unless given.")] = None,
    business_center: Annotated[str | None, typer.Option(help="Which of yours gets the access.")] = None,
    requested_by: Annotated[str | None, typer.Option(help="Who asks, as the client sees it.")] = None,
    most_per_hour: Annotated[int, typer.Option(help="At most as many new clients an hour.")] = service.MOST_PER_HOUR,
    most_uses: Annotated[int | None, typer.Option(help="At most as many new clients in all.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes a public address for anybody, and prints it."""
    given = checked(
        NewPublicLink,
        preset=preset,
        language=language,
        expires_at=clock.now() + timedelta(days=days) if days else None,
        agency_bc_id=business_center,
        requested_by=requested_by,
        most_per_hour=most_per_hour,
        most_uses=most_uses,
    )
    found = await agencies.chosen(at.session, agency)
    made, token = await service.create_public_link(
        at.session, found.id, keyring=at.keyring, actor=at.actor, **dict(given)
    )
    address = await service.address_of(at.session, made, token, public_url=at.public_url)
    show.one(
        CreatedPublicLink(**dict(PublicLinkView.of(made)), address=address),
        as_json=as_json,
        only=[*_COLUMNS, "address"],
    )


@command(public_link, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Public links, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    show.many([PublicLinkView.of(row) for row in rows], _COLUMNS, as_json=as_json)


@command(public_link, "show")
async def show_(at: Terminal, public_link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One public link."""
    found = await agencies.chosen(at.session, agency)
    show.one(PublicLinkView.of(await queries.find(at.session, found.id, public_link_id)), as_json=as_json)


@command(public_link, "address")
async def address(at: Terminal, public_link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Its address again; each look is recorded."""
    found = await agencies.chosen(at.session, agency)
    shown = await service.show_address(
        at.session, found.id, public_link_id, public_url=at.public_url, keyring=at.keyring, actor=at.actor
    )
    show.one(AddressView(address=shown), as_json=as_json)


@command(public_link, "revoke")
async def revoke(at: Terminal, public_link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Ends it at once; the links made by it go on."""
    found = await agencies.chosen(at.session, agency)
    ended = await service.revoke_public_link(at.session, found.id, public_link_id, actor=at.actor)
    show.one(PublicLinkView.of(ended), as_json=as_json)
