"""The loop: look, plan, do one thing, look again. Whatever happened meanwhile, it starts by looking."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import evidence
from app.access.connections import actions as connections
from app.access.connections import queries as tokens
from app.access.connections.establishing import LONGEST_HOLD
from app.access.connections.model import Connection
from app.access.evidence import Exchange
from app.access.handshakes import queries, schedule
from app.access.handshakes.model import Handshake
from app.access.handshakes.observe import Look, observe
from app.access.handshakes.plan import Settled, Share, Step, plan
from app.access.handshakes.project import project
from app.access.handshakes.queries import Situation
from app.access.handshakes.world import Unread
from app.access.tools import Tools
from app.kit import clock, due, ids
from app.platforms.port import Call, Denied, Platform, PlatformFailure, Unavailable


@dataclass(frozen=True)
class Intent:
    """A share written down before it is sent, so that a crash leaves a trace."""

    exchange_id: str
    share: Share
    connection: Connection


async def reconcile(tools: Tools, handshake: Handshake) -> None:
    """One round of a claimed handshake."""
    async with tools.sessions.begin() as session:
        situation = await queries.situation(session, handshake)
    look = await observe(tools, handshake, situation)
    async with tools.sessions.begin() as session:
        intent = await _record(tools, session, handshake, situation, look)
    if intent is not None:
        await _share(tools, handshake, intent)


async def _record(
    tools: Tools, session: AsyncSession, handshake: Handshake, situation: Situation, look: Look
) -> Intent | None:
    """Writes what was seen and what it means; returns the share to send, or gives the row back.

    Locks are taken in one order everywhere: links, connections, the handshake. Pages do the same, so that nobody waits
    in a circle. A lost lease shows at the end and undoes all of it.
    """
    await queries.lock(session, handshake)
    # what people did while we looked counts: decide on the asks as they are now
    now = await queries.situation(session, handshake)
    news = await project(session, handshake, now, look.seen)
    await _keep(session, handshake, situation, look)
    step = plan(now.wanted, look.seen, now.tried, clock.now(), tools.patience)
    if isinstance(step, Share) and now.client is not None and _is_still(situation.client, now.client):
        intent = await _intend(session, handshake, step, now.client)
        await due.hold(session, handshake, tools.lease)
        return intent
    await _rest(session, handshake, step, look, news=news)
    return None


def _is_still(looked_with: Connection | None, now: Connection) -> bool:
    """Whether the client's connection is the one we looked with, and may still be used."""
    return looked_with is not None and now.id == looked_with.id and now.state == "live"


async def _keep(session: AsyncSession, handshake: Handshake, situation: Situation, look: Look) -> None:
    for side, connection, seen in (
        ("agency", situation.agency, look.seen.agency),
        ("client", situation.client, look.seen.client),
    ):
        if connection is None:
            continue
        evidence.keep(
            session, look.calls[side], agency_id=handshake.agency_id, side=side, purpose="look",
            connection_id=connection.id, handshake_id=handshake.id,
        )  # fmt: skip
        if seen.why_not is Unread.DEAD and connection.state == "live":
            await connections.mark_dead(session, connection)


async def _intend(session: AsyncSession, handshake: Handshake, share: Share, client: Connection) -> Intent:
    row = Exchange(
        agency_id=handshake.agency_id, id=ids.new("exchange"), handshake_id=handshake.id, connection_id=client.id,
        side="client", purpose="share", operation="share",
        request={
            "bc_id": handshake.bc_id, "partner_id": handshake.agency_bc_id, "asset_ids": list(share.asset_ids),
            "role": share.role,
        },
    )  # fmt: skip
    session.add(row)
    await connections.hold_longer(session, client, LONGEST_HOLD)
    return Intent(row.id, share, client)


async def _share(tools: Tools, handshake: Handshake, intent: Intent) -> None:
    platform = tools.platforms[handshake.platform]
    token = tokens.token(intent.connection, tools.vault)
    call, blocker, failure = await _send(platform, handshake, intent.share, token)
    async with tools.sessions.begin() as session:
        row = await session.get_one(Exchange, (handshake.agency_id, intent.exchange_id))
        evidence.answered(row, call, blocker)
        if blocker == "connection_dead":
            await connections.mark_dead(session, intent.connection)
        await session.flush()
        pause, setbacks = timedelta(0), 0
        if isinstance(failure, Unavailable):
            setbacks = handshake.setbacks + 1
            pause = max(schedule.after_limit(setbacks), timedelta(seconds=failure.retry_after))
        await due.finish(session, handshake, due_in=pause, looks=0, setbacks=setbacks)


async def _send(
    platform: Platform, handshake: Handshake, share: Share, token: str
) -> tuple[Call, str | None, PlatformFailure | None]:
    calls: list[Call] = []
    try:
        await platform.share(
            token, bc_id=handshake.bc_id, partner_id=handshake.agency_bc_id, asset_ids=share.asset_ids,
            role=share.role, keep=calls.append,
        )  # fmt: skip
    except Denied as refused:
        return refused.call, refused.blocker, refused
    except PlatformFailure as failure:
        return failure.call, None, failure
    return calls[-1], None, None


async def _rest(session: AsyncSession, handshake: Handshake, step: Step, look: Look, *, news: bool) -> None:
    """Gives the row back: never again by itself when settled, else at the next look."""
    looks = 0 if news else handshake.looks + 1
    if look.limited:
        setbacks = handshake.setbacks + 1
        pause: timedelta | None = schedule.after_limit(setbacks)
    else:
        setbacks = 0
        pause = schedule.next_look(looks)
        until = getattr(step, "until", None)
        if isinstance(step, Settled):
            pause = None
        elif until is not None:
            pause = min(pause, max(until - clock.now(), timedelta(seconds=0.2)))
    await due.finish(session, handshake, due_in=pause, looks=looks, setbacks=setbacks, looked_at=clock.now())
