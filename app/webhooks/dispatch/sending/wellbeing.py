"""Keeping the health of endpoints, and what follows from it: a hold, the breaker, an endpoint given up."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Uuid, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.record import KEYTURN, record
from app.events.types import webhooks as happenings
from app.kit import rows
from app.kit.database import ACROSS_AGENCIES
from app.webhooks.dispatch.deciding import health
from app.webhooks.dispatch.deciding.health import Tried, Verdict
from app.webhooks.dispatch.model import Attempt
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending.lanes import read
from app.webhooks.endpoints import actions as endpoint_actions
from app.webhooks.endpoints import states
from app.webhooks.endpoints.model import EndpointHealth

if TYPE_CHECKING:
    from app.webhooks.dispatch.sending.finish import Finished

#: As many attempts of the last minute are looked at.
_LOOKED_AT = 1000

Key = tuple[uuid.UUID, uuid.UUID]

_ASKED: rows.Columns = {"agency_id": Uuid(), "id": Uuid(), "failed": Boolean()}
_asked = rows.table("asked", _ASKED)
_TROUBLED = (
    select(_asked.c.agency_id, _asked.c.id, EndpointHealth, func.now())
    .where(
        EndpointHealth.agency_id == _asked.c.agency_id,
        EndpointHealth.id == _asked.c.id,
        _asked.c.failed
        | (EndpointHealth.breaker != "closed")
        | EndpointHealth.lowered_to.is_not(None)
        | EndpointHealth.failing_since.is_not(None)
        | (EndpointHealth.notices > 0),
    )
    .order_by(EndpointHealth.id)
    .with_for_update(of=EndpointHealth)
    .execution_options(populate_existing=True, **ACROSS_AGENCIES)
)


async def note(session: AsyncSession, finished: Sequence["Finished"]) -> None:
    """Takes these attempts into the health of their endpoints. Endpoints that are well and stay so cost a look."""
    by_endpoint: dict[Key, list[Finished]] = {}
    for each in finished:
        if each.row.series != "test":
            by_endpoint.setdefault((each.row.agency_id, each.row.endpoint_id), []).append(each)
    for key, row, now in await _troubled(session, by_endpoint):
        await _weigh(session, row, by_endpoint[key], now)


async def _troubled(
    session: AsyncSession, by_endpoint: dict[Key, list["Finished"]]
) -> Sequence[tuple[Key, EndpointHealth, datetime]]:
    """Locks the rows of endpoints that failed now or were not well before, and gives the database's time."""
    if not by_endpoint:
        return ()
    asked = [
        (*key, not all(one.attempted.outcome.arrived for one in each)) for key, each in sorted(by_endpoint.items())
    ]
    found = await session.execute(_TROUBLED, rows.values("asked", _ASKED, asked))
    return [((row[0], row[1]), row[2], row[3]) for row in found]


async def _weigh(session: AsyncSession, row: EndpointHealth, finished: Sequence["Finished"], now: datetime) -> None:
    endpoint = finished[0].attempted.parcel.endpoint
    tried = [
        Tried(each.attempted.outcome, each.attempted.letter.event_id, each.step.state == "exhausted")
        for each in finished
    ]
    about_it = any(not one.outcome.arrived and health.speaks_of_the_endpoint(one.outcome.code) for one in tried)
    window = await _window(session, row, now) if about_it and row.breaker == "closed" else (0, 0)
    verdict = health.after(read(row), tried, concurrency=endpoint.concurrency, now=now, window=window)
    await session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.agency_id == row.agency_id, EndpointHealth.id == row.id)
        .values(**asdict(verdict.health))
        .execution_options(synchronize_session=False)
    )
    if endpoint.hook and any(one.outcome.code == "gone" for one in tried):
        await endpoint_actions.end_hook(session, row.agency_id, row.id)
        return
    await _act(session, row, verdict)


async def _act(session: AsyncSession, row: EndpointHealth, verdict: Verdict) -> None:
    if verdict.disable:
        figures.auto_disabled(verdict.disable)
        await states.give_up(session, row.agency_id, row.id, reason=verdict.disable)
    elif verdict.recovered:
        data: dict[str, Any] = {"endpoint_id": row.id, "status": "active"}
        await record(
            session, happenings.ENDPOINT_RECOVERED, agency_id=row.agency_id, subject_id=row.id, actor=KEYTURN, data=data
        )  # fmt: skip


async def _window(session: AsyncSession, row: EndpointHealth, now: datetime) -> tuple[int, int]:
    """Attempts of the last minute, and how many of them failed in a way that speaks of the endpoint."""
    query = (
        select(Attempt.code)
        .where(
            Attempt.agency_id == row.agency_id,
            Attempt.endpoint_id == row.id,
            Attempt.created_at > now - health.WINDOW,
        )
        .order_by(Attempt.id.desc())
        .limit(_LOOKED_AT)
    )
    codes = (await session.scalars(query)).all()
    return len(codes), sum(health.speaks_of_the_endpoint(code) for code in codes)
