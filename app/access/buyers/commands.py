"""Commands: the agency's buyers, and what they can open."""

from typing import Annotated

import typer

from app.access.buyers import queries, service
from app.access.buyers.schemas import Buyers, BuyersView, GrantDetail
from app.access.grants import queries as grants
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies

agency = typer.Typer()
link = typer.Typer()
grant = typer.Typer()

BuyerOption = Annotated[
    list[str] | None, typer.Option("--buyer", help="An address and a role, e.g. bo@north.example=OPERATOR; repeat it.")
]
_COLUMNS = ["email", "role", "status", "code", "role_seen", "seen_at", "hint"]


@command(agency, "buyers")
async def buyers(
    at: Terminal, center_id: str, buyer: BuyerOption = None, nobody: Annotated[
        bool, typer.Option("--nobody", help="Empties the list.")
    ] = False, agency: AgencyOption = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Shows the buyers of one of your Business Centers; with --buyer names them anew."""
    found = await agencies.chosen(at.session, agency)
    await queries.center(at.session, found.id, center_id)
    if buyer or nobody:
        await service.set_for_center(at.session, found.id, center_id, _named(buyer), actor=at.actor)
    view = BuyersView.of(await queries.list_of_center(at.session, found.id, center_id))
    _print(view, as_json=as_json)


@command(link, "buyers")
async def link_buyers(
    at: Terminal, link_id: str, buyer: BuyerOption = None, nobody: Annotated[
        bool, typer.Option("--nobody", help="Nobody gets what is shared on this link.")
    ] = False, default: Annotated[
        bool, typer.Option("--default", help="The buyers of the Business Center count again.")
    ] = False, agency: AgencyOption = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Shows the buyers of a link alone; with --buyer names them."""
    found = await agencies.chosen(at.session, agency)
    if default:
        await service.unset_for_link(at.session, found.id, link_id, actor=at.actor)
    elif buyer or nobody:
        await service.set_for_link(at.session, found.id, link_id, _named(buyer), actor=at.actor)
    _print(BuyersView.of(await queries.list_of_link(at.session, found.id, link_id)), as_json=as_json)


@command(grant, "show")
async def show_(at: Terminal, grant_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One grant, and who of your people can open it."""
    found = await agencies.chosen(at.session, agency)
    row = await grants.find(at.session, found.id, grant_id)
    view = GrantDetail.with_buyers(row, await queries.of_grant(at.session, found.id, grant_id))
    shown = ["id", "client_id", "kind", "asset_id", "asset_name", "role", "status", "seen_by", "last_seen_at"]
    show.one(view, as_json=as_json, only=shown)
    if not as_json:
        show.text("Who can open it:")
        show.many(view.buyers, _COLUMNS, as_json=False)


def _named(given: list[str] | None) -> list[service.NamedBuyer]:
    told = [dict(zip(("email", "role"), each.rsplit("=", 1), strict=False)) for each in given or []]
    return checked(Buyers, buyers=told).named()


def _print(view: BuyersView, *, as_json: bool) -> None:
    if as_json:
        show.one(view, as_json=True)
    else:
        show.many(view.buyers, ["email", "role"], as_json=False)
