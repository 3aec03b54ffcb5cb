"""Grants: reading them, recording what observations show, and revocation.

A revocation only requests: the reconciler removes the access, and an observation proves that it is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, handshakes
from app.access.grants.models import Grant
from app.events import catalog
from app.events.recorder import record
from app.events.schema import GrantData
from app.kit import clock, ids
from app.kit.actor import Actor
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.kit.web import paging
from app.kit.web.paging import ChangePage
from app.links import queries as links
from app.links.models import AccessRequest
from app.links.status import OVER
from app.tenants.clients import service as clients

#: The columns of `uq_grants_asset`, for `ON CONFLICT`.
UNIQUE_GRANT: list[Any] = [
    "agency_id", "client_id", "platform", "kind", "asset_id", text("coalesce(parent_asset_id, '')"),
    "agency_account_id",
]  # fmt: skip
#: Platform, kind, id, and the ad account a pixel is observed on.
_Asset = tuple[str, str, str, str | None]


class PixelWasLinkedBefore(AppError):
    """The pixel was linked to the ad account before: unlinking it would affect others."""

    status = 409
    code = "pixel_linked_by_others"
    detail = "This pixel was connected to the ad account before Keyturn, so others may rely on it."
    hint = "Revoke the grant of the ad account: your agency sees the pixel only through it."
    message = _("This was connected before Keyturn, so others may rely on it.")
    advice = _("Take away the access to its ad account instead; you see it only through that.")


@dataclass(frozen=True)
class GrantPair:
    """Client and Business Centers of a grant: the one that shares, and the agency's."""

    client_id: str
    client_account_id: str
    agency_account_id: str


@dataclass(frozen=True)
class RecordedGrant:
    """The grant of an observation, with its role and status until now; None where it is new."""

    grant_id: str
    role_before: str | None
    status_before: str | None


async def find(session: AsyncSession, agency_id: str, grant_id: str, *, lock: bool = False) -> Grant:
    """One grant. Raises NotFound."""
    found = await session.get(Grant, (agency_id, grant_id), with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    client_id: str | None = None,
    updated_since: datetime | None = None,
) -> ChangePage[Grant]:
    """Grants, newest first; with `updated_since` in the order of their changes."""
    rows = select(Grant).where(Grant.agency_id == agency_id)
    if client_id:
        rows = rows.where(Grant.client_id == client_id)
    return await paging.change_page(session, rows, Grant, limit=limit, cursor=cursor, since=updated_since)


async def of_access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> Grant | None:
    """The current grant of an access request."""
    rows = select(Grant).where(
        Grant.agency_id == agency_id, Grant.access_request_id == access_request_id, Grant.status != "ended"
    )
    return (await session.scalars(rows)).one_or_none()


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[Grant]:
    """Current grants of a client with an access request, or to be removed. Found ones may be thousands."""
    rows = select(Grant).where(
        Grant.agency_id == agency_id, Grant.client_id == client_id, Grant.status != "ended",
        Grant.access_request_id.is_not(None) | (Grant.status == "revoking"),
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Grant.id))).all()


async def access_requests_with_grant(session: AsyncSession, agency_id: str, client_id: str) -> frozenset[str]:
    """Ids of the access requests of a client that have a current grant."""
    rows = select(Grant.access_request_id).where(
        Grant.agency_id == agency_id,
        Grant.client_id == client_id,
        Grant.access_request_id.is_not(None),
        Grant.status != "ended",
    )
    return frozenset(access_request_id for access_request_id in await session.scalars(rows) if access_request_id)


async def record_grants(
    session: AsyncSession, pair: GrantPair, observed: Sequence[tuple[AccessRequest, str, str]]
) -> Mapping[str, RecordedGrant]:
    """Record access that was observed with a role by one side; the grants by access request.

    An asset has one grant, however often it is observed. One that is to be removed stays so. An observation that
    changes nothing does not change `updated_at`.
    """
    if not observed:
        return {}
    before = await _current(session, pair, [request for request, _, _ in observed])
    rows = {
        _asset(request): {
            "agency_id": request.agency_id, "id": ids.new("grant"), "client_id": pair.client_id,
            "access_request_id": request.id, "platform": request.platform, "kind": request.kind,
            "asset_id": request.asset_id, "parent_asset_id": request.parent_asset_id,
            "asset_name": request.asset_name, "client_account_id": pair.client_account_id,
            "agency_account_id": pair.agency_account_id, "role": role,
            "status": "live", "seen_by": seen_by,
        }
        for request, role, seen_by in observed
    }  # fmt: skip
    added = insert(Grant)
    recorded = added.on_conflict_do_update(
        index_elements=UNIQUE_GRANT,
        index_where=text("status <> 'ended'"),  # as a literal: a parameter would not match the index
        set_={  # without parameters, which would make one statement of each row
            "role": added.excluded.role,
            "status": text("CASE WHEN grants.status = 'revoking' THEN grants.status ELSE 'live' END"),
            "seen_by": added.excluded.seen_by,
            "access_request_id": added.excluded.access_request_id,
            "drifted_at": null(),
            "last_seen_at": func.now(),
            "updated_at": case((_is_changed_by(added), func.changed_at()), else_=Grant.updated_at),
        },
    ).returning(Grant.id, Grant.platform, Grant.kind, Grant.asset_id, Grant.parent_asset_id)
    grant_ids = {tuple(asset): grant_id for grant_id, *asset in await session.execute(recorded, list(rows.values()))}
    recorded_grants: dict[str, RecordedGrant] = {}
    for request, role, _side in observed:
        key = _asset(request)
        recorded_grants[request.id] = RecordedGrant(grant_ids[key], *before.get(key, (None, None)))
        before[key] = (role, "live")  # access requests of two links may stand for one asset
    return recorded_grants


