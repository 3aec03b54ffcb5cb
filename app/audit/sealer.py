"""Background job that seals: chains the records of every agency in the order of their commits, after the fact.

Writers pay nothing for it. At rest it asks one question for all agencies. A round may be killed or run twice: a seal
has the next number of its agency, and only one of two with the same number is kept.
"""

from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from app.audit import canonical, seals
from app.audit.seals import Place, Seal, SealedRecord, Sealer
from app.kit import clock, ids, jobs
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.jobs import JobType

log = structlog.get_logger(__name__)
EVERY = timedelta(seconds=20)
#: Delay after a round that left something, and the seals that a round makes for one agency at most.
SOON, MOST = timedelta(seconds=1), 40
#: Agencies with records after their last seal, and the oldest running transaction.
_BEHIND = text(
    """
    SELECT agencies.id, horizon.number AS below FROM agencies
    CROSS JOIN (
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + transaction_base() AS number
    ) horizon
    LEFT JOIN LATERAL (
      SELECT transaction_id, last_id FROM audit_seals WHERE audit_seals.agency_id = agencies.id
      ORDER BY number DESC LIMIT 1
    ) last ON true
    CROSS JOIN LATERAL (
      SELECT coalesce(last.transaction_id, 0) AS transaction_id,
        coalesce(last.last_id, '00000000-0000-0000-0000-000000000000') AS id
    ) place
    WHERE EXISTS (
      SELECT FROM events WHERE events.agency_id = agencies.id AND events.transaction_id < horizon.number
        AND (events.transaction_id, events.id) > (place.transaction_id, place.id)
    ) OR EXISTS (
      SELECT FROM audit_entries entry WHERE entry.agency_id = agencies.id AND entry.transaction_id < horizon.number
        AND (entry.transaction_id, entry.id) > (place.transaction_id, place.id)
    )
    """
).columns(id=ids.Id("agency"))


def work(sessions: Sessions, keyring: Keyring) -> list[JobType[Sealer]]:
    """Job type for the worker."""
    return [
        JobType(
            "seals of the audit log", Sealer, partial(run, sessions, keyring), concurrency=1,
            longest=timedelta(minutes=10),
        )
    ]  # fmt: skip


async def run(sessions: Sessions, keyring: Keyring, row: Sealer) -> None:
    """Run one round."""
    done = await seal_all(sessions, keyring)
    async with sessions.begin() as session:
        await jobs.finish(session, row, due_in=EVERY if done else SOON)


async def seal_all(sessions: Sessions, keyring: Keyring) -> bool:
    """Seal what every agency has recorded. False if the round reached its limit first."""
    async with sessions() as session:
        rows = await session.execute(_BEHIND, execution_options=CROSS_TENANT)
        behind = [(row.id, seals.before(row.below)) for row in rows]
    return all([await _seal_agency(sessions, keyring, agency_id, end) for agency_id, end in behind])


async def _seal_agency(sessions: Sessions, keyring: Keyring, agency_id: str, end: Place) -> bool:
    for _ in range(MOST):
        async with sessions.begin() as session:
            last = await seals.newest(session, agency_id)
            records = await seals.read(session, agency_id, last.place if last else seals.START, end)
            if not records:
                return True
            made = _make(agency_id, last, records)
            made.seal_encrypted = keyring.encrypt_bytes(made.seal, bound_to=made.bound_to)
            values = {column.key: getattr(made, column.key) for column in Seal.__table__.columns}
            await session.execute(insert(Seal).values(values).on_conflict_do_nothing())
        if len(records) < seals.AT_ONCE:
            return True
    return False


def _make(agency_id: str, last: Seal | None, records: list[SealedRecord]) -> Seal:
    """The next seal, which covers these records."""
    committed = [record.commitment for record in records]
    end = records[-1]
    made = Seal(
        agency_id=agency_id, id=ids.new("seal"), number=last.number + 1 if last else 1, sealed_at=clock.now(),
        transaction_id=end.transaction_id, last_id=end.raw_id,
        total=(last.total if last else 0) + len(records), record_ids=[record.id for record in records],
        hashes=b"".join(record.hash(each) for record, each in zip(records, committed, strict=True)),
        commitments=b"".join(committed), previous=last.seal if last else canonical.NONE,
    )  # fmt: skip
    made.seal = canonical.seal_hash(made.header, made.hashes)
    return made
