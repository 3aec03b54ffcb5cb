"""Commands: deliveries."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import BaseModel

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.deliveries import queries, service
from app.webhooks.deliveries.conditions import StatusClass, VisibleStatus
from app.webhooks.deliveries.queries import DeliveryFilter
from app.webhooks.deliveries.schemas import attempt_view, delivery_view

delivery = typer.Typer()

_COLUMNS = ["id", "event_type", "endpoint_id", "status", "reason", "attempt_count", "next_attempt_at", "created_at"]


class _Filter(BaseModel):
    status: VisibleStatus | None
    status_class: StatusClass | None


@command(delivery, "list")
async def list_(
    at: Terminal,
    endpoint_id: Annotated[str | None, typer.Option("--endpoint", help="Only to this endpoint.")] = None,
    event_id: Annotated[str | None, typer.Option("--event", help="Only of this event.")] = None,
    replay_id: Annotated[str | None, typer.Option("--replay", help="Only what this replay sent anew.")] = None,
    subject_id: Annotated[str | None, typer.Option("--subject", help="Only about the thing with this id.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only of this type.")] = None,
    status: Annotated[str | None, typer.Option(help="Only with this status.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only for this reason.")] = None,
    answered: Annotated[str | None, typer.Option(help="2xx, 3xx, 4xx, 5xx or none: the last answer.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Made then or later, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Made before, UTC.")] = None,
    agency: AgencyOption = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """Deliveries, newest first."""
    found = await agencies.chosen(at.session, agency)
    given = checked(_Filter, status=status, status_class=answered)
    sought = DeliveryFilter(
        endpoint_id=endpoint_id, event_id=event_id, replay_id=replay_id, subject_id=subject_id, event_type=event_type,
        status=given.status, reason=reason, status_class=given.status_class, since=_utc(since), until=_utc(until),
    )  # fmt: skip
    rows = await queries.page(at.session, found.id, sought, limit=limit)
    show.many([delivery_view(row) for row in rows], _COLUMNS, as_json=as_json)


@command(delivery, "show")
async def show_(at: Terminal, delivery_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One delivery."""
    found = await agencies.chosen(at.session, agency)
    show.one(delivery_view(await queries.find(at.session, found.id, delivery_id)), as_json=as_json)


@command(delivery, "attempts")
async def attempts(
    at: Terminal, delivery_id: str, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False
) -> None:
    """The attempts of a delivery, newest first."""
    found = await agencies.chosen(at.session, agency)
    await queries.find(at.session, found.id, delivery_id)
    rows = await queries.attempts(at.session, found.id, delivery_id, limit=limit)
    columns = ["number", "code", "status", "total_ms", "late", "explanation", "created_at"]
    show.many([attempt_view(row) for row in rows], columns, as_json=as_json)


@command(delivery, "retry")
async def retry(at: Terminal, delivery_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Sends a delivery that is over again, now."""
    found = await agencies.chosen(at.session, agency)
    await service.retry(at.session, found.id, delivery_id)
    seen = await queries.find(at.session, found.id, delivery_id)
    show.one(delivery_view(seen), as_json=as_json, only=_COLUMNS)


@command(delivery, "cancel")
async def cancel(at: Terminal, delivery_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Calls off a delivery that is not over."""
    found = await agencies.chosen(at.session, agency)
    await service.cancel(at.session, found.id, delivery_id)
    seen = await queries.find(at.session, found.id, delivery_id)
    show.one(delivery_view(seen), as_json=as_json, only=_COLUMNS)


@command(delivery, "delete-payload")
async def delete_payload(at: Terminal, delivery_id: str, agency: AgencyOption = None) -> None:
    """Forgets what a delivery that is over carried."""
    found = await agencies.chosen(at.session, agency)
    await service.delete_payload(at.session, found.id, delivery_id, actor=at.actor)
    show.text(f"The payload of {delivery_id} is deleted.")


def _utc(given: datetime | None) -> datetime | None:
    return given and given.replace(tzinfo=UTC)
