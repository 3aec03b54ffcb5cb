"""Loop of the reconciler: observe, plan, record the intention, act, record the answer, rest.

A round starts by observing, whatever happened before. Nothing is sent that was not recorded first, and no answer is
trusted: only the observation of the next round proves an action. So a process may die at any line.
"""

import random
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.buyers.models import BuyerAccess
from app.access.connections import service as connections
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.imports.models import Import
from app.access.reconciler.buyer_access import BuyerAccessStrategy
from app.access.reconciler.imports import ImportStrategy
from app.access.reconciler.partner_access import PartnerAccessStrategy
from app.access.reconciler.platform_reader import record_observed
from app.access.reconciler.strategy import Act, Decision, Rest, Round, Row, Seen, Strategy
from app.kit import clock, jobs
from app.kit.jobs import JobType
from app.platforms.port import Unavailable

#: Reading a hundred pixels one by one takes longer than a lease: the worker extends it up to this.
LONGEST_ROUND = timedelta(minutes=5)


def work(context: AccessContext) -> list[JobType[Any]]:
    """Jobs of the worker: rows, strategies and concurrency."""
    partner_access = partial(reconcile, PartnerAccessStrategy(context))
    long: dict[str, Any] = {"lease": context.lease, "longest": LONGEST_ROUND}
    return [
        JobType("handshakes", Handshake, partner_access, concurrency=8, where=Handshake.watching.is_(False), **long),
        JobType("access watch", Handshake, partner_access, concurrency=2, where=Handshake.watching.is_(True), **long),
        # each row of a round has a lease of its own, and only that of the claimed row would be extended
        JobType(
            "buyers", BuyerAccess, partial(reconcile, BuyerAccessStrategy(context)), concurrency=2, lease=context.lease
        ),
        JobType("imports", Import, partial(reconcile, ImportStrategy(context)), **long),
    ]


async def reconcile(strategy: Strategy[Row, Round, Seen], row: Row) -> None:
    """Run one round of a claimed row."""
    context = strategy.context
    loaded = await strategy.load(row)
    actions: list[Act] = []
    async with aclosing(strategy.observe(loaded)) as observations:
        async for seen in observations:
            async with context.sessions.begin() as session:
                decisions = await strategy.apply(session, loaded, seen)
                for calls in seen.calls:
                    await record_observed(session, calls)
                for decision in decisions:
                    await _carry_out(context, session, decision)
            actions += [decision for decision in decisions if isinstance(decision, Act)]
    for action in actions:
        await _act(context, action)


async def _carry_out(context: AccessContext, session: AsyncSession, decision: Decision) -> None:
    """Release the row, or extend its lease. A lost lease shows here and rolls back the transaction."""
    if isinstance(decision, Rest):
        await _rest(context, session, decision)
        return
    if isinstance(decision, Act):
        session.add(decision.intention)
    await jobs.hold(session, decision.row, context.lease)


async def _act(context: AccessContext, action: Act) -> None:
    """Send a recorded action and record the answer. An answer proves nothing: the next round observes."""
    result = await action.send()
    intention, connection, rest = action.intention, action.connection, action.rest
    if result.blocker == "connection_dead":
        async with (
            context.sessions.begin() as session
        ):  # on its own: the lock order of connections differs between jobs
            await connections.mark_dead(session, connection)
    if isinstance(result.failure, Unavailable):
        delayed = rest.next_round.delayed(result.failure.retry_after, action.setbacks)
        rest = replace(rest, next_round=delayed)
    async with context.sessions.begin() as session:
        await call_recorder.complete_intention(session, intention, result.call, result.blocker)
        call_recorder.record_calls(
            session, result.before, agency_id=connection.agency_id, side=connection.side, purpose="read",
            connection_id=connection.id, handshake_id=intention.handshake_id, grant_id=intention.grant_id,
        )  # fmt: skip
        await _rest(context, session, rest)


async def _rest(context: AccessContext, session: AsyncSession, rest: Rest) -> None:
    spread = random.uniform(0.9, 1.1)  # noqa: S311 - spreads the load, no secret
    pause = rest.next_round.pause(clock.now(), watch=context.watch, spread=spread)
    await jobs.finish(session, rest.row, due_in=pause, **rest.next_round.counters, **rest.columns)
