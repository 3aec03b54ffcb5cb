"""Commands: test deliveries."""

from typing import Annotated

import typer

from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.deliveries import queries
from app.webhooks.deliveries.schemas import delivery_view
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import test_deliveries

endpoint = typer.Typer()

_COLUMNS = ["id", "event_type", "endpoint_id", "status", "next_attempt_at"]


@command(endpoint, "test")
async def send_test(
    at: Terminal,
    endpoint_id: str,
    type_: Annotated[str, typer.Option("--type", help="The type of event to send an example of.")] = "access.verified",
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Queues a test delivery."""
    found = await agencies.chosen(at.session, agency)
    await endpoints.check_opens(at.session, at.keyring, found.id, endpoint_id)
    delivery_id = await test_deliveries.send_test(at.session, found.id, endpoint_id, event_type=type_, actor=at.actor)
    queued = await queries.find(at.session, found.id, delivery_id)
    show.one(delivery_view(queued), as_json=as_json, only=_COLUMNS)
