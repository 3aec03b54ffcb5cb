"""The loop: look, plan, do one thing, look again. Whatever happened meanwhile, it starts by looking."""

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, retry_policy
from app.access.call_recorder import PlatformCall
from app.access.connections import queries as tokens
from app.access.connections import service as connections
from app.access.connections import unreadable_email
from app.access.connections.models import Connection
from app.access.connections.token_exchange import LONGEST_HOLD
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.reconciler import queries
from app.access.reconciler.action_history import recorded_request
from app.access.reconciler.agency_side import BusinessCenterPair
from app.access.reconciler.apply_observation import Changes, apply_observation
from app.access.reconciler.client_side import approved_accounts
from app.access.reconciler.executor import ActionMember, RecordedIntent, send
from app.access.reconciler.observer import ObservationResult, has_permission, observe
from app.access.reconciler.planner import Done, Step, plan
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import Action, ActionHistory, DesiredAccess, ShareAction
from app.access.reconciler.status import changes_at
from app.kit import clock, ids, jobs
from app.platforms.port import PlatformFailure, Priority, RecordedCall, Unavailable

#: A hundred pixels are read one by one: that takes longer than a lease, and must come to its end all the same.
LONGEST_ROUND = timedelta(minutes=5)
#: Somebody who acted so recently is taken to be looking at the page.
_LOOKING = timedelta(minutes=2)
#: How far back the Business Center's own log is read when access drifted.
_LOG_OF = timedelta(days=7)


async def reconcile(tools: AccessContext, handshake: Handshake) -> None:
    """One round of a claimed handshake."""
    async with tools.sessions.begin() as session:
        situation = await queries.load_input(session, handshake)
    urgency = _urgency(handshake, situation)
    look = await observe(tools, handshake, situation, urgency)
    async with tools.sessions.begin() as session:
        intent, news = await _record(tools, session, handshake, situation, look)
    if intent is not None:
        await _do(tools, handshake, intent, urgency)
    if news.drifted:
        await _explain(tools, handshake, situation.agency)


def _urgency(handshake: Handshake, situation: ReconcileInput) -> Priority:
    acted = [
        moment
        for want in situation.wanted
        for moment in (want.recheck_at, want.approved_at, want.reduce_at)
        if moment is not None
    ]
    if any(clock.now() - moment < _LOOKING for moment in acted):
        return Priority.LOOKING
    return Priority.WATCH if handshake.watching else Priority.HANDSHAKE


async def _record(
    tools: AccessContext,
    session: AsyncSession,
    handshake: Handshake,
    situation: ReconcileInput,
    look: ObservationResult,
) -> tuple[RecordedIntent | None, Changes]:
    """Writes what was seen and what it means; returns the deed to send, or gives the row back.

    Locks are taken in one order everywhere: links, connections, the handshake. Pages do the same, so that nobody waits
    in a circle. A lost lease shows at the end and undoes all of it.
    """
    await queries.lock(session, handshake)
    # what people did while we looked counts: decide on the access requests as they are now
    now = await queries.load_input(session, handshake)
    # one moment for all: what is shown, and when it changes by time alone, must not fall on two sides of a limit
    moment = clock.now()
    news = await apply_observation(session, handshake, now, look.seen, moment, tools.patience)
    await _keep(session, handshake, situation, look)
    if news.blind or "agency" in look.dead:
        refused = [call for call in look.calls["agency"] if call.outcome in ("denied", "changed")]
        await unreadable_email.tell(session, tools, situation.agency, refused[-1] if refused else None)
    step = plan(now.wanted, look.seen, now.tried, moment, tools.patience)
    if isinstance(step, Action) and now.client is not None and _is_still(situation.client, now.client):
        intent = await _intend(session, handshake, step, now.client, now)
        await jobs.hold(session, handshake, tools.lease)
        return intent, news
    await _rest(tools, session, handshake, step, now, look, moment, news=news.any)
    return None, news


def _is_still(looked_with: Connection | None, now: Connection) -> bool:
    """True if the client's connection is the one we looked with, and may still be used."""
    return looked_with is not None and now.id == looked_with.id and now.status == "live"


async def _keep(
    session: AsyncSession, handshake: Handshake, situation: ReconcileInput, look: ObservationResult
) -> None:
    for side, connection in (("agency", situation.agency), ("client", situation.client)):
        if connection is None:
            continue
        call_recorder.record_calls(
            session, look.calls[side], agency_id=handshake.agency_id, side=side, purpose="look",
            connection_id=connection.id, handshake_id=handshake.id,
        )  # fmt: skip
        if side in look.dead and connection.status == "live":
            await connections.mark_dead(session, connection)
    if look.found is not None and situation.client is not None:
        await connections.save_discovered(session, situation.client, tokens.discovered_columns(look.found))


