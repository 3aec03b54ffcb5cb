"""Commands: the agency's logo."""

from pathlib import Path
from typing import Annotated

import typer

from app.kit.errors import InvalidInput
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.tenants.agencies.logos import service
from app.tenants.agencies.logos.api import NewLogo
from app.tenants.agencies.logos.download import fetch
from app.tenants.agencies.logos.image import picture
from app.tenants.agencies.schemas import AgencyView

agency = typer.Typer()


@command(agency, "set-logo")
async def set_logo(
    at: Terminal,
    url: Annotated[str | None, typer.Option(help="Where the picture is to be found now.")] = None,
    file: Annotated[Path | None, typer.Option(help="The picture itself.", exists=True, dir_okay=False)] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Set the logo on the clients' pages: a PNG, JPEG, WebP or GIF of at most 2 MB."""
    if (url is None) == (file is None):
        raise InvalidInput("Give either --url or --file.")
    content = file.read_bytes() if file else await fetch(at.egress, checked(NewLogo, url=url).url)
    made = picture(content)
    found = await agencies.chosen(at.session, agency)
    show.one(AgencyView.of(await service.set_logo(at.session, found.id, made, actor=at.actor)), as_json=as_json)


@command(agency, "remove-logo")
async def remove_logo(at: Terminal, agency: AgencyOption = None) -> None:
    """Remove the logo; the clients' pages show the name again."""
    found = await agencies.chosen(at.session, agency)
    await service.remove_logo(at.session, found.id, actor=at.actor)
    show.text("The logo is gone.")
