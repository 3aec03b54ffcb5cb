"""Commands: deliveries, test deliveries, and the end of an endpoint."""

from typing import Annotated

import typer

from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.people.agencies import queries as agencies
from app.webhooks.dispatch import actions, queries
from app.webhooks.dispatch.api import delivery_view

endpoint = typer.Typer()
delivery = typer.Typer()

_COLUMNS = [
    "id",
    "event_type",
    "endpoint_id",
    "state",
    "reason",
    "attempt_count",
    "next_attempt_at",
    "created_at",
]


@command(endpoint, "delete")
async def delete(at: Terminal, endpoint_id: str, agency: AgencyOption = None) -> None:
    """Ends an endpoint; what is pending for it is cancelled."""
    found = await agencies.chosen(at.session, agency)
    await actions.delete_endpoint(at.session, found.id, endpoint_id, actor=at.actor)
    show.text(f"{endpoint_id} is deleted.")


@command(endpoint, "test")
async def send_test(
    at: Terminal,
    endpoint_id: str,
    type_: Annotated[str, typer.Option("--type", help="The type of event to send an example of.")] = "ask.verified",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Queues a test delivery."""
    found = await agencies.chosen(at.session, agency)
    queued = await actions.send_test(at.session, found.id, endpoint_id, event_type=type_, actor=at.actor)
    show.one(delivery_view(queued, in_flight=False), as_json=as_json, only=_COLUMNS)


@command(delivery, "list")
async def list_(
    at: Terminal,
    endpoint_id: Annotated[str | None, typer.Option("--endpoint", help="Only to this endpoint.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """Deliveries, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit, endpoint_id=endpoint_id, state=state)
    views = [delivery_view(row, in_flight=in_flight) for row, in_flight in rows]
    show.many(views, _COLUMNS, as_json=as_json)