async def _intend(
    session: AsyncSession, handshake: Handshake, deed: Action, client: Connection, now: ReconcileInput
) -> RecordedIntent:
    row = PlatformCall(
        agency_id=handshake.agency_id, id=ids.new("call"), handshake_id=handshake.id, connection_id=client.id,
        side="client", purpose="share" if isinstance(deed, ShareAction) else "take_back", operation=deed.kind,
        request={"bc_id": handshake.bc_id, "partner_id": handshake.agency_bc_id, **recorded_request(deed)},
    )  # fmt: skip
    session.add(row)
    await connections.extend_token_use(session, client, LONGEST_HOLD)
    return RecordedIntent(row.id, deed, client, _person(deed, now.wanted, now.tried))


def _person(deed: Action, wanted: Sequence[DesiredAccess], tried: ActionHistory) -> ActionMember | None:
    """Whom a deed about a person is about, with the ad accounts agreed to."""
    if deed.kind != "person":
        return None
    about = next(want for want in wanted if want.key == deed.keys[0])
    given = tried.given.get(deed.keys[0])
    return ActionMember(about.email or "", approved_accounts(wanted), invited=given is not None and given.invited)


async def _do(tools: AccessContext, handshake: Handshake, intent: RecordedIntent, urgency: Priority) -> None:
    pair = BusinessCenterPair(
        tools.platforms.connected(handshake.platform), ours=handshake.agency_bc_id, theirs=handshake.bc_id
    )
    sent = await send(tools, pair, intent, urgency)
    async with tools.sessions.begin() as session:
        row = await session.get_one(PlatformCall, (handshake.agency_id, intent.exchange_id))
        if sent.call is not None:
            call_recorder.complete_call(row, sent.call, sent.blocker)
        else:  # nothing was sent at all
            row.outcome = "unavailable"
        call_recorder.record_calls(
            session, sent.before, agency_id=handshake.agency_id, side="client", purpose="look",
            connection_id=intent.connection.id, handshake_id=handshake.id,
        )  # fmt: skip
        if sent.blocker == "connection_dead":
            await connections.mark_dead(session, intent.connection)
        await session.flush()
        pause, setbacks = timedelta(0), 0
        if isinstance(sent.failure, Unavailable):
            setbacks = handshake.setbacks + 1
            pause = max(retry_policy.after_limit(setbacks), timedelta(seconds=sent.failure.retry_after))
        await jobs.finish(session, handshake, due_in=pause, looks=0, setbacks=setbacks, watching=False)


async def _rest(
    tools: AccessContext,
    session: AsyncSession,
    handshake: Handshake,
    step: Step,
    now: ReconcileInput,
    look: ObservationResult,
    moment: datetime,
    *,
    news: bool,
) -> None:
    """Gives the row back: to be watched, or never again by itself when settled, else at the next look."""
    looks, setbacks, watching = (0 if news else handshake.looks + 1), 0, False
    turns = changes_at(now.wanted, look.seen, now.tried, moment, tools.patience)
    if look.limited is not None:
        setbacks = handshake.setbacks + 1
        pause: timedelta | None = max(retry_policy.after_limit(setbacks), timedelta(seconds=look.limited))
        watching = handshake.watching
    elif isinstance(step, Done):
        can_look = now.agency is not None and "agency" not in look.dead
        watching = can_look and any(want.was_verified or want.is_live for want in now.wanted)
        spread = random.uniform(0.9, 1.1)  # noqa: S311 - spreads, hides nothing
        # a watch that could not look is not over: else one busy minute would leave it for a day
        pause = (retry_policy.next_look(looks) if look.away else tools.watch) * spread if watching else None
    else:
        pause = retry_policy.next_look(looks)
    for until in (getattr(step, "until", None), turns):
        if until is not None:
            ahead = max(until - clock.now(), timedelta(seconds=0.2))
            pause = ahead if pause is None else min(pause, ahead)
    await jobs.finish(
        session, handshake, due_in=pause, looks=looks, setbacks=setbacks, looked_at=clock.now(), watching=watching,
        away_since=look.seen.away_since, searched_at=look.searched or handshake.searched_at,
    )  # fmt: skip


async def _explain(tools: AccessContext, handshake: Handshake, agency: Connection | None) -> None:
    """Keeps what the agency's Business Center itself says was done lately, where its token may read that."""
    platform = tools.platforms.connected(handshake.platform)
    if agency is None or agency.status != "live" or not has_permission(platform, agency, "changes"):
        return
    calls: list[RecordedCall] = []
    with suppress(PlatformFailure):  # evidence beside the evidence; a failure is kept like every call
        await platform.changes(
            tokens.access(agency, tools.keyring), bc_id=handshake.agency_bc_id, since=clock.now() - _LOG_OF,
            keep=calls.append,
        )  # fmt: skip
    async with tools.sessions.begin() as session:
        call_recorder.record_calls(
            session, calls, agency_id=handshake.agency_id, side="agency", purpose="look", connection_id=agency.id,
            handshake_id=handshake.id,
        )  # fmt: skip
