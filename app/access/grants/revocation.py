"""Revocation of a grant: the reconciler removes the access, and only an observation proves that it is gone."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, handshakes
from app.access.grants import queries as grants
from app.access.grants.models import Grant
from app.events import catalog
from app.events.recorder import record
from app.kit.errors import AppError
from app.links import queries as links
from app.links.models import AccessRequest
from app.links.status import OVER


class PixelWasLinkedBefore(AppError):
    """The pixel was connected to the ad account before us: undoing that would take it from others."""

    status = 409
    code = "pixel_linked_by_others"
    detail = "This pixel was connected to the ad account before Keyturn, so others may rely on it."
    hint = "Take the ad account's grant away: your agency sees the pixel through it alone."


async def revoke_grant(session: AsyncSession, agency_id: str, grant_id: str, *, actor: str) -> Grant:
    """The agency no longer wants it. Asking again changes nothing. Raises NotFound, PixelWasLinkedBefore.

    What hangs on an ad account (its pixels) goes with it. Other agencies' shares are theirs and are not touched.
    """
    grant = await grants.find(session, agency_id, grant_id)
    # links before grants, as everywhere: a look that writes them meanwhile would wait in a circle with this
    await links.lock_links_of_client(session, agency_id, grant.client_id)
    await session.refresh(grant, with_for_update=True)
    if grant.status in ("revoking", "ended"):
        return grant
    together = [grant, *await _dependents(session, grant)]
    if grant.kind == "pixel" and not await _is_ours(session, grant):
        raise PixelWasLinkedBefore
    for each in together:
        await _revoke(session, each, actor)
    await handshakes.start(
        session, agency_id, client_id=grant.client_id, platform=grant.platform, bc_id=grant.bc_id,
        agency_bc_id=grant.agency_bc_id,
    )  # fmt: skip
    await session.refresh(grant)
    return grant


async def _revoke(session: AsyncSession, grant: Grant, actor: str) -> None:
    for access_request in await _requests(session, grant):
        access_request.unwanted_at = access_request.unwanted_at or func.now()
    if grant.status not in ("revoking", "ended"):
        grant.status, grant.revocation_requested_at = "revoking", func.now()
        await session.flush()
        await record(
            session, catalog.GRANT_REVOCATION_REQUESTED, agency_id=grant.agency_id, subject_id=grant.id, actor=actor,
            data={
                "grant_id": grant.id, "client_id": grant.client_id, "platform": grant.platform,
                "asset_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
            },
        )  # fmt: skip


async def _requests(session: AsyncSession, grant: Grant) -> Sequence[AccessRequest]:
    """Every access request of the client that this grant answers, on whichever link."""
    every = await links.access_requests_of_client(session, grant.agency_id, grant.client_id, grant.platform)
    same = (grant.kind, grant.asset_id, grant.parent_asset_id)
    return [
        access_request
        for link, access_request, _ in every
        if (access_request.kind, access_request.asset_id, access_request.parent_asset_id) == same
        and link.agency_bc_id == grant.agency_bc_id
        # one that waits for a yes to a wider role stands for what is shared already
        and (access_request.approved_at is not None or access_request.id == grant.access_request_id)
        and access_request.status not in OVER
    ]


async def _dependents(session: AsyncSession, grant: Grant) -> Sequence[Grant]:
    if grant.kind != "ad_account":
        return []
    rows = select(Grant).where(
        Grant.agency_id == grant.agency_id, Grant.client_id == grant.client_id, Grant.platform == grant.platform,
        Grant.parent_asset_id == grant.asset_id, Grant.agency_bc_id == grant.agency_bc_id,
        Grant.status.in_(("live", "drifted")),
    )  # fmt: skip
    return (await session.scalars(rows.with_for_update())).all()


async def _is_ours(session: AsyncSession, grant: Grant) -> bool:
    """True if the last attempt to share it may have succeeded, so that it was not there before us."""
    every = await handshakes.of_client(session, grant.agency_id, grant.client_id)
    last = await call_recorder.last_share(
        session, grant.agency_id, [handshake.id for handshake in every], kind=grant.kind, asset_id=grant.asset_id,
        parent_asset_id=grant.parent_asset_id,
    )  # fmt: skip
    return last is not None and last.may_have_happened
