"""The rounds: look at several rows of buyer access of one Business Center together, do what is missing, look again."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, retry_policy
from app.access.buyers.models import BuyerAccess
from app.access.call_recorder import PlatformCall
from app.access.connections import queries as tokens
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.reconciler import buyer_queries
from app.access.reconciler.buyer_observer import BuyerObservation, observe
from app.access.reconciler.buyer_planner import AssignAction, BuyerAction, BuyerStatus, plan_buyer
from app.access.reconciler.buyer_queries import BuyersInput
from app.access.reconciler.state import Observation
from app.kit import clock, ids, jobs
from app.platforms.port import PlatformFailure, Priority, RecordedCall, Unavailable

#: So many rows of buyer access are looked at in one round: together they take a few seconds of the rate budget.
TOGETHER = 12


@dataclass(frozen=True)
class BuyerIntent:
    """A deed written down before it is sent, so that a crash leaves a trace."""

    exchange_id: str
    row: BuyerAccess
    deed: BuyerAction


async def reconcile(tools: AccessContext, buyer_access: BuyerAccess) -> None:
    """One round of a claimed buyer_access, with others of the same Business Center that are due."""
    beside = (BuyerAccess.agency_id == buyer_access.agency_id) & (BuyerAccess.agency_bc_id == buyer_access.agency_bc_id)
    others = await jobs.claim(tools.sessions, BuyerAccess, limit=TOGETHER - 1, lease=tools.lease, where=beside)
    rows = sorted([buyer_access, *others], key=lambda row: (row.grant_id, row.id))
    async with tools.sessions.begin() as session:
        situation = await buyer_queries.load_buyers(session, rows)
    urgency = Priority.WATCH if all(row.status == "open" for row in rows) else Priority.HANDSHAKE
    look = await observe(tools, situation, rows, urgency)
    async with tools.sessions.begin() as session:
        intents = await _record(tools, session, situation, rows, look)
    for intent in intents:
        await _do(tools, situation, intent, urgency)


async def _record(
    tools: AccessContext,
    session: AsyncSession,
    situation: BuyersInput,
    rows: Sequence[BuyerAccess],
    look: BuyerObservation,
) -> list[BuyerIntent]:
    """Writes what was seen and what it means; returns the deeds to send, and gives the other rows back.

    Decides on the rows as they are now: what people said while we looked counts. Openings are locked before
    connections, as everywhere.
    """
    fresh = await buyer_queries.lock_buyers(session, rows)
    tried = await buyer_queries.buyer_attempts(session, situation.place.agency_id, list(situation.grants))
    intents: list[BuyerIntent] = []
    for row in sorted(rows, key=lambda row: row.id):
        now = fresh[row.id]
        shown = look.shown[row.id]
        if now.status == "ended":
            next_step: BuyerAction | BuyerStatus = BuyerStatus("ended")
        else:
            next_step = plan_buyer(
                buyer_queries.desired_buyer(now),
                shown,
                tried.given.get(row.id),
                tried.taken.get(row.id),
                clock.now(),
                tools.patience,
            )
        if isinstance(next_step, BuyerStatus):
            await _rest(tools, session, row, now, shown.held, next_step, look.limited)
        else:
            assert situation.connection is not None  # nothing is seen without one
            intents.append(await _intend(session, situation, situation.connection, row, shown.held, next_step))
            await jobs.hold(session, row, tools.lease)
    await _keep(session, situation, look)
    return intents


async def _rest(
    tools: AccessContext,
    session: AsyncSession,
    row: BuyerAccess,
    now: BuyerAccess,
    held: Observation,
    rest: BuyerStatus,
    limited: float | None,
) -> None:
    """Writes how it stands. What is open, and what a person may mend at TikTok, is looked at now and then."""
    news = (rest.status, rest.code) != (now.status, now.code)
    looks = 0 if news else now.looks + 1
    pause: timedelta | None
    if rest.status == "ended":
        pause = None
    elif limited is not None:
        pause = max(retry_policy.after_limit(1), timedelta(seconds=limited))  # the shared budget makes it longer
    elif rest.until is not None:
        pause = min(retry_policy.next_look(looks), max(rest.until - clock.now(), timedelta(seconds=0.2)))
    elif rest.pending:
        pause = retry_policy.next_look(looks)
    else:
        pause = tools.watch * random.uniform(0.9, 1.1)  # noqa: S311 - spreads, hides nothing
    seen = {"seen_at": func.now()} if rest.status == "open" and held.is_read else {}
    ours = now.ours and not (held.is_read and held.role is None and now.status == "open")
    await jobs.finish(
        session, row, due_in=pause, status=rest.status, code=rest.code, looks=looks, ours=ours,
        role_seen=held.role if held.is_read else now.role_seen, **seen,
    )  # fmt: skip


async def _intend(
    session: AsyncSession,
    situation: BuyersInput,
    connection: Connection,
    row: BuyerAccess,
    held: Observation,
    deed: BuyerAction,
) -> BuyerIntent:
    gives = isinstance(deed, AssignAction)
    asked = {"bc_id": situation.place.bc_id, "user_id": deed.user_id, "opening_id": row.id}
    kept = PlatformCall(
        agency_id=row.agency_id, id=ids.new("call"), grant_id=row.grant_id, connection_id=connection.id,
        side="agency", purpose="assign" if gives else "unassign", operation="assign" if gives else "unassign",
        request=asked | ({"role": deed.role} if isinstance(deed, AssignAction) else {}),
    )  # fmt: skip
    session.add(kept)
    await session.flush()
    now = await session.get_one(BuyerAccess, (row.agency_id, row.id))
    now.status, now.code = ("waiting", None) if gives else ("leaving", None)
    now.ours = now.ours or (gives and held.role is None)
    now.role_seen = held.role
    await session.flush()
    return BuyerIntent(kept.id, row, deed)


async def _keep(session: AsyncSession, situation: BuyersInput, look: BuyerObservation) -> None:
    if situation.connection is None:
        return
    for grant_id, call in look.calls:
        call_recorder.record_calls(
            session, [call], agency_id=situation.place.agency_id, side="agency", purpose="look",
            connection_id=situation.connection.id, grant_id=grant_id,
        )  # fmt: skip
    if look.dead and situation.connection.status == "live":
        await connections.mark_dead(session, situation.connection)


async def _do(tools: AccessContext, situation: BuyersInput, intent: BuyerIntent, urgency: Priority) -> None:
    """Sends one deed. OK means recorded; only the look that follows says that it happened."""
    assert situation.connection is not None
    calls: list[RecordedCall] = []
    failure: PlatformFailure | None = None
    platform, account_id = (
        tools.platforms.connected(situation.place.platform), situation.grants[intent.row.grant_id].asset_id
    )  # fmt: skip
    access = tokens.access(situation.connection, tools.keyring, urgency)
    whom = {"bc_id": situation.place.bc_id, "user_id": intent.deed.user_id, "account_id": account_id}
    try:
        if isinstance(intent.deed, AssignAction):
            await platform.assign(access, **whom, role=intent.deed.role, keep=calls.append)
        else:
            await platform.unassign(access, **whom, keep=calls.append)
    except PlatformFailure as problem:
        failure = problem
    async with tools.sessions.begin() as session:
        row = await session.get_one(PlatformCall, (intent.row.agency_id, intent.exchange_id))
        blocker = failure.blocker if failure is not None else None
        if calls:
            call_recorder.complete_call(row, calls[-1], blocker)
        else:  # nothing was sent at all
            row.outcome = "unavailable"
        await session.flush()
        pause = timedelta(seconds=failure.retry_after) if isinstance(failure, Unavailable) else timedelta(0)
        await jobs.finish(session, intent.row, due_in=pause, looks=0)
        if blocker == "connection_dead":
            await connections.mark_dead(session, situation.connection)
