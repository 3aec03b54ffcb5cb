"""Commands: replays, and sending to an endpoint again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.kit import clock
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Most, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.replays import queries, service
from app.webhooks.replays.schemas import Activation, ActivationView, NewReplay, preview_view, replay_view
from app.webhooks.replays.selecting import Selection

replay = typer.Typer()
endpoint = typer.Typer()

_COLUMNS = ["id", "endpoint_id", "select", "status", "matched", "queued", "delivered", "failed", "pending"]
_DAY = timedelta(days=1)


@command(replay, "create")
async def create(
    at: Terminal,
    endpoint_id: str,
    select: Annotated[str, typer.Option(help="failed, missing, skipped or all.")] = "failed",
    since: Annotated[datetime | None, typer.Option(help="Events from then on, UTC; a day ago unless given.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Events before, UTC; now unless given.")] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type, or `access.*`; several times.")
    ] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Only about the thing with this id; several times.")] = None,
    rate: Annotated[int, typer.Option(help="How many a second, 50 at most.")] = 10,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many that would be.")] = False,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Sends an endpoint again what it did not get."""
    found = await agencies.chosen(at.session, agency)
    given = checked(
        NewReplay, endpoint_id=endpoint_id, select=select, since=_utc(since) or clock.now() - _DAY, until=_utc(until),
        event_types=type_ or [], subjects=subject or [], rate_per_second=rate, dry_run=dry_run,
    )  # fmt: skip
    selection = given.selection(clock.now())
    if dry_run:
        show.one(
            preview_view(await service.preview(at.session, found.id, endpoint_id, selection)), as_json=as_json
        )  # fmt: skip
        return
    row = await service.start(
        at.session, found.id, endpoint_id, selection, rate_per_second=given.rate_per_second, actor=at.actor
    )
    show.one(replay_view(row), as_json=as_json, only=_COLUMNS)


@command(replay, "list")
async def list_(at: Terminal, agency: AgencyOption = None, limit: Most = 50, as_json: Json = False) -> None:
    """Replays, newest first."""
    found = await agencies.chosen(at.session, agency)
    rows = await queries.page(at.session, found.id, limit=limit)
    progress = await queries.progress(at.session, found.id, [row.id for row in rows])
    show.many([replay_view(row, progress.get(row.id)) for row in rows], _COLUMNS, as_json=as_json)


@command(replay, "show")
async def show_(at: Terminal, replay_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """One replay, and how far it has come."""
    found = await agencies.chosen(at.session, agency)
    row = await queries.find(at.session, found.id, replay_id)
    progress = await queries.progress(at.session, found.id, [row.id])
    show.one(replay_view(row, progress.get(row.id)), as_json=as_json)


@command(replay, "cancel")
async def cancel(at: Terminal, replay_id: str, agency: AgencyOption = None) -> None:
    """Ends a replay, and what it queued and nobody is sending yet."""
    found = await agencies.chosen(at.session, agency)
    await service.cancel(at.session, found.id, replay_id, actor=at.actor)
    show.text(f"{replay_id} is cancelled.")


@command(endpoint, "activate", does="POST /api/v1/webhooks/endpoints/{endpoint_id}/activation")
async def activate(
    at: Terminal,
    endpoint_id: str,
    missed: Annotated[str, typer.Option("--replay", help="none, failed, missing, skipped or all.")] = "none",
    since: Annotated[datetime | None, typer.Option(help="Events from then on, UTC; since it had trouble.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Sends to an endpoint again, and if wanted what it missed."""
    found = await agencies.chosen(at.session, agency)
    given = checked(Activation, replay=missed, since=_utc(since))
    selection = None
    if given.replay != "none":
        now = clock.now()
        from_ = given.since or await service.trouble_since(at.session, found.id, endpoint_id, now)
        selection = Selection(given.replay, from_, now)
    active, row = await service.activate(
        at.session, found.id, endpoint_id, selection, rate_per_second=given.rate_per_second, actor=at.actor
    )
    view = ActivationView(id=active.id, status=active.status, replay=replay_view(row) if row else None)
    show.one(view, as_json=as_json)


def _utc(given: datetime | None) -> datetime | None:
    return given and given.replace(tzinfo=UTC)
