"""Imports: strategy that reads the assets that partners share with the agency's Business Centers.

An import runs in rounds: list the partners, then read a few of them, until all are read. After a crash the next round
continues from what was written. Rounds are short, so that imports of several agencies proceed in parallel, as fast as
the rate limit allows.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.imports import diff, service, writer
from app.access.imports.models import Import
from app.access.pacing import NextRound
from app.access.partners import service as partners
from app.access.partners.models import Partner
from app.access.reconciler.strategy import Continue, Decision, ObservedCalls, Rest
from app.platforms.port import (
    Access,
    Denied,
    Partnerships,
    PlatformFailure,
    Priority,
    RecordedCall,
    Unavailable,
    UnexpectedAnswer,
)
from app.platforms.resources import PartnerInfo, Shares

#: Partners of a round, and concurrent reads: answers take longer than the interval of the rate limit.
BATCH, AT_ONCE = 24, 4
#: No read begins after this many seconds of a round.
LONGEST_READING = 30.0
#: Failures of the platform after which a partner, or the whole import, is given up until the next import.
MOST_TRIES, MOST_SETBACKS = 5, 20
#: Number of partners of which each kind was read.
_DONE = {"ad_account": Import.partners_done, "catalog": Import.catalogs_done}


@dataclass
class ImportRound:
    """One round of an import. `connection`: the agency's, if it can read the Business Center; `to_read`: partners."""

    row: Import
    connection: Connection | None = None
    to_read: Sequence[Partner] = ()


@dataclass(frozen=True)
class PartnersRead:
    """The list of partners, or the failure to read it."""

    calls: Sequence[ObservedCalls]
    partners: Sequence[PartnerInfo] = ()
    failure: PlatformFailure | None = None


@dataclass(frozen=True)
class SharesRead:
    """Assets of one kind that a partner shares, or the failure to read them."""

    calls: Sequence[ObservedCalls]
    partner: Partner
    kind: str
    shares: Shares | None = None
    failure: PlatformFailure | None = None

    @property
    def ends_round(self) -> PlatformFailure | None:
        """A failure that concerns all partners: a dead token, a platform that is busy or does not answer."""
        is_dead = isinstance(self.failure, Denied) and self.failure.blocker == "connection_dead"
        return self.failure if is_dead or isinstance(self.failure, Unavailable) else None


@dataclass(frozen=True)
class RoundEnd:
    """End of a round. `failure`: the one that ended it; `has_read`: at least one partner was read."""

    failure: PlatformFailure | None = None
    has_read: bool = False
    calls: Sequence[ObservedCalls] = ()


ImportObservation = PartnersRead | SharesRead | RoundEnd


