"""Commands: people of the agency on a link."""

from typing import Annotated

import typer

from app.access.requests import people
from app.access.requests.schemas import NewPerson, PersonView
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies

link = typer.Typer()

_SHOWN = ["id", "link_id", "person_email", "role", "reason", "status", "next_actor", "warnings"]


@command(link, "add-person", does="POST /api/v1/links/{link_id}/people")
async def add_person(
    at: Terminal,
    link_id: str,
    email: Annotated[str, typer.Option(help="Whom the client is to invite.")],
    reason: Annotated[str, typer.Option(help="Why, in words the client reads.")],
    role: Annotated[str, typer.Option(help="ANALYST or OPERATOR, on the link's ad accounts.")] = "ANALYST",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Asks the client to invite one of your people to its Business Center."""
    given = checked(NewPerson, email=email, role=role, reason=reason)
    found = await agencies.chosen(at.session, agency)
    access_request = await people.request_person(
        at.session, found.id, link_id, email=given.email, role=given.role, reason=given.reason,
        platforms=at.platforms, actor=at.actor,
    )  # fmt: skip
    show.one(PersonView.of(access_request), as_json=as_json, only=_SHOWN)


@command(link, "remove-person")
async def remove_person(
    at: Terminal, link_id: str, access_request_id: str, agency: AgencyOption = None, as_json: Json = False
) -> None:
    """No longer asks for a person; an invitation or membership is taken back and read back."""
    found = await agencies.chosen(at.session, agency)
    access_request = await people.withdraw_person(at.session, found.id, link_id, access_request_id, actor=at.actor)
    show.one(PersonView.of(access_request), as_json=as_json, only=_SHOWN)
