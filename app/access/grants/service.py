"""Writing down access that a read showed, or no longer shows, and the wish to have it taken away."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants.models import Grant
from app.kit import ids
from app.links.models import AccessRequest

#: The columns of `uq_grants_asset`, for `ON CONFLICT`.
UNIQUE_GRANT: list[Any] = [
    "agency_id", "client_id", "platform", "kind", "asset_id", text("coalesce(parent_asset_id, '')"), "agency_bc_id",
]  # fmt: skip


@dataclass(frozen=True)
class GrantPair:
    """Whose Business Center gave to which of the agency's."""

    client_id: str
    bc_id: str
    agency_bc_id: str


@dataclass(frozen=True)
class RecordedGrant:
    """The grant that a sight belongs to, and its role and status until now; None where it is new."""

    grant_id: str
    role_before: str | None
    status_before: str | None


async def record_grant(
    session: AsyncSession, access_request: AccessRequest, pair: GrantPair, *, role: str, seen_by: str
) -> RecordedGrant:
    """One grant for one asset, however often it is seen. One that is being taken away stays so."""
    before = await _same(session, access_request, pair)
    added = insert(Grant).values(
        agency_id=access_request.agency_id,
        id=ids.new("grant"),
        client_id=pair.client_id,
        access_request_id=access_request.id,
        platform=access_request.platform,
        kind=access_request.kind,
        asset_id=access_request.asset_id,
        parent_asset_id=access_request.parent_asset_id,
        asset_name=access_request.asset_name,
        bc_id=pair.bc_id,
        agency_bc_id=pair.agency_bc_id,
        role=role,
        status="live",
        seen_by=seen_by,
    )
    kept = added.on_conflict_do_update(
        index_elements=UNIQUE_GRANT,
        index_where=text("status <> 'ended'"),  # as a literal: a parameter would not match the index
        set_={
            "role": role,
            "status": text("CASE WHEN grants.status = 'revoking' THEN grants.status ELSE 'live' END"),
            "seen_by": seen_by,
            "access_request_id": access_request.id,
            "drifted_at": None,
            "last_seen_at": func.now(),
            "updated_at": func.changed_at(),
        },
    ).returning(Grant.id)
    grant_id = (await session.execute(kept)).scalar_one()
    return RecordedGrant(grant_id, before[0] if before else None, before[1] if before else None)


async def _same(session: AsyncSession, access_request: AccessRequest, pair: GrantPair) -> tuple[str, str] | None:
    rows = select(Grant.role, Grant.status).where(
        Grant.agency_id == access_request.agency_id,
        Grant.client_id == pair.client_id,
        Grant.platform == access_request.platform,
        Grant.kind == access_request.kind,
        Grant.asset_id == access_request.asset_id,
        func.coalesce(Grant.parent_asset_id, "") == (access_request.parent_asset_id or ""),
        Grant.agency_bc_id == pair.agency_bc_id,
        Grant.status != "ended",
    )
    found = (await session.execute(rows.with_for_update())).one_or_none()
    return (found[0], found[1]) if found else None


async def mark_drifted(session: AsyncSession, agency_id: str, access_request_id: str) -> str | None:
    """The grant of an access request is no longer seen as agreed: its id, if it was live until now."""
    moved = (
        update(Grant)
        .where(Grant.agency_id == agency_id, Grant.access_request_id == access_request_id, Grant.status == "live")
        .values(status="drifted", drifted_at=func.now())
        .returning(Grant.id)
    )
    return (await session.execute(moved)).scalar_one_or_none()


async def end_grant(session: AsyncSession, grant: Grant) -> None:
    """It was read as gone."""
    grant.status = "ended"
    grant.ended_at, grant.code, grant.next_actor = func.now(), None, None
    await session.flush()
