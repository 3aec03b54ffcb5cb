"""Grants as observations show them: recorded, drifted, ended."""

from collections.abc import Mapping, Sequence
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

#: Platform, kind, id, and the ad account a pixel is observed on.
_Asset = tuple[str, str, str, str | None]


@dataclass(frozen=True)
class GrantPair:
    """Client and Business Centers of a grant: the one that shares, and the agency's."""

    client_id: str
    bc_id: str
    agency_bc_id: str


@dataclass(frozen=True)
class RecordedGrant:
    """The grant of an observation, with its role and status until now; None where it is new."""

    grant_id: str
    role_before: str | None
    status_before: str | None


async def record_grants(
    session: AsyncSession, pair: GrantPair, observed: Sequence[tuple[AccessRequest, str, str]]
) -> Mapping[str, RecordedGrant]:
    """Record access that was observed with a role by one side; the grants by access request.

    An asset has one grant, however often it is observed. One that is to be removed stays so.
    """
    if not observed:
        return {}
    before = await _current(session, pair, [request for request, _, _ in observed])
    rows = {
        _asset(request): {
            "agency_id": request.agency_id, "id": ids.new("grant"), "client_id": pair.client_id,
            "access_request_id": request.id, "platform": request.platform, "kind": request.kind,
            "asset_id": request.asset_id, "parent_asset_id": request.parent_asset_id,
            "asset_name": request.asset_name, "bc_id": pair.bc_id, "agency_bc_id": pair.agency_bc_id, "role": role,
            "status": "live", "seen_by": seen_by,
        }
        for request, role, seen_by in observed
    }  # fmt: skip
    added = insert(Grant).values(list(rows.values()))
    recorded = added.on_conflict_do_update(
        index_elements=UNIQUE_GRANT,
        index_where=text("status <> 'ended'"),  # as a literal: a parameter would not match the index
        set_={
            "role": added.excluded.role,
            "status": text("CASE WHEN grants.status = 'revoking' THEN grants.status ELSE 'live' END"),
            "seen_by": added.excluded.seen_by,
            "access_request_id": added.excluded.access_request_id,
            "drifted_at": None,
            "last_seen_at": func.now(),
            "updated_at": func.changed_at(),
        },
    ).returning(Grant.id, Grant.platform, Grant.kind, Grant.asset_id, Grant.parent_asset_id)
    grant_ids = {tuple(asset): grant_id for grant_id, *asset in await session.execute(recorded)}
    recorded_grants: dict[str, RecordedGrant] = {}
    for request, role, _ in observed:
        key = _asset(request)
        recorded_grants[request.id] = RecordedGrant(grant_ids[key], *before.get(key, (None, None)))
        before[key] = (role, "live")  # access requests of two links may stand for one asset
    return recorded_grants


async def _current(
    session: AsyncSession, pair: GrantPair, requests: Sequence[AccessRequest]
) -> dict[_Asset, tuple[str, str]]:
    """Role and status of the grants that these assets have already, locked in their order."""
    asset = (Grant.platform, Grant.kind, Grant.asset_id, Grant.parent_asset_id)
    rows = select(*asset, Grant.role, Grant.status).where(
        Grant.agency_id == requests[0].agency_id,
        Grant.client_id == pair.client_id,
        Grant.asset_id.in_({request.asset_id for request in requests}),
        Grant.agency_bc_id == pair.agency_bc_id,
        Grant.status != "ended",
    )
    found = await session.execute(rows.order_by(Grant.id).with_for_update())
    return {
        (platform, kind, asset_id, parent): (role, status) for platform, kind, asset_id, parent, role, status in found
    }


def _asset(request: AccessRequest) -> _Asset:
    return request.platform, request.kind, request.asset_id or "", request.parent_asset_id


async def mark_drifted(session: AsyncSession, agency_id: str, access_request_id: str) -> str | None:
    """Mark the grant of an access request as drifted: its id, if it was live until now."""
    moved = (
        update(Grant)
        .where(Grant.agency_id == agency_id, Grant.access_request_id == access_request_id, Grant.status == "live")
        .values(status="drifted", drifted_at=func.now())
        .returning(Grant.id)
    )
    return (await session.execute(moved)).scalar_one_or_none()


async def end_grant(session: AsyncSession, grant: Grant) -> None:
    """End a grant that was observed to be gone."""
    grant.status = "ended"
    grant.ended_at, grant.code, grant.next_actor = func.now(), None, None
    await session.flush()
