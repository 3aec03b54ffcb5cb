"""Commands: the agency itself, its TikTok app and its Business Centers."""

from typing import Annotated

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries, service
from app.tenants.agencies.api import TIKTOK, AgencyChanges, NewApp, NewBusinessCenter
from app.tenants.agencies.schemas import AgencyView, BusinessCenterView, PlatformAppView

agency = typer.Typer()

Name = Annotated[str, typer.Option(help="As its clients know it.")]
Contact = Annotated[str, typer.Option(help="The human contact on every screen.")]
Email = Annotated[str, typer.Option(help="The contact's e-mail address.")]


@command(agency, "create")
async def create(
    at: Terminal,
    name: Name,
    slug: Annotated[str, typer.Option(help="The first part of its link addresses.")],
    contact: Contact,
    email: Email,
    as_json: Json = False,
) -> None:
    """Create an agency. Then create an API key for it: `keyturn key create`."""
    given = checked(AgencyChanges, name=name, contact_name=contact, contact_email=email)
    made = await service.create_agency(
        at.session, name=given.name, slug=slug, contact_name=given.contact_name,
        contact_email=given.contact_email, actor=at.actor,
    )  # fmt: skip
    show.one(AgencyView.of(made), as_json=as_json)


@command(agency, "list")
async def list_(at: Terminal, as_json: Json = False) -> None:
    """List the agencies of this installation."""
    views = [AgencyView.of(row) for row in await queries.every(at.session)]
    show.many(views, ["id", "slug", "name", "contact_name", "contact_email"], as_json=as_json)


@command(agency, "show")
async def show_(at: Terminal, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Show one agency."""
    show.one(AgencyView.of(await queries.chosen(at.session, agency)), as_json=as_json)


@command(agency, "update")
async def update(
    at: Terminal,
    agency: AgencyOption = None,
    name: Annotated[str | None, typer.Option(help="As its clients know it.")] = None,
    contact: Annotated[str | None, typer.Option(help="The human contact on every screen.")] = None,
    email: Annotated[str | None, typer.Option(help="The contact's e-mail address.")] = None,
    colour: Annotated[str | None, typer.Option(help="# and six hex digits.")] = None,
    as_json: Json = False,
) -> None:
    """Change the given fields and leave the rest."""
    given = {"name": name, "contact_name": contact, "contact_email": email, "colour": colour}
    changes = checked(AgencyChanges, **{field: value for field, value in given.items() if value is not None})
    found = await queries.chosen(at.session, agency)
    changed = await service.update_agency(
        at.session, found.id, actor=at.actor, **changes.model_dump(exclude_unset=True)
    )
    show.one(AgencyView.of(changed), as_json=as_json)


@command(agency, "set-app", does="PUT /api/v1/agency/platform-apps/tiktok")
async def set_app(
    at: Terminal,
    app_id: Annotated[str, typer.Option(help="From My Apps of TikTok API for Business; digits only.")],
    secret: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, help="The app's secret; left out, the command asks for it."),
    ],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Set the agency's own TikTok app; prints the redirect URL to register for it."""
    given = checked(NewApp, app_id=app_id, secret=secret)
    found = await queries.chosen(at.session, agency)
    app = await service.set_platform_app(
        at.session, found.id, platform=TIKTOK, app_id=given.app_id, secret=given.secret, keyring=at.keyring,
        actor=at.actor,
    )  # fmt: skip
    show.one(PlatformAppView.of(TIKTOK, app, None, at.redirect_uri), as_json=as_json)


@command(agency, "add-business-center", does="POST /api/v1/agency/business-centers")
async def add_business_center(
    at: Terminal,
    bc_id: Annotated[str, typer.Argument(help="The id, or an address with it.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Add a Business Center of the agency; with several, each link names one of them."""
    given = checked(NewBusinessCenter, bc_id=bc_id, name=name)
    found = await queries.chosen(at.session, agency)
    center = await service.add_business_center(
        at.session, found.id, platform=TIKTOK, bc_id=given.bc_id, name=given.name, actor=at.actor
    )
    show.one(BusinessCenterView.model_validate(center), as_json=as_json)


@command(agency, "business-centers", does="GET /api/v1/agency/business-centers")
async def business_centers(at: Terminal, agency: AgencyOption = None, as_json: Json = False) -> None:
    """List the agency's Business Centers."""
    found = await queries.chosen(at.session, agency)
    rows = await queries.business_centers(at.session, found.id, TIKTOK)
    views = [BusinessCenterView.model_validate(row) for row in rows]
    show.many(views, ["id", "platform", "bc_id", "name", "created_at"], as_json=as_json)
