"""Commands: another role for an access request, and how many calls a link took."""

from typing import Annotated

import typer

from app.access.requests.schemas import AccessRequestDetail, LinkCalls, NewRole
from app.access.requests.service import change_role, count_calls
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies

access_request = typer.Typer()
link = typer.Typer()

_SHOWN = ["id", "link_id", "kind", "role", "reason", "status", "next_actor"]


@command(access_request, "role", does="POST /api/v1/access-requests/{access_request_id}/role")
async def role(
    at: Terminal,
    access_request_id: str,
    role: Annotated[str, typer.Argument(help="Such as OPERATOR.")],
    reason: Annotated[str | None, typer.Option(help="Why; a wider role needs one, and the client reads it.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Asks for another role; a wider one than agreed waits for the client's yes."""
    given = checked(NewRole, role=role, reason=reason)
    found = await agencies.chosen(at.session, agency)
    asked = await change_role(at.session, found.id, access_request_id, given, platforms=at.platforms, actor=at.actor)
    show.one(AccessRequestDetail.of(asked), as_json=as_json, only=[*_SHOWN, "role_reason"])


@command(link, "calls")
async def calls(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """How many calls to the platform a link has taken, by what they were."""
    found = await agencies.chosen(at.session, agency)
    counted: LinkCalls = await count_calls(at.session, found.id, link_id)
    show.one(counted, as_json=as_json)
