"""Commands: manual platforms, and the agency's ids there."""

from typing import Annotated

import typer

from app.kit.errors import InvalidInput
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.platforms.manual import library
from app.tenants.agencies import queries as agencies
from app.tenants.agencies.platform_ids import queries, service
from app.tenants.agencies.platform_ids.api import Identifiers
from app.tenants.agencies.platform_ids.schemas import PlatformView

agency = typer.Typer()

_SHOWN = ["key", "name", "dated", "identifiers", "missing"]


@command(agency, "platforms")
async def list_(at: Terminal, agency: AgencyOption = None, as_json: Json = False) -> None:
    """List the manual platforms and the ids that are still missing."""
    found = await agencies.chosen(at.session, agency)
    known = await queries.every(at.session, found.id)
    views = [PlatformView.of(each, known.get(each.key, {})) for each in library.every().values()]
    show.many(views, _SHOWN, as_json=as_json)


@command(agency, "set-platform")
async def set_platform(
    at: Terminal,
    key: Annotated[str, typer.Argument(help="Such as meta; `keyturn agency platforms` lists them.")],
    identifiers: Annotated[list[str], typer.Argument(help="As name=value, e.g. portfolio_id=1234567890123456.")],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Set the agency's ids that its clients copy on a platform; they replace the earlier ones."""
    pairs = [each.partition("=") for each in identifiers]
    unclear = [name for name, sign, _ in pairs if not sign]
    if unclear:
        raise InvalidInput(fields=dict.fromkeys(unclear, "Give it as name=value."))
    given = checked(Identifiers, identifiers={name: value for name, _, value in pairs})
    found = await agencies.chosen(at.session, agency)
    kept = await service.set_platform(at.session, found.id, key, identifiers=given.identifiers, actor=at.actor)
    show.one(PlatformView.of(library.find(key), kept), as_json=as_json, only=_SHOWN)
