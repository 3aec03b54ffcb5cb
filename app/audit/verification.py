"""Verification of sealed records: computes the chain again from what is stored, and names the first deviation."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.audit import canonical, seals
from app.audit.seals import Place, Seal, SealedRecord
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.i18n.message import Message, _

#: Records that are not sealed after this time.
LATE = timedelta(hours=1)
Problem = Literal[
    "removed",
    "changed",
    "inserted",
    "personal_changed",
    "seal_changed",
    "seal_missing",
    "seal_differs",
    "key_missing",
    "not_sealed",
]
#: What a deviation means; `{record}` is an event or an audit entry.
SENTENCES: Mapping[Problem, Message] = {
    "removed": _("{record} was removed; seal {seal} covers it."),
    "changed": _("{record} was changed after seal {seal} was made."),
    "inserted": _("{record} was inserted between records that seal {seal} covers."),
    "personal_changed": _("The personal part of {record} was changed after seal {seal} was made."),
    "seal_changed": _("Seal {seal} was changed: it does not agree with the records and seals before it."),
    "seal_missing": _("Seal {seal} is missing: the log was cut off, or it is another one."),
    "seal_differs": _("Seal {seal} is not the one that you gave: the log is another one."),
    "key_missing": _(
        "The key of seal {seal} is not in the key ring, so it may have been made by somebody else. Give a printed "
        "seal, {seal} or later, to confirm it."
    ),
    "not_sealed": _(
        "{record} has not been sealed for more than an hour: the worker does not run, or seals were removed."
    ),
}


@dataclass(frozen=True)
class Deviation:
    """The first thing that is not as it was sealed: a record, or a seal by its number."""

    problem: Problem
    record_id: str | None = None
    seal: int | None = None

    @property
    def sentence(self) -> Message:
        """The deviation in words."""
        return SENTENCES[self.problem].fill(record=self.record_id or "", seal=str(self.seal or ""))


@dataclass
class Verification:
    """Result for one agency, up to the seal `through`. `erased`: personal parts that are gone."""

    agency_id: str
    seals: int = 0
    records: int = 0
    erased: int = 0
    through: Seal | None = None
    #: records after the last seal, and the time of the oldest one
    waiting: int = 0
    waiting_since: datetime | None = None
    #: True if there are further seals
    is_partial: bool = False
    deviation: Deviation | None = None


async def confirm(sessions: Sessions, keyring: Keyring, agency_id: str, given: str) -> Seal | None:
    """The seal that somebody kept, if it is the same and all that it covers is as it was. Raises SealUnreadable."""
    number, digits = canonical.parse(given)
    done = await Verifier(sessions, keyring, agency_id, [(number, digits)]).run(after=number - 1, most=1)
    is_as_it_was = done.deviation is None or done.deviation.problem == "not_sealed"  # what came later is not asked
    return done.through if is_as_it_was else None


@dataclass
class Verifier:
    """Verifies the seals of one agency, in the order of their numbers. `printed`: seals that somebody kept."""

    sessions: Sessions
    keyring: Keyring
    agency_id: str
    printed: Sequence[tuple[int, str]] = ()
    _result: Verification = field(init=False)
    #: the last seal that only a key could confirm which we lack, and the last one that agrees with a print
    _keyless: int = field(init=False, default=0)
    _kept: int = field(init=False, default=0)

    async def run(self, *, after: int = 0, most: int | None = None, counting: bool = True) -> Verification:
        """Verify up to `most` seals after a number, all by default. Ends at the first deviation.

        Without `counting`, `waiting` and `waiting_since` stay as they are; a record that waits too long is found.
        """
        self._result = result = Verification(self.agency_id)
        async with self.sessions() as session:
            last = await seals.find(session, self.agency_id, after) if after else None
            end = await seals.newest(session, self.agency_id)
            settled = await seals.settled(session)
        if after and last is None:
            return self._deviates("seal_missing", seal=after)
        until = max(settled, end.place) if end else settled  # the server may count lower than the one before it
        records = seals.in_order(self.sessions, self.agency_id, last.place if last else seals.START, until)
        number = after
        while page := await self._page(number, end.number if end else 0, most):
            for seal in page:
                await self._check(seal, last, records)
                if result.deviation is not None:
                    return result
                last, number = seal, seal.number
        result.is_partial = end is not None and number < end.number
        if not result.is_partial:
            self._compare_with_printed(number)
            await self._look_at_waiting(last.place if last else seals.START, until, counting=counting)
        return result

    async def _page(self, after: int, end: int, most: int | None) -> Sequence[Seal]:
        left = seals.SEALS_AT_ONCE if most is None else min(seals.SEALS_AT_ONCE, most - self._result.seals)
        if left < 1:
            return []
        async with self.sessions() as session:
            return [each for each in await seals.page(session, self.agency_id, after=after, limit=left)
                    if each.number <= end]  # fmt: skip

    async def _check(self, seal: Seal, last: Seal | None, records: AsyncIterator[SealedRecord]) -> None:
        """Check one seal and its records."""
        result = self._result
        if seal.number != (last.number + 1 if last else 1):
            self._deviates("seal_missing", seal=last.number + 1 if last else 1)
        elif not self._is_whole(seal, last):
            self._deviates("seal_changed", seal=seal.number)
        else:
            record: SealedRecord | None = None
            for record_id, sealed, committed in seal.records:
                record = await anext(records, None)
                if record is None or record.id != record_id:
                    await self._explain(record_id, sealed, committed, record, seal)
                else:
                    self._compare(record, sealed, committed, seal)
                if result.deviation is not None:
                    return
                result.records += 1
            if record is None or (seal.transaction_id, seal.last_id) != (record.transaction_id, record.raw_id):
                self._deviates("seal_changed", seal=seal.number)
            for digits in (digits for number, digits in self.printed if number == seal.number):
                if seal.seal.hex().startswith(digits):
                    self._kept = seal.number
                else:
                    self._deviates("seal_differs", seal=seal.number)
            result.seals, result.through = result.seals + 1, seal

    def _is_whole(self, seal: Seal, last: Seal | None) -> bool:
        """True if the seal follows the previous one, is the hash of what it keeps, and was made with our key ring."""
        many = len(seal.record_ids) * canonical.SIZE
        previous = last.seal if last else canonical.NONE
        if (seal.previous, len(seal.hashes), len(seal.commitments)) != (previous, many, many) or not many:
            return False
        if seal.total != (last.total if last else 0) + len(seal.record_ids):
            return False
        if canonical.seal_hash(seal.header, seal.hashes) != seal.seal:
            return False
        try:
            return self.keyring.decrypt_bytes(seal.seal_encrypted, bound_to=seal.bound_to) == seal.seal
        except DecryptionFailed as why:
            self._keyless = seal.number
            return why.key_id is not None

    def _compare(self, record: SealedRecord, sealed: bytes, committed: bytes, seal: Seal) -> None:
        if record.hash(committed) != sealed:
            self._deviates("changed", record.id, seal.number)
        elif record.personal is None:
            self._result.erased += committed != canonical.NONE
        elif record.commitment != committed:
            self._deviates("personal_changed", record.id, seal.number)

    async def _explain(
        self, record_id: str, sealed: bytes, committed: bytes, found: SealedRecord | None, seal: Seal
    ) -> None:
        """Name the deviation if another record, or none, is in the place of a sealed one."""
        async with self.sessions() as session:
            stored = await seals.find_record(session, self.agency_id, record_id)
            if stored is None:
                self._deviates("removed", record_id, seal.number)
            elif stored.hash(committed) != sealed or found is None:
                self._deviates("changed", record_id, seal.number)
            else:
                holds = Seal.record_ids.contains(literal([found.id], JSONB))
                moved = await session.scalar(select(Seal.number).where(Seal.agency_id == self.agency_id, holds))
                self._deviates("inserted" if moved is None else "changed", found.id, moved or seal.number)

    async def _look_at_waiting(self, after: Place, until: Place, *, counting: bool) -> None:
        result = self._result
        async with self.sessions() as session:
            first = await seals.first_of_each_kind(session, self.agency_id, after, until)
            if counting:
                result.waiting, result.waiting_since = await seals.count(session, self.agency_id, after, until)
        for record_id, occurred_at in first:
            if occurred_at < clock.now() - LATE:
                self._deviates("not_sealed", record_id)

    def _compare_with_printed(self, end: int) -> None:
        missing = [number for number, _ in self.printed if number > end]
        if missing:
            self._deviates("seal_missing", seal=min(missing))
        elif self._keyless > self._kept:  # a seal that agrees with a print confirms all before it
            self._deviates("key_missing", seal=self._keyless)

    def _deviates(self, problem: Problem, record_id: str | None = None, seal: int | None = None) -> Verification:
        if self._result.deviation is None:
            self._result.deviation = Deviation(problem, record_id, seal)
        return self._result