def _is_changed_by(added: Insert) -> ColumnElement[bool]:
    return or_(
        Grant.role != added.excluded.role,
        Grant.status == literal_column("'drifted'"),
        Grant.seen_by != added.excluded.seen_by,
        Grant.access_request_id.is_distinct_from(added.excluded.access_request_id),
    )


async def _current(
    session: AsyncSession, pair: GrantPair, requests: Sequence[AccessRequest]
) -> dict[_Asset, tuple[str, str]]:
    """Role and status of the grants that these assets have already, locked in their order."""
    asset = (Grant.platform, Grant.kind, Grant.asset_id, Grant.parent_asset_id)
    rows = select(*asset, Grant.role, Grant.status).where(
        Grant.agency_id == requests[0].agency_id,
        Grant.client_id == pair.client_id,
        Grant.asset_id.in_({request.asset_id for request in requests}),
        Grant.agency_account_id == pair.agency_account_id,
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


def facts(grant: Grant) -> dict[str, Any]:
    """The grant's part of an event's data."""
    return {
        "platform": grant.platform, "platform_account_id": grant.client_account_id, "grant_id": grant.id,
        "asset_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
        "role_granted": grant.role, "verified_at": clock.iso(grant.verified_at),
    }  # fmt: skip


async def revoke_grant(session: AsyncSession, agency_id: str, grant_id: str, *, actor: Actor) -> Grant:
    """Revoke a grant and those that depend on it (the pixels of an ad account). Repeating it changes nothing.

    Shares with other agencies are not touched. Raises NotFound, PixelWasLinkedBefore.
    """
    grant = await find(session, agency_id, grant_id)
    # links before grants, as everywhere: otherwise a concurrent round of the reconciler would deadlock with this
    await links.lock_links_of_client(session, agency_id, grant.client_id)
    await session.refresh(grant, with_for_update=True)
    if grant.status in ("revoking", "ended"):
        return grant
    together = [grant, *await _dependents(session, grant)]
    if _may_have_been_there(grant) and not await _is_ours(session, grant):
        raise PixelWasLinkedBefore
    for each in together:
        await _revoke(session, each, actor)
    await handshakes.start(
        session, agency_id, client_id=grant.client_id, platform=grant.platform,
        client_account_id=grant.client_account_id,
        agency_account_id=grant.agency_account_id,
    )  # fmt: skip
    await session.refresh(grant)
    return grant


async def _revoke(session: AsyncSession, grant: Grant, actor: Actor) -> None:
    by_link: dict[str, list[str]] = {}
    for access_request in await _requests(session, grant):
        by_link.setdefault(access_request.link_id, []).append(access_request.id)
    for link_id, access_request_ids in by_link.items():
        link = await links.load_link(session, grant.agency_id, link_id, lock=True)
        link.mark_unwanted(access_request_ids)
        await link.save(session)
    if grant.status not in ("revoking", "ended"):
        grant.status, grant.revocation_requested_at = "revoking", func.now()
        await session.flush()
        await record(
            session, catalog.GRANT_REVOCATION_REQUESTED, agency_id=grant.agency_id, subject_id=grant.id, actor=actor,
            data=GrantData(
                **clients.facts(await clients.find(session, grant.agency_id, grant.client_id)), **facts(grant)
            ),
        )  # fmt: skip


async def _requests(session: AsyncSession, grant: Grant) -> Sequence[AccessRequest]:
    """Every access request of the client for this grant, on all of its links."""
    every = await links.access_requests_of_client(session, grant.agency_id, grant.client_id, grant.platform)
    same = (grant.kind, grant.asset_id, grant.parent_asset_id)
    return [
        access_request
        for _, on, access_request in every
        if (access_request.kind, access_request.asset_id, access_request.parent_asset_id) == same
        and on.agency_account_id == grant.agency_account_id
        # one that waits for approval of a wider role still covers the role that is shared
        and (access_request.approved_at is not None or access_request.id == grant.access_request_id)
        and access_request.status not in OVER
    ]


async def _dependents(session: AsyncSession, grant: Grant) -> Sequence[Grant]:
    if not grant.asset_kind.has_dependents:
        return []
    rows = select(Grant).where(
        Grant.agency_id == grant.agency_id, Grant.client_id == grant.client_id, Grant.platform == grant.platform,
        Grant.parent_asset_id == grant.asset_id, Grant.agency_account_id == grant.agency_account_id,
        Grant.status.in_(("live", "drifted")),
    )  # fmt: skip
    return (await session.scalars(rows.with_for_update())).all()


def _may_have_been_there(grant: Grant) -> bool:
    """True if it may be older than our access, and removing that would remove it: a person only loses the assets."""
    return grant.asset_kind.may_predate and not grant.asset_kind.is_person


async def _is_ours(session: AsyncSession, grant: Grant) -> bool:
    """True if the last attempt to share it may have succeeded, so that it was not there before us."""
    every = await handshakes.of_client(session, grant.agency_id, grant.client_id)
    last = await call_recorder.last_share(
        session, grant.agency_id, [handshake.id for handshake in every], kind=grant.kind, asset_id=grant.asset_id,
        parent_asset_id=grant.parent_asset_id,
    )  # fmt: skip
    return last is not None and last.may_have_happened