@dataclass(frozen=True)
class ImportStrategy:
    """Strategy for imports. They only read: no action follows."""

    context: AccessContext

    async def load(self, row: Import) -> ImportRound:
        """Load the connection and the partners of this round."""
        async with self.context.sessions() as session:
            connection = await connections.of_agency(session, row.agency_id, row.platform)
            if connection is None or row.agency_account_id not in connections.usable(connection):
                return ImportRound(row)
            to_read = await service.to_read(session, row, limit=BATCH) if row.status == "running" else ()
        return ImportRound(row, connection, to_read)

    async def observe(self, work: ImportRound) -> AsyncGenerator[ImportObservation, None]:
        """Read the list of partners first, then what they share, a few at a time."""
        if work.connection is None or work.row.status != "running":
            yield RoundEnd()
        elif work.row.partners_total is None:
            yield await self._read_partners(work.row, work.connection)
        else:
            async with aclosing(self._read_shares(work, work.connection)) as observations:
                async for seen in observations:
                    yield seen

    async def _read_shares(
        self, work: ImportRound, connection: Connection
    ) -> AsyncGenerator[SharesRead | RoundEnd, None]:
        waiting, reading, began = list(work.to_read), set[asyncio.Task[SharesRead]](), time.monotonic()
        failure: PlatformFailure | None = None
        has_read = False
        try:
            while waiting or reading:
                while waiting and len(reading) < AT_ONCE:
                    reading.add(asyncio.create_task(self._read_partner(work.row, connection, waiting.pop(0))))
                done, reading = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
                for read in [task.result() for task in done]:
                    failure = failure or read.ends_round
                    has_read = has_read or read.shares is not None
                    yield read
                if failure or time.monotonic() - began > LONGEST_READING:
                    waiting = []
        finally:
            for task in reading:
                task.cancel()
        yield RoundEnd(failure, has_read)

    async def apply(self, session: AsyncSession, work: ImportRound, seen: ImportObservation) -> Sequence[Decision]:
        """Write what was read; after the last observation decide the time of the next round."""
        row = work.row
        if isinstance(seen, SharesRead):
            await _write_partner(session, row, seen)
            return (Continue(row),)
        if isinstance(seen, PartnersRead):
            if seen.failure is not None:
                return (await self._stop(session, work, seen.failure, row.setbacks),)
            valid, unreadable = diff.valid_partners(seen.partners, row.agency_account_id)
            await writer.save_partners(session, row, valid)
            columns = {"partners_total": len(valid), "unreadable": unreadable}
            return (Rest(row, NextRound("now", setbacks=0), columns),)
        if row.status != "running":  # start the next import as a watch; without a connection, a new one starts it
            if work.connection is not None:
                await service.start_watch(session, row)
            return (Rest(row, NextRound("never")),)
        if work.connection is None:
            return (await _fail(session, row, "not_connected"),)
        if seen.failure is not None:
            return (await self._stop(session, work, seen.failure, 0 if seen.has_read else row.setbacks),)
        if work.to_read:
            return (Rest(row, NextRound("now", setbacks=0)),)
        return (Rest(row, NextRound("watch", setbacks=0), await service.finish(session, row)),)

    async def _stop(self, session: AsyncSession, work: ImportRound, failure: PlatformFailure, setbacks: int) -> Rest:
        """Rest until later, or fail the import."""
        if isinstance(failure, Denied):
            if failure.blocker == "connection_dead":
                await connections.send_unreadable_email(session, self.context, work.connection, failure.call)
            return await _fail(session, work.row, failure.blocker, failure.call)
        if isinstance(failure, Unavailable) and setbacks < MOST_SETBACKS:
            return Rest(work.row, NextRound("soon", setbacks=setbacks + 1, delay=failure.retry_after))
        code = "answer_changed" if isinstance(failure, UnexpectedAnswer) else "platform_unavailable"
        return await _fail(session, work.row, code, failure.call)

    def _access(self, row: Import, connection: Connection, priority: Priority) -> Access:
        """Access for one read. The daily watch has the lowest priority."""
        return connections.access(connection, self.context.keyring, priority_of(row.reason, priority))

    def _lists(self, row: Import) -> Partnerships:
        lists = self.context.platforms.connected(row.platform).partnerships
        assert lists is not None  # without them no import is started
        return lists

    async def _read_partners(self, row: Import, connection: Connection) -> PartnersRead:
        lists, calls = self._lists(row), list[RecordedCall]()
        access = self._access(row, connection, Priority.INTERACTIVE)  # the agency waits for it
        try:
            found = await lists.partners(access, account_id=row.agency_account_id, record=calls.append)
        except PlatformFailure as failure:
            return PartnersRead(_recorded(connection, calls, failure), failure=failure)
        return PartnersRead(_recorded(connection, calls), found)

    async def _read_partner(self, row: Import, connection: Connection, partner: Partner) -> SharesRead:
        """Read the assets of the next kind that one partner shares."""
        kind, calls = partner.to_read, list[RecordedCall]()
        assert kind is not None  # only such partners are loaded
        access = self._access(row, connection, Priority.HANDSHAKE)
        try:
            shares = await self._lists(row).shared_to(
                access, account_id=row.agency_account_id, partner_id=partner.account_id, kind=kind, record=calls.append
            )
        except PlatformFailure as failure:
            return SharesRead(_recorded(connection, calls, failure), partner, kind, failure=failure)
        return SharesRead(_recorded(connection, calls), partner, kind, shares)


