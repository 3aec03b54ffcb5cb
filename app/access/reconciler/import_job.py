"""The work on an import, in turns: list the partners, then read a few of them, until all are read.

Whatever dies, what is written stands and the next turn goes on from there. Turns are short, so that the imports of
several agencies go on side by side; how fast, the platform's rate budget says.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, retry_policy
from app.access.connections import queries as tokens
from app.access.connections import service as connections
from app.access.connections import unreadable_email
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.imports import diff, grants_writer, partners_writer, queries, service
from app.access.imports.models import Import
from app.access.partners import client_matching
from app.access.partners import queries as partners
from app.access.partners.models import Partner
from app.kit import jobs
from app.platforms.port import Access, Denied, PlatformFailure, Priority, RecordedCall, Unavailable, UnexpectedAnswer
from app.platforms.resources import Shares

#: A turn ends by itself long before; until then the row is held for `tools.lease` at a time.
LEASE = timedelta(minutes=5)
#: Partners of a turn, and how many are read at the same time: the answers take longer than the budget's pace.
BATCH, AT_ONCE = 24, 4
#: No partner is begun after so many seconds of a turn.
LONGEST_TURN = 30.0
#: How often the platform may fail to answer before a partner, or the whole import, is given up until the next time.
MOST_TRIES, MOST_SETBACKS = 5, 20
#: Ad accounts of all partners come first, so that an agency of 200 partners sees them within a minute.
_NEXT = {"ad_account": "catalog", "catalog": None}


@dataclass
class _Read:
    """What reading one partner gave."""

    partner: Partner
    kind: str
    shares: Shares | None = None
    failure: PlatformFailure | None = None
    calls: list[RecordedCall] = field(default_factory=list)


async def advance(tools: AccessContext, row: Import) -> None:
    """One turn of a claimed import. One that ended looks again: a new import, as a watch."""
    if row.status != "running":
        await _look_again(tools, row)
        return
    async with tools.sessions.begin() as session:
        await jobs.hold(session, row, tools.lease)
        connection = await tokens.of_agency(session, row.agency_id, row.platform)
        if connection is None or row.agency_bc_id not in tokens.usable(connection):
            await service.fail(session, row, code="not_connected", call=None, again_in=tools.watch)
            return
        waiting = await queries.to_read(session, row, limit=BATCH)
    if row.partners_total is None:
        await _list(tools, row, connection)
    elif waiting:
        await _read_some(tools, row, connection, waiting)
    else:
        async with tools.sessions.begin() as session:
            await service.finish(session, row, again_in=tools.watch)


async def _look_again(tools: AccessContext, row: Import) -> None:
    """Without a connection that can see it there is nothing to watch: connecting starts the next import."""
    async with tools.sessions.begin() as session:
        connection = await tokens.of_agency(session, row.agency_id, row.platform)
        if connection is not None and row.agency_bc_id in tokens.usable(connection):
            await service.start_watch(session, row)
        await jobs.finish(session, row, due_in=None)


def _access(tools: AccessContext, row: Import, connection: Connection, urgency: Priority) -> Access:
    return tokens.access(connection, tools.keyring, Priority.WATCH if row.reason == "watch" else urgency)


async def _list(tools: AccessContext, row: Import, connection: Connection) -> None:
    platform, calls = tools.platforms.connected(row.platform), list[RecordedCall]()
    access = _access(tools, row, connection, Priority.LOOKING)  # the first thing the agency waits for
    try:
        seen = await platform.partners(access, bc_id=row.agency_bc_id, keep=calls.append)
    except PlatformFailure as failure:
        async with tools.sessions.begin() as session:
            _keep_calls(session, row, connection, calls)
            await _stop(tools, session, row, connection, failure)
        return
    fit, unreadable = diff.valid_partners(seen, row.agency_bc_id)
    async with tools.sessions.begin() as session:
        await jobs.hold(session, row, tools.lease)
        _keep_calls(session, row, connection, calls)
        await partners_writer.save_partners(session, row, fit)
        await jobs.finish(session, row, due_in=timedelta(0), partners_total=len(fit), unreadable=unreadable, setbacks=0)


async def _stop(
    tools: AccessContext, session: AsyncSession, row: Import, connection: Connection, failure: PlatformFailure
) -> None:
    """The import cannot go on now, or not at all."""
    if isinstance(failure, Denied):
        if failure.blocker == "connection_dead":
            await connections.mark_dead(session, connection)
            await unreadable_email.tell(session, tools, connection, failure.call)
        await service.fail(session, row, code=failure.blocker, call=failure.call, again_in=tools.watch)
    elif isinstance(failure, Unavailable) and row.setbacks < MOST_SETBACKS:
        pause = max(retry_policy.after_limit(row.setbacks + 1), timedelta(seconds=failure.retry_after))
        await jobs.finish(session, row, due_in=pause, setbacks=row.setbacks + 1)
    else:
        code = "answer_changed" if isinstance(failure, UnexpectedAnswer) else "platform_unavailable"
        await service.fail(session, row, code=code, call=failure.call, again_in=tools.watch)


async def _read_some(tools: AccessContext, row: Import, connection: Connection, waiting: Sequence[Partner]) -> None:
    """Reads partners a few at a time, and writes each down as soon as it is read."""
    left, under_way, began = list(waiting), set[asyncio.Task[_Read]](), time.monotonic()
    stopped: PlatformFailure | None = None
    any_read = False
    try:
        while left or under_way:
            while left and len(under_way) < AT_ONCE:
                under_way.add(asyncio.create_task(_read(tools, row, connection, left.pop(0))))
            done, under_way = await asyncio.wait(
                under_way, timeout=tools.lease.total_seconds() / 3, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                async with tools.sessions.begin() as session:
                    await jobs.hold(session, row, tools.lease)
            for read in (task.result() for task in done):
                await _write(tools, row, connection, read)
                stopped = stopped or _ends_the_turn(read.failure)
                any_read = any_read or read.shares is not None
            if stopped or time.monotonic() - began > LONGEST_TURN:
                left = []
    finally:
        for task in under_way:
            task.cancel()
    async with tools.sessions.begin() as session:
        if stopped is not None:
            row.setbacks = 0 if any_read else row.setbacks
            await _stop(tools, session, row, connection, stopped)
        else:
            await jobs.finish(session, row, due_in=timedelta(0), setbacks=0)


def _ends_the_turn(failure: PlatformFailure | None) -> PlatformFailure | None:
    """What concerns all partners: a dead token, a platform that is busy or away. A refusal concerns one partner."""
    dead = isinstance(failure, Denied) and failure.blocker == "connection_dead"
    return failure if dead or isinstance(failure, Unavailable) else None


async def _read(tools: AccessContext, row: Import, connection: Connection, partner: Partner) -> _Read:
    assert partner.to_read is not None
    read = _Read(partner, partner.to_read)
    access = _access(tools, row, connection, Priority.HANDSHAKE)
    try:
        read.shares = await tools.platforms.connected(row.platform).shared_to(
            access, bc_id=row.agency_bc_id, partner_id=partner.bc_id, kind=read.kind, keep=read.calls.append
        )
    except PlatformFailure as failure:
        read.failure = failure
    return read


async def _write(tools: AccessContext, row: Import, connection: Connection, read: _Read) -> None:
    """One partner in one transaction; under the lease, so that two workers never both write."""
    async with tools.sessions.begin() as session:
        await jobs.hold(session, row, tools.lease)
        _keep_calls(session, row, connection, read.calls)
        await client_matching.alone(session, row.agency_id, row.platform, read.partner.bc_id)
        partner = await partners.find(session, row.agency_id, read.partner.id)
        await session.refresh(partner, with_for_update=True)
        if partner.import_id != row.id or partner.to_read != read.kind:
            return
        if read.shares is not None:
            await _write_shares(session, row, partner, read.kind, read.shares)
        elif read.failure is not None:
            await _write_failure(session, row, partner, read, read.failure)


async def _write_shares(session: AsyncSession, row: Import, partner: Partner, kind: str, shares: Shares) -> None:
    fit, unreadable = diff.valid_shares(shares)
    if fit or partner.client_id is not None:
        await client_matching.settle(session, partner)
    before = await grants_writer.known(session, partner, kind)
    counted = await grants_writer.save_shares(session, partner, kind, diff.compare(fit, before, unreadable), before)
    if fit:
        partner.gone_at = None  # whatever the list of partners says
    await _step(
        session, row, partner, kind, unreadable=Import.unreadable + len(unreadable),
        grants_found=Import.grants_found + counted.found, grants_ended=Import.grants_ended + counted.ended,
        roles_changed=Import.roles_changed + counted.changed,
    )  # fmt: skip


async def _write_failure(
    session: AsyncSession, row: Import, partner: Partner, read: _Read, failure: PlatformFailure
) -> None:
    if isinstance(failure, Unavailable) and (failure.limited or failure.call not in read.calls):
        return  # the pace was wrong, not the partner: the platform was not asked at all, or said "too often"
    if _ends_the_turn(failure) is not None:
        partner.tries += 1
        if partner.tries < MOST_TRIES or isinstance(failure, Denied):
            return
    if isinstance(failure, Denied) and partner.gone_at is not None:  # no partner, and nothing of it can be seen
        await _write_shares(session, row, partner, read.kind, {})
        return
    code = {Denied: "partner_refused", UnexpectedAnswer: "answer_changed"}.get(type(failure), "platform_unavailable")
    for name, value in call_recorder.failure_columns(code, failure.call).items():
        setattr(partner, name, value)
    await _step(session, row, partner, read.kind)


async def _step(session: AsyncSession, row: Import, partner: Partner, kind: str, **counted: object) -> None:
    """This kind is read, or given up; the next one comes when those before it are through."""
    partner.to_read, partner.tries = _NEXT[kind], 0
    done = Import.partners_done if kind == "ad_account" else Import.catalogs_done
    if partner.gone_at is None:
        counted[done.key] = done + 1
    await session.flush()
    if counted:
        stepped = update(Import).where(Import.agency_id == row.agency_id, Import.id == row.id).values(**counted)
        await session.execute(stepped.execution_options(synchronize_session=False))


def _keep_calls(session: AsyncSession, row: Import, connection: Connection, calls: Sequence[RecordedCall]) -> None:
    call_recorder.record_calls(
        session, calls, agency_id=row.agency_id, side="agency", purpose="import", connection_id=connection.id
    )
