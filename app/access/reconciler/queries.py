"""Input of partner access: desired access, action history and connections of a handshake."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, handshakes
from app.access.call_recorder import PlatformCall
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.handshakes import Handshake
from app.access.reconciler.action_history import RecordedAction, history_of
from app.access.reconciler.state import ActionHistory, DesiredAccess
from app.kit import clock
from app.links import queries as links
from app.links import status as link_status
from app.links.models import AccessRequest, Link, LinkPlatform
from app.platforms import declarations
from app.platforms.access import AssetKey
from app.tenants.clients.models import Client

#: Time after a share for which its arrival is observed although the link has ended.
LONGEST_WAY = timedelta(hours=24)


@dataclass(frozen=True)
class ReconcileInput:
    """Rows that a handshake is reconciled from.

    `requests`: access requests that it answers, with their links; `client_requests`: all of its client on the platform.
    `has_token`: the client has a usable connection.
    `grants`: current grants of the client that answer an access request or are to be removed; `removals`: those of the
    handshake that are to be removed and have no current access request. `searched_at`: the last request for a check
    for which the agency's other partners were searched.
    """

    desired: Sequence[DesiredAccess]
    history: ActionHistory
    client: Connection | None
    agency: Connection | None
    has_token: bool = True
    authorization_blocker: connections.AuthorizationBlocker | None = None
    unavailable_since: datetime | None = None
    searched_at: datetime | None = None
    requests: Sequence[tuple[Link, AccessRequest]] = ()
    client_requests: Sequence[tuple[Link, AccessRequest]] = ()
    grants: Sequence[Grant] = ()
    removals: Sequence[Grant] = ()


async def load_input(
    session: AsyncSession, handshake: Handshake, history: ActionHistory | None = None
) -> ReconcileInput:
    """Load desired access, action history, and the connections that can observe.

    `history`: as loaded before under the same lease, within which only this round acts.
    """
    agency_id, client_id, platform = handshake.agency_id, handshake.client_id, handshake.platform
    if history is None:
        history = await action_history(session, agency_id, [handshake.id])
    client, agency, has_token = await connections.of_both(
        session, agency_id, client_id, platform, handshake.client_account_id
    )
    blocker = None
    if client is None or not client.is_usable:
        last = await connections.last_authorization(session, agency_id, client_id, platform)
        blocker = connections.authorization_blocker(last, clock.now())
    found = await links.access_requests_of_client(session, agency_id, client_id, platform)
    requests = [
        (link, on, request)
        for link, on, request in found
        if (on.client_account_id, on.agency_account_id) == (handshake.client_account_id, handshake.agency_account_id)
    ]
    granted = await grants.of_client(session, agency_id, client_id)
    standing = {request.id for _, _, request in found if request.status not in link_status.OVER}
    removals = [grant for grant in granted if _is_removal(grant, handshake) and grant.access_request_id not in standing]
    by_request = {grant.access_request_id: grant for grant in granted}
    connected_at = client.created_at if client is not None else None
    desired = [
        *(
            desired_access(
                link, on, request, history, by_request.get(request.id) if request.verified_at else None, connected_at
            )
            for link, on, request in requests
        ),
        *(desired_removal(grant, connected_at) for grant in removals),
    ]
    leaving = {each.key for each in desired if each.key and (each.unwanted or each.reduce_at)}
    held = await held_by_others(session, handshake, leaving)
    return ReconcileInput(
        desired=[replace(each, held_by_others=each.key in held) for each in desired] if held else desired,
        history=history,
        client=client,
        agency=agency,
        has_token=has_token,
        authorization_blocker=blocker,
        unavailable_since=handshake.unavailable_since,
        searched_at=handshake.searched_at,
        requests=[(link, request) for link, _, request in requests],
        client_requests=[(link, request) for link, _, request in found],
        grants=granted,
        removals=removals,
    )


def _is_removal(grant: Grant, handshake: Handshake) -> bool:
    here = (handshake.client_account_id, handshake.agency_account_id)
    return grant.status == "revoking" and (grant.client_account_id, grant.agency_account_id) == here


async def held_by_others(
    session: AsyncSession, handshake: Handshake, keys: Collection[AssetKey]
) -> frozenset[AssetKey]:
    """Those of these assets that other client records of the agency also have: a removal would affect them."""
    if not keys:
        return frozenset()
    agency_id, client_id, agency_account_id = handshake.agency_id, handshake.client_id, handshake.agency_account_id
    people = declarations.keys(lambda kind: kind.is_person, handshake.platform)
    assets = {key.asset_id for key in keys}
    granted = select(Grant.kind, Grant.asset_id, Grant.parent_asset_id).where(
        Grant.agency_id == agency_id,
        Grant.client_id != client_id,
        Grant.platform == handshake.platform,
        Grant.agency_account_id == agency_account_id,
        Grant.asset_id.in_(assets),
        Grant.status.in_(("live", "drifted")),
        Grant.kind.not_in(people),
        # found access may be the result of these same access requests
        Grant.access_request_id.is_not(None),
    )
    agreed = (
        select(AccessRequest.kind, AccessRequest.asset_id, AccessRequest.parent_asset_id)
        .join(Link, (Link.agency_id == AccessRequest.agency_id) & (Link.id == AccessRequest.link_id))
        .join(
            LinkPlatform,
            (LinkPlatform.agency_id == AccessRequest.agency_id)
            & (LinkPlatform.link_id == AccessRequest.link_id)
            & (LinkPlatform.platform == AccessRequest.platform),
        )
        .where(
            AccessRequest.agency_id == agency_id,
            Link.client_id != client_id,
            LinkPlatform.platform == handshake.platform,
            LinkPlatform.agency_account_id == agency_account_id,
            AccessRequest.asset_id.in_(assets),
            AccessRequest.approved_at.is_not(None),
            AccessRequest.unwanted_at.is_(None),
            AccessRequest.status.not_in(link_status.OVER),
            AccessRequest.kind.not_in(people),
        )
    )
    found = {AssetKey(*row) for row in await session.execute(granted.union(agreed))}
    return frozenset(found.intersection(keys))


async def centers_to_search(
    session: AsyncSession, handshake: Handshake, account_ids: Collection[str], asset_ids: Collection[str]
) -> list[str]:
    """Those of these Business Centers that may be the client's, the likeliest first.

    Without those of other client records. First those with one of the assets in an import, then those without any
    import result: their partnership is recent.
    """
    agency_id, client_id = handshake.agency_id, handshake.client_id
    rows = (
        select(Grant.client_account_id, Client.origin, Grant.client_id, Grant.asset_id.in_(asset_ids))
        .join(Client, (Client.agency_id == Grant.agency_id) & (Client.id == Grant.client_id))
        .where(
            Grant.agency_id == agency_id, Grant.platform == handshake.platform,
            Grant.client_account_id.in_(account_ids),
            Grant.status != "ended",
        )
    )  # fmt: skip
    agreed = (
        select(Handshake.client_account_id)
        .join(Client, (Client.agency_id == Handshake.agency_id) & (Client.id == Handshake.client_id))
        .where(
            Handshake.agency_id == agency_id, Handshake.platform == handshake.platform,
            Handshake.client_account_id.in_(account_ids),
            Handshake.client_id != client_id, Client.origin == "made",
        )
    )  # fmt: skip
    taken = set((await session.scalars(agreed)).all())
    known, holding = set(), set()
    for account_id, origin, owner, holds in (await session.execute(rows)).all():
        known.add(account_id)
        if owner != client_id and origin == "made":
            taken.add(account_id)
        if holds:
            holding.add(account_id)
    return sorted(
        set(account_ids) - taken, key=lambda account_id: (account_id not in holding, account_id in known, account_id)
    )


async def maybe_shared(session: AsyncSession, agency_id: str, client_id: str) -> set[str]:
    """The assets of a client that we may have shared, with or without an answer: they stay observed."""
    every = await handshakes.of_client(session, agency_id, client_id)
    history = await action_history(session, agency_id, [handshake.id for handshake in every])
    return {key.asset_id for key, last in history.shared.items() if last.may_have_happened}


async def action_history(session: AsyncSession, agency_id: str, handshake_ids: Sequence[str]) -> ActionHistory:
    """The last attempts of handshakes, as their platform calls record them."""
    rows = await call_recorder.of_handshakes(session, agency_id, handshake_ids, purposes=("share", "unshare"))
    return history_of(recorded_actions(rows))


def recorded_actions(rows: Iterable[PlatformCall]) -> list[RecordedAction]:
    """Platform calls as values of the history."""
    invitations = declarations.invite_operations()
    return [
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
            invites=row.operation in invitations,
        )
        for row in rows
    ]


def desired_access(
    link: Link,
    on: LinkPlatform,
    access_request: AccessRequest,
    history: ActionHistory,
    grant: Grant | None,
    connected_at: datetime | None,
) -> DesiredAccess:
    """Desired access of an access request, with its grant.

    After the end of a link, access that was verified or may still arrive is observed.
    """
    now = clock.now()
    ended = link_status.is_dead(link_status.as_of(link.status, link.expires_at, now))
    last = history.shared.get(
        AssetKey(access_request.kind, access_request.asset_id or "", access_request.parent_asset_id)
    )
    on_its_way = last is not None and last.may_have_happened and now - last.at < LONGEST_WAY
    leaves = access_request.unwanted_at is not None
    kind = declarations.find(access_request.platform, access_request.kind)
    return DesiredAccess(
        access_request_id=access_request.id,
        kind=kind,
        asset_id=access_request.asset_id,
        parent_asset_id=access_request.parent_asset_id,
        role=access_request.role,
        lane="connected" if kind.by_api and on.lane == "connected" else "guided",
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
        center_typed=on.lane == "guided",
        shared_from=access_request.shared_from_account_id,
    )


def desired_removal(grant: Grant, connected_at: datetime | None) -> DesiredAccess:
    """Desired removal of a grant without current access request."""
    return DesiredAccess(
        access_request_id=None, kind=declarations.find(grant.platform, grant.kind),
        asset_id=grant.asset_id, parent_asset_id=grant.parent_asset_id,
        role=grant.role,
        lane="connected", unwanted=True, unwanted_at=grant.revocation_requested_at, connected_at=connected_at,
    )  # fmt: skip