def priority_of(reason: str, otherwise: Priority) -> Priority:
    """Priority of the calls of an import."""
    return Priority.BACKGROUND if reason == "watch" else otherwise


def _recorded(
    connection: Connection, calls: Sequence[RecordedCall], failure: PlatformFailure | None = None
) -> tuple[ObservedCalls]:
    is_dead = isinstance(failure, Denied) and failure.blocker == "connection_dead"
    return (ObservedCalls(connection, calls, is_dead, purpose="import"),)


async def _fail(session: AsyncSession, row: Import, code: str, call: RecordedCall | None = None) -> Rest:
    return Rest(row, NextRound("watch"), await service.fail(session, row, code=code, call=call))


async def _write_partner(session: AsyncSession, row: Import, read: SharesRead) -> None:
    """Write what one partner shares, unless another round or import has read it already."""
    await partners.lock_business_center(session, row.agency_id, row.platform, read.partner.account_id)
    partner = await partners.find(session, row.agency_id, read.partner.id)
    await session.refresh(partner, with_for_update=True)
    if partner.import_id != row.id or partner.to_read != read.kind:
        return
    if read.shares is not None:
        await _write_shares(session, row, partner, read.kind, read.shares)
    elif read.failure is not None:
        await _write_failure(session, row, partner, read, read.failure)


async def _write_shares(session: AsyncSession, row: Import, partner: Partner, kind: str, shares: Shares) -> None:
    valid, unreadable = diff.valid_shares(shares)
    if valid or partner.client_id is not None:
        await partners.match_partner(session, partner)
    before = await writer.known_grants(session, partner, kind)
    counted = await writer.save_shares(session, partner, kind, diff.compare(valid, before, unreadable), before)
    if valid:
        partner.gone_at = None  # it shares something, even if it was not listed
    await _advance(
        session, row, partner, kind, unreadable=Import.unreadable + len(unreadable),
        grants_found=Import.grants_found + counted.found, grants_ended=Import.grants_ended + counted.ended,
        roles_changed=Import.roles_changed + counted.changed,
    )  # fmt: skip


async def _write_failure(
    session: AsyncSession, row: Import, partner: Partner, read: SharesRead, failure: PlatformFailure
) -> None:
    was_sent = any(failure.call in calls.calls for calls in read.calls)
    if isinstance(failure, Unavailable) and (failure.limited or not was_sent):
        return  # not about this partner: the call was not sent, or was rate limited
    if read.ends_round is not None:
        partner.tries += 1
        if partner.tries < MOST_TRIES or isinstance(failure, Denied):
            return
    if isinstance(failure, Denied) and partner.gone_at is not None:  # no longer a partner: it shares nothing
        await _write_shares(session, row, partner, read.kind, {})
        return
    code = {Denied: "partner_refused", UnexpectedAnswer: "answer_changed"}.get(type(failure), "platform_unavailable")
    for name, value in call_recorder.failure_columns(code, failure.call).items():
        setattr(partner, name, value)
    await _advance(session, row, partner, read.kind)


async def _advance(session: AsyncSession, row: Import, partner: Partner, kind: str, **counted: object) -> None:
    """Advance to the partner's next kind: this one was read, or given up."""
    read = writer.kinds_to_read(row.platform)
    partner.to_read, partner.tries = next(iter(read[read.index(kind) + 1 :]), None), 0
    done = _DONE[kind]
    if partner.gone_at is None:
        counted[done.key] = done + 1
    await session.flush()
    if counted:
        advanced = update(Import).where(Import.agency_id == row.agency_id, Import.id == row.id).values(**counted)
        await session.execute(advanced.execution_options(synchronize_session=False))
