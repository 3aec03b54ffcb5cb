"""Reading handshakes and the situation one of them is in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import queries as connections
from app.access.connections.models import Connection
from app.access.grants import queries as grants
from app.access.grants.models import Grant
from app.access.handshakes import Handshake, of_client
from app.access.reconciler.action_history import RecordedAction, history_of
from app.access.reconciler.share_policy import BY_API
from app.access.reconciler.state import ActionHistory, AssetKey, DesiredAccess
from app.kit import clock
from app.links import queries as links
from app.links import status as link_status
from app.links.models import AccessRequest, Intake, Link
from app.links.queries import lock_links_of_client
from app.tenants.clients.models import Client

#: How long after a share its arrival is looked for although the link has ended.
LONGEST_WAY = timedelta(hours=24)


@dataclass(frozen=True)
class ReconcileInput:
    """What a handshake has to go by before it looks."""

    wanted: Sequence[DesiredAccess]
    tried: ActionHistory
    client: Connection | None
    agency: Connection | None
    trip: connections.AuthorizationBlocker | None = None
    #: since when the platform gives no answer to work with
    away_since: datetime | None = None
    #: the last request for a look for which the agency's other partners were searched
    searched_at: datetime | None = None


async def load_input(session: AsyncSession, handshake: Handshake) -> ReconcileInput:
    """What is wanted, what was tried, and by whose tokens we can look."""
    agency_id = handshake.agency_id
    tried = await action_history(session, handshake)
    client = await connections.of_client(session, agency_id, handshake.client_id, handshake.platform, handshake.bc_id)
    trip = None
    if client is None or client.status != "live":
        last = await connections.last_authorization(session, agency_id, handshake.client_id, handshake.platform)
        trip = connections.authorization_blocker(last, clock.now())
    since = client.created_at if client is not None else None
    pairs = await access_requests(session, handshake)
    given = await grants.of_access_requests(
        session, agency_id, [access_request.id for _, access_request in pairs if access_request.verified_at is not None]
    )
    asked = [
        desired_access(link, access_request, tried, given.get(access_request.id), connected_at=since)
        for link, access_request in pairs
    ]
    wanted = [
        *asked,
        *(desired_removal(grant, connected_at=since) for grant in await unrequested_grants(session, handshake)),
    ]
    leaving = {each.key for each in wanted if each.key and (each.unwanted or each.reduce_at)}
    held = await held_by_others(session, agency_id, handshake.client_id, handshake.agency_bc_id, leaving)
    return ReconcileInput(
        wanted=[replace(each, held_by_others=each.key in held) for each in wanted] if held else wanted,
        tried=tried,
        client=client,
        agency=await connections.of_agency(session, agency_id, handshake.platform),
        trip=trip,
        away_since=handshake.away_since,
        searched_at=handshake.searched_at,
    )


async def lock(session: AsyncSession, handshake: Handshake) -> None:
    """Takes the locks of the client's links, in their order: what people do meanwhile waits, and is seen afterwards."""
    await lock_links_of_client(session, handshake.agency_id, handshake.client_id)


async def held_by_others(
    session: AsyncSession, agency_id: str, client_id: str, agency_bc_id: str, keys: Collection[AssetKey]
) -> frozenset[AssetKey]:
    """Of these, what other client records of the agency have from the same owner: taking it would take theirs."""
    if not keys:
        return frozenset()
    assets = {key.asset_id for key in keys}
    granted = select(Grant.kind, Grant.asset_id, Grant.parent_asset_id).where(
        Grant.agency_id == agency_id,
        Grant.client_id != client_id,
        Grant.agency_bc_id == agency_bc_id,
        Grant.asset_id.in_(assets),
        Grant.status.in_(("live", "drifted")),
        Grant.kind != "person",
        Grant.access_request_id.is_not(
            None
        ),  # access that was only found may have been shared for these same access requests
    )
    agreed = (
        select(AccessRequest.kind, AccessRequest.asset_id, AccessRequest.parent_asset_id)
        .join(Link, (Link.agency_id == AccessRequest.agency_id) & (Link.id == AccessRequest.link_id))
        .where(
            AccessRequest.agency_id == agency_id,
            Link.client_id != client_id,
            Link.agency_bc_id == agency_bc_id,
            AccessRequest.asset_id.in_(assets),
            AccessRequest.approved_at.is_not(None),
            AccessRequest.unwanted_at.is_(None),
            AccessRequest.status.not_in(link_status.OVER),
            AccessRequest.kind != "person",
        )
    )
    found = {AssetKey(*row) for row in await session.execute(granted.union(agreed))}
    return frozenset(found.intersection(keys))


async def centers_to_search(
    session: AsyncSession, handshake: Handshake, bc_ids: Collection[str], asset_ids: Collection[str]
) -> list[str]:
    """Of these Business Centers those that may be the client's, the likeliest first.

    Not those of the agency's other client records. First those of which an import found one of the assets, then those
    that no import has found anything of: their partnership is young.
    """
    agency_id, client_id = handshake.agency_id, handshake.client_id
    rows = (
        select(Grant.bc_id, Client.origin, Grant.client_id, Grant.asset_id.in_(asset_ids))
        .join(Client, (Client.agency_id == Grant.agency_id) & (Client.id == Grant.client_id))
        .where(
            Grant.agency_id == agency_id, Grant.platform == handshake.platform, Grant.bc_id.in_(bc_ids),
            Grant.status != "ended",
        )
    )  # fmt: skip
    agreed = (
        select(Handshake.bc_id)
        .join(Client, (Client.agency_id == Handshake.agency_id) & (Client.id == Handshake.client_id))
        .where(
            Handshake.agency_id == agency_id, Handshake.platform == handshake.platform, Handshake.bc_id.in_(bc_ids),
            Handshake.client_id != client_id, Client.origin == "made",
        )
    )  # fmt: skip
    taken = set((await session.scalars(agreed)).all())
    known, holding = set(), set()
    for bc_id, origin, owner, holds in (await session.execute(rows)).all():
        known.add(bc_id)
        if owner != client_id and origin == "made":
            taken.add(bc_id)
        if holds:
            holding.add(bc_id)
    return sorted(set(bc_ids) - taken, key=lambda bc_id: (bc_id not in holding, bc_id in known, bc_id))


