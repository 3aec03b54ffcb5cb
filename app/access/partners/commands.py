"""Commands: partners."""

from typing import Annotated

import typer

from app.access.partners import queries, service
from app.access.partners.queries import Filter
from app.access.partners.schemas import PartnerView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies

partner = typer.Typer()


@command(partner, "list")
async def list_(
    at: Terminal,
    only: Annotated[Filter | None, typer.Option(help="Those linked to a client record, or not.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """The partners that imports found, the last found first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit, only=only)
    columns = ["id", "bc_id", "name", "client_id", "linked", "shared", "last_seen_at", "gone_at"]
    show.many(await PartnerView.many(at.session, found.id, rows), columns, as_json=as_json)


@command(partner, "show")
async def show_(at: Terminal, partner_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One partner."""
    found = await agencies.chosen(at.session, agency)
    row = await queries.find(at.session, found.id, partner_id)
    (view,) = await PartnerView.many(at.session, found.id, [row])
    show.one(view, as_json=as_json)


@command(partner, "link")
async def link(
    at: Terminal, partner_id: str, client_id: str, agency: AgencyOption = None, as_json: Json = False
) -> None:
    """Says which client a partner is; access found of it moves there."""
    found = await agencies.chosen(at.session, agency)
    row = await service.link_partner(at.session, found.id, partner_id, client_id=client_id, actor=at.actor)
    (view,) = await PartnerView.many(at.session, found.id, [row])
    show.one(view, as_json=as_json)
