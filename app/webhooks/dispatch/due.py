"""Background work of webhooks: fanning events out, and sending what is due."""

import os
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events.model import EventFanout
from app.events.queries import Happened
from app.kit import clock
from app.kit.database import Sessions
from app.kit.due import LeaseLost, Work
from app.kit.egress.answer import Answer
from app.kit.egress.sender import Egress
from app.kit.vault import Vault
from app.webhooks.dispatch import letters, log, partitions, queries, schedule
from app.webhooks.dispatch.message import headers
from app.webhooks.dispatch.model import TERMINAL, Delivery
from app.webhooks.dispatch.outcome import judge
from app.webhooks.dispatch.queries import Parcel
from app.webhooks.endpoints import matching
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints.model import Endpoint

#: The longest deadline an endpoint may have (30 s) and ten seconds to write down what came of it.
LEASE = timedelta(seconds=40)


def _ring_nobody() -> None:
    """Without an alarm the idle poll finds the work."""


@dataclass(frozen=True)
class Tools:
    """What the work needs, given by assembly. `ring` wakes the sending loop of this process."""

    sessions: Sessions
    vault: Vault
    egress: Egress
    ring: Callable[[], None] = _ring_nobody
    worker: str = f"{socket.gethostname()[:48]}:{os.getpid()}"
    months: set[date] = field(default_factory=set)


def work(tools: Tools) -> list[Work[Any]]:
    """The lines of the worker's table."""
    return [
        Work("webhooks.fan_out", EventFanout, partial(fan_out, tools), concurrency=8),
        Work("webhooks.deliver", Delivery, partial(deliver, tools), concurrency=64, lease=LEASE),
    ]


async def fan_out(tools: Tools, row: EventFanout) -> None:
    """Makes the deliveries of one event and takes its mark away, in one transaction."""
    await _keep_partitions(tools)
    async with tools.sessions.begin() as session:
        happened = await events.find(session, row.agency_id, row.id)
        if not happened.event.test:  # a test has one receiver, served by whoever asked for it
            every = await endpoints.every(session, row.agency_id)
            wanted = [endpoint for endpoint in every if _wants(endpoint, happened)]
            await letters.write(session, row.agency_id, happened, wanted, series="event")
        await _take_mark_away(session, row)
    tools.ring()


async def deliver(tools: Tools, row: Delivery) -> None:
    """Sends one delivery once, and writes down what came of it and what is due next."""
    await _keep_partitions(tools)
    async with tools.sessions() as session:
        parcel = await queries.parcel(session, row.agency_id, row)
    given_up = _why_not(row, parcel)
    if given_up:
        state, reason = given_up
        async with tools.sessions.begin() as session:
            await log.give_up(session, row, state=state, reason=reason)
        return
    answer = await _send(tools, row, parcel, cast(bytes, parcel.content))
    now = clock.now()
    outcome = judge(answer.status, answer.error, answer.headers, now)
    step = schedule.after(
        outcome,
        made=row.attempt_count + 1,
        policy=parcel.endpoint.retry_policy,
        jitter=random.uniform(1.0, schedule.MOST_JITTER),  # noqa: S311 - spreads load, protects nothing
        now=now,
        expires_at=row.expires_at,
    )
    attempt = log.Attempted(row, answer, outcome, tools.worker, parcel.request_id)
    try:
        async with tools.sessions.begin() as session:
            await log.write(session, attempt, step)
    except LeaseLost:
        async with tools.sessions.begin() as session:
            await log.write_late(session, attempt)
        raise


def _wants(endpoint: Endpoint, happened: Happened) -> bool:
    event = happened.event
    about_itself = event.type.startswith(matching.OPERATIONAL) and event.facts.get("endpoint_id") == endpoint.id
    return (
        not about_itself
        and matching.wants(endpoint.event_types, event.type)
        and matching.passes(endpoint.filter, event.facts)
    )


async def _take_mark_away(session: AsyncSession, row: EventFanout) -> None:
    """Raises LeaseLost, and with it undoes the deliveries, when another worker has the event meanwhile."""
    gone = await session.execute(
        delete(EventFanout).where(
            EventFanout.agency_id == row.agency_id,
            EventFanout.id == row.id,
            EventFanout.lease_token == row.lease_token,
        )
    )
    if cast(CursorResult[Any], gone).rowcount != 1:
        raise LeaseLost(EventFanout.__name__)


def _why_not(row: Delivery, parcel: Parcel) -> tuple[str, str | None] | None:
    """State and reason of a delivery that is not sent after all; None when it is."""
    if row.state in TERMINAL:
        return row.state, row.reason
    if parcel.endpoint.deleted_at is not None:
        return "cancelled", "endpoint_deleted"
    if parcel.endpoint.state != "active":
        return "skipped", "endpoint_disabled"
    if clock.now() > row.expires_at:
        return "cancelled", "expired"
    if parcel.content is None:
        return "cancelled", "body_expired"
    return None


async def _send(tools: Tools, row: Delivery, parcel: Parcel, content: bytes) -> Answer:
    keys = [endpoints.signing_key(tools.vault, secret) for secret in parcel.secrets]
    sent = headers.compose(
        endpoints.open_headers(tools.vault, parcel.endpoint),
        event_id=row.event_id,
        event_type=row.event_type,
        delivery_id=row.id,
        endpoint_id=row.endpoint_id,
        attempt=row.attempt_count + 1,
        timestamp=int(clock.now().timestamp()),
        keys=keys,
        body=content,
    )
    seconds = parcel.endpoint.timeout_ms / 1000
    return await tools.egress.post(parcel.endpoint.url, headers=sent, body=content, seconds=seconds)


async def _keep_partitions(tools: Tools) -> None:
    """Once a month, and at the start, sees that this month and the next have their partitions."""
    month = clock.now().date().replace(day=1)
    if month in tools.months:
        return
    tools.months.add(month)
    try:
        await partitions.ensure(tools.sessions, month)
    except BaseException:
        tools.months.discard(month)
        raise
