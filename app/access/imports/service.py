"""Imports: reading, starting and ending them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.events import catalog
from app.events.recorder import record
from app.events.schema import AgencyAccountData, ImportFailedData
from app.kit import ids
from app.kit.actor import Actor, system_actor
from app.kit.errors import AppError, NotFound
from app.platforms import declarations
from app.platforms.port import RecordedCall
from app.tenants.agencies import service as agencies


class AgencyNotConnected(AppError):
    """Nothing can be read without the agency's own token."""

    status = 409
    code = "agency_not_connected"
    detail = "Your own side is not connected, so Keyturn cannot see what your Business Center has."
    hint = "Connect it with POST /api/v1/connections/invitations; the import then starts."


class CenterNotAdministered(AppError):
    """The person who connected cannot read this Business Center, or it is not on the agency's list."""

    status = 409
    code = "agency_account_not_administered"
    detail = "The person who connected your side is not Admin of this Business Center, or it is not on your list."
    hint = "Add it with POST /api/v1/agency/accounts, and let one of its Admins connect."


async def find(session: AsyncSession, agency_id: str, import_id: str) -> Import:
    """One import. Raises NotFound."""
    found = await session.get(Import, (agency_id, import_id))
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Import]:
    """Imports, newest first; `before` is the id of the last one seen."""
    rows = select(Import).where(Import.agency_id == agency_id)
    if before:
        rows = rows.where(Import.id < before)
    return (await session.scalars(rows.order_by(Import.id.desc()).limit(limit))).all()


async def to_read(session: AsyncSession, row: Import, *, limit: int) -> Sequence[Partner]:
    """Partners that an import has to read: ad accounts of all before catalogs, failed ones last."""
    rows = select(Partner).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.to_read.is_not(None)
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Partner.to_read, Partner.tries, Partner.id).limit(limit))).all()


async def refused(session: AsyncSession, row: Import, *, limit: int) -> Sequence[Partner]:
    """Partners of an import that could not be read."""
    rows = select(Partner).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.code.is_not(None)
    )
    return (await session.scalars(rows.order_by(Partner.id).limit(limit))).all()


async def count_refused(session: AsyncSession, row: Import) -> int:
    """Number of partners of an import that could not be read."""
    rows = select(func.count()).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.code.is_not(None)
    )
    return (await session.execute(rows)).scalar_one()


async def start(
    session: AsyncSession,
    agency_id: str,
    platform: str,
    *,
    reason: str,
    actor: Actor,
    agency_account_id: str | None = None,
) -> Sequence[Import]:
    """Start an import of each readable Business Center of the agency, or of one.

    A running one is made due instead. Raises AgencyNotConnected, CenterNotAdministered.
    """
    connection = await connections.of_agency(session, agency_id, platform)
    if connection is None:
        raise AgencyNotConnected
    readable = await _readable(session, connection)
    wanted = [account_id for account_id in readable if agency_account_id in (None, account_id)]
    if not wanted:
        raise CenterNotAdministered
    return [await _start_one(session, agency_id, platform, account_id, reason, actor) for account_id in wanted]


async def start_if_possible(session: AsyncSession, agency_id: str, platform: str, *, actor: Actor) -> None:
    """Start imports after the agency has connected; none if nothing can be read."""
    connection = await connections.of_agency(session, agency_id, platform)
    if connection is not None and await _readable(session, connection):
        await start(session, agency_id, platform, reason="connected", actor=actor)


async def start_watch(session: AsyncSession, before: Import) -> None:
    """Start the import after one that ended, so that later changes are observed."""
    await _start_one(session, before.agency_id, before.platform, before.agency_account_id, "watch", system_actor())


async def _readable(session: AsyncSession, connection: Connection) -> list[str]:
    """The agency's Business Centers that the person who connected administers, oldest first."""
    if not declarations.keys(lambda kind: kind.between_partners, connection.platform):
        return []  # nothing is shared between partners there
    usable = connections.usable(connection)
    named = await agencies.accounts(session, connection.agency_id, connection.platform)
    return [center.account_id for center in named if center.account_id in usable]


async def _start_one(
    session: AsyncSession, agency_id: str, platform: str, account_id: str, reason: str, actor: Actor
) -> Import:
    here = (Import.agency_id == agency_id, Import.platform == platform, Import.agency_account_id == account_id)
    made = (
        insert(Import)
        .values(
            agency_id=agency_id, id=ids.new("import"), platform=platform, agency_account_id=account_id, reason=reason,
            due_at=func.now(),
        )
        .on_conflict_do_update(
            index_elements=["agency_id", "platform", "agency_account_id"],
            index_where=text("status = 'running'"),  # as a literal: a parameter would not match the index
            set_={"due_at": func.now(), "reason": Import.reason if reason == "watch" else reason},
        )
        .returning(Import)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    started = (await session.scalars(made)).one()
    await session.execute(  # only the newest import starts the next one
        update(Import).where(*here, Import.status != "running").values(due_at=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    await record(
        session, catalog.IMPORT_STARTED, agency_id=agency_id, subject_id=started.id, actor=actor,
        data=AgencyAccountData(platform=platform, agency_account_id=account_id),
    )  # fmt: skip
    return started


async def finish(session: AsyncSession, row: Import) -> dict[str, Any]:
    """Record the event of a finished import; its columns."""
    await record(
        session, catalog.IMPORT_FINISHED, agency_id=row.agency_id, subject_id=row.id, actor=system_actor(),
        data=AgencyAccountData(platform=row.platform, agency_account_id=row.agency_account_id),
    )  # fmt: skip
    return {"status": "done", "finished_at": func.now()}


async def fail(session: AsyncSession, row: Import, *, code: str, call: RecordedCall | None) -> dict[str, Any]:
    """Record the event of a failed import; its columns. What was read stays; the rest does not count as gone."""
    await record(
        session, catalog.IMPORT_FAILED, agency_id=row.agency_id, subject_id=row.id, actor=system_actor(),
        data=ImportFailedData(platform=row.platform, agency_account_id=row.agency_account_id, blocker_code=code),
    )  # fmt: skip
    return {"status": "failed", "finished_at": func.now(), **call_recorder.failure_columns(code, call)}
