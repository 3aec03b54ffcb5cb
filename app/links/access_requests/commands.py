"""Commands: one more access on a link."""

from typing import Annotated

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.links.access_requests import service
from app.links.presets.preset import PresetAccessRequest
from app.links.presets.schemas import AccessRequestFields
from app.links.schemas import AccessRequestView
from app.tenants.agencies import queries as agencies

link = typer.Typer()

_SHOWN = ["id", "link_id", "kind", "role", "reason", "role_reason", "status", "next_actor"]


@command(link, "add-access-request", does="POST /api/v1/links/{link_id}/access-requests")
async def add_access_request(
    at: Terminal,
    link_id: str,
    kind: Annotated[str, typer.Option(help="Such as ad_account; `keyturn platform list` has all.")],
    role: Annotated[str, typer.Option(help="The smallest that does the job.")],
    reason: Annotated[str, typer.Option(help="Why, in words the client reads.")],
    platform: Annotated[str, typer.Option(help="Where.")] = "tiktok",
    optional: Annotated[bool, typer.Option("--optional", help="The client may say no and go on.")] = False,
    needs_events: Annotated[bool, typer.Option("--needs-events", help="A pixel must have received events.")] = False,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Asks for one more access on a living link."""
    given = checked(
        AccessRequestFields, platform=platform, kind=kind, role=role, reason=reason, required=not optional,
        needs_events=needs_events,
    )  # fmt: skip
    found = await agencies.chosen(at.session, agency)
    added = await service.add_access_request(
        at.session, found.id, link_id, PresetAccessRequest(**given.model_dump()), platforms=at.platforms, actor=at.actor
    )
    show.one(AccessRequestView.model_validate(added), as_json=as_json, only=_SHOWN)