async def maybe_shared(session: AsyncSession, agency_id: str, client_id: str) -> set[str]:
    """The assets of a client that we may have shared, whatever we were told: they are not let out of sight."""
    found: set[str] = set()
    for handshake in await of_client(session, agency_id, client_id):
        tried = await action_history(session, handshake)
        found |= {key.asset_id for key, last in tried.given.items() if last.may_have_happened}
    return found


async def action_history(session: AsyncSession, handshake: Handshake) -> ActionHistory:
    """The last attempts of a handshake, as its platform calls tell."""
    rows = await call_recorder.of_handshake(session, handshake.agency_id, handshake.id, purposes=("share", "take_back"))
    return history_of(
        [
            RecordedAction(
                row.started_at,
                row.purpose,
                row.request,
                row.outcome,
                row.blocker,
                row.operation,
                row.code,
                row.message or "",
                row.platform_request_id,
            )
            for row in rows
        ]
    )


async def unrequested_grants(session: AsyncSession, handshake: Handshake) -> Sequence[Grant]:
    """Grants of the two Business Centers that are to be taken away and that no access request stands for.

    An access request that is over does not: it ended, or its client said no to a wider role, while the access was
    still there.
    """
    stands = select(AccessRequest.id).where(
        AccessRequest.agency_id == Grant.agency_id,
        AccessRequest.id == Grant.access_request_id,
        AccessRequest.status.not_in(link_status.OVER),
    )
    rows = select(Grant).where(
        Grant.agency_id == handshake.agency_id,
        Grant.client_id == handshake.client_id,
        Grant.bc_id == handshake.bc_id,
        Grant.agency_bc_id == handshake.agency_bc_id,
        ~stands.exists(),
        Grant.status == "revoking",
    )
    return (await session.scalars(rows.order_by(Grant.id))).all()


async def access_requests(session: AsyncSession, handshake: Handshake) -> Sequence[tuple[Link, AccessRequest]]:
    """The access requests this handshake answers: of the client's links that name its two Business Centers."""
    every = await links.access_requests_of_client(session, handshake.agency_id, handshake.client_id, handshake.platform)
    rows = select(Intake.id).where(
        Intake.agency_id == handshake.agency_id,
        Intake.id.in_({link.id for link, _ in every}),
        Intake.bc_id == handshake.bc_id,
    )
    here = set((await session.scalars(rows)).all())
    return [
        (link, access_request)
        for link, access_request in every
        if link.id in here and link.agency_bc_id == handshake.agency_bc_id
    ]


def desired_access(
    link: Link,
    access_request: AccessRequest,
    tried: ActionHistory,
    grant: Grant | None = None,
    *,
    connected_at: datetime | None = None,
) -> DesiredAccess:
    """An access request, and the grant that answers it, as a decision needs them.

    Where a link ended, what was proved or may be on its way is still looked at.
    """
    now = clock.now()
    ended = link_status.is_dead(link_status.as_of(link.status, link.expires_at, now))
    last = tried.given.get(AssetKey(access_request.kind, access_request.asset_id or "", access_request.parent_asset_id))
    on_its_way = last is not None and last.may_have_happened and now - last.at < LONGEST_WAY
    leaves = access_request.unwanted_at is not None
    by_api = access_request.kind in BY_API
    return DesiredAccess(
        access_request_id=access_request.id,
        kind=access_request.kind,
        asset_id=access_request.asset_id,
        parent_asset_id=access_request.parent_asset_id,
        role=access_request.role,
        lane="connected" if by_api and link.lane == "connected" else "guided",
        approved_at=access_request.approved_at,
        declined=access_request.declined_at is not None,
        link_ended=ended,
        over=access_request.status == "ended"
        if leaves
        else ended and access_request.verified_at is None and not on_its_way,
        unwanted=leaves,
        unwanted_at=access_request.unwanted_at,
        attested=access_request.attested_at is not None,
        was_verified=access_request.verified_at is not None,
        proved_by_client=access_request.verified_at is not None and access_request.seen_by == "client",
        recheck_at=access_request.recheck_at,
        reduce_at=access_request.reduce_at,
        connected_at=connected_at,
        seen_at=grant.last_seen_at if grant is not None else access_request.verified_at,
        drifted_at=grant.drifted_at if grant is not None else None,
        listed_at=access_request.listed_at,
        needs_events=access_request.needs_events,
        email=access_request.person_email,
        center_typed=link.lane == "guided",
        shared_from=access_request.shared_from_bc_id,
    )


def desired_removal(grant: Grant, *, connected_at: datetime | None = None) -> DesiredAccess:
    """A grant that nobody asked for here and that is to be taken away."""
    return DesiredAccess(
        access_request_id=None, kind=grant.kind, asset_id=grant.asset_id, parent_asset_id=grant.parent_asset_id,
        role=grant.role,
        lane="connected", unwanted=True, unwanted_at=grant.revocation_requested_at, connected_at=connected_at,
    )  # fmt: skip
