"""What the tests of replays slot_class: events long over, and the turns of the worker."""

from typing import Any

from sqlalchemy import func, select, update

from app.kit import jobs
from app.kit.database import Sessions
from app.webhooks.context import WebhookContext
from app.webhooks.models import Endpoint, Replay
from app.webhooks.replays.job import LEASE, advance
from tests.webhooks import scenes

#: How deliveries may have ended, by a word for each.
ENDS: dict[str, dict[str, Any]] = {
    "exhausted": {"status": "exhausted", "reason": "attempts_used"},
    "expired": {"status": "cancelled", "reason": "expired"},
    "by_hand": {"status": "cancelled", "reason": "user"},
    "skipped": {"status": "skipped", "reason": "endpoint_disabled"},
    "succeeded": {"status": "succeeded", "reason": None},
}


async def ended(sessions: Sessions, tools: WebhookContext, endpoint: Endpoint, *ends: str) -> dict[str, str]:
    """An event with a delivery for each end, about a subject of that name; ids of deliveries by end."""
    events = {end: await scenes.happen(sessions, endpoint.agency_id, link_id=f"link_{end}") for end in ends}
    await scenes.fan_all_out(tools)
    rows = {row.event_id: row for row in await scenes.deliveries(sessions, endpoint.agency_id)}
    for end, event in events.items():
        await scenes.change(
            sessions, rows[event.id], due_at=None, attempt_count=3, attempts_since_requeue=3, **ENDS[end]
        )
    return {end: rows[event.id].id for end, event in events.items()}


async def turn(tools: WebhookContext) -> None:
    """One turn of every replay that is running, be it due or not."""
    for row in await claimed(tools):
        await advance(tools, row)


async def claimed(tools: WebhookContext) -> list[Replay]:
    """The replays that are running, as the worker has them when it claimed them."""
    async with tools.sessions.begin() as session:
        agencies = list(await session.scalars(select(Replay.agency_id).execution_options(across_agencies=True)))
        await session.execute(
            update(Replay).where(Replay.agency_id.in_(agencies), Replay.status == "running").values(due_at=func.now())
        )
    return list(await jobs.claim(tools.sessions, Replay, limit=20, lease=LEASE))


async def the_replay(sessions: Sessions, agency_id: str) -> Replay:
    """The only one of an agency."""
    async with sessions() as session:
        return (await session.scalars(select(Replay).where(Replay.agency_id == agency_id))).one()
