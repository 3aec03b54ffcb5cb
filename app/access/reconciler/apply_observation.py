"""Writing the statuses that a look gives to the access requests, with their events and grants."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers import service as buyer_access
from app.access.connections import service as connections
from app.access.grants import queries as grant_rows
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.grants.service import GrantPair
from app.access.handshakes import Handshake
from app.access.reconciler import queries
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, ObservedAccess, ReadFailure
from app.access.reconciler.status import Status, statuses
from app.access.reconciler.unshare_policy import is_gone
from app.access.retry_policy import RetryTiming
from app.events.recorder import KEYTURN, record
from app.events.types import grants as happenings
from app.kit import clock
from app.links import client_actions
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER, PROVED, as_of, is_dead


@dataclass
class Changes:
    """Changes found by a look: any change, and proved access that drifted or can no longer be read."""

    any: bool = False
    drifted: bool = False
    blind: bool = False
    shown: dict[str, Status] = field(default_factory=dict)


async def apply_observation(
    session: AsyncSession,
    handshake: Handshake,
    situation: ReconcileInput,
    seen: ObservedAccess,
    moment: datetime,
    patience: RetryTiming,
) -> Changes:
    """Brings every access request and grant of the handshake to the status that was seen, as it counts at `moment`."""
    found = statuses(situation.wanted, seen, situation.tried, moment, patience)
    wants = {want.access_request_id: want for want in situation.wanted if want.access_request_id}
    news = Changes(
        shown={want.access_request_id or "": each for want, each in zip(situation.wanted, found, strict=True)}
    )
    leaving = {
        want.key: each for want, each in zip(situation.wanted, found, strict=True) if want.access_request_id is None
    }
    pairs = await queries.access_requests(session, handshake)
    for link_id in dict.fromkeys(link.id for link, _ in pairs):
        aggregate = await links.load_link(session, handshake.agency_id, link_id, lock=True)
        for access_request in aggregate.access_requests:
            if access_request.id in wants:  # of a manual platform people speak
                await _write(
                    session, handshake, aggregate, access_request, wants[access_request.id], situation, seen, news
                )
        await client_actions.settle(session, aggregate)
    for grant in await queries.unrequested_grants(session, handshake):
        if is_gone(queries.desired_removal(grant), seen, situation.tried):
            await _end(session, grant, {"client_id": grant.client_id, "platform": grant.platform}, news)
        elif status := leaving.get(AssetKey(grant.kind, grant.asset_id, grant.parent_asset_id)):
            await _hold_up(session, grant, status, {"client_id": grant.client_id, "platform": grant.platform}, news)
    await buyer_access.sync_buyer_access(
        session, handshake.agency_id, Grant.client_id == handshake.client_id,
        Grant.agency_bc_id == handshake.agency_bc_id,
    )  # fmt: skip
    await _give_back_when_done(session, handshake)
    return news


async def _write(
    session: AsyncSession,
    handshake: Handshake,
    aggregate: LinkAggregate,
    access_request: AccessRequest,
    want: DesiredAccess,
    situation: ReconcileInput,
    seen: ObservedAccess,
    news: Changes,
) -> None:
    before = (
        access_request.status,
        access_request.code,
        access_request.role_seen,
        access_request.seen_by,
        access_request.next_actor,
    )
    new = news.shown[access_request.id]
    if new.status == "leaving":
        access_request.code, access_request.next_actor = new.code, new.next_actor
        _keep_answer(access_request, new)
        grant = await grant_rows.of_access_request(session, access_request.agency_id, access_request.id)
        if grant is not None:
            await _hold_up(session, grant, new, aggregate.facts(access_request), news)
        return
    if new.status == "verified" and new.seen_by is None:  # not looked at anew: what was proved stands
        return
    agency = seen.agency.of(want.key) if want.key else None
    later = agency is not None and agency.why_not is ReadFailure.UNAVAILABLE
    if (
        later
        and new.status not in OVER
        and access_request.status != "approved"
        and not _tells_silence(access_request, new)
    ):
        return  # the side that counts can be read, only not now: what was shown stands until then
    _keep_answer(access_request, new)
    access_request.shared_from_bc_id = (
        seen.elsewhere.get(want.key) if want.key and new.code == "asset_shared_elsewhere" else None
    )
    if want.key is not None and _begins_to_wait(want, new, situation):
        access_request.listed_at = func.now()
    values: dict[str, Any] = {
        "status": new.status, "code": new.code, "next_actor": new.next_actor, "role_seen": new.role_seen,
        "seen_by": new.seen_by,
    }  # fmt: skip
    if agency is not None and agency.is_read and access_request.attested_at is not None:
        values |= {"attested_at": None, "attested_by": None}  # a read says more than anybody's word
    saw = None
    if new.status == "verified":
        assert new.role_seen is not None
        assert new.seen_by is not None
        pair = GrantPair(handshake.client_id, handshake.bc_id, handshake.agency_bc_id)
        saw = await grants.record_grant(session, access_request, pair, role=new.role_seen, seen_by=new.seen_by)
        values["reduce_at"] = None
        if not want.was_verified or access_request.status == "drifted":
            values["verified_at"] = func.now()
    was = access_request.status
    await client_actions.set_status(
        session, aggregate, access_request, actor=KEYTURN, grant_id=saw.grant_id if saw else None, **values
    )
    news.any = news.any or before != (
        access_request.status,
        access_request.code,
        access_request.role_seen,
        access_request.seen_by,
        access_request.next_actor,
    )
    if saw:
        await _tell_seen(session, aggregate, access_request, saw, was)
    elif new.status == "unverifiable" and want.was_verified and was != "unverifiable" and new.next_actor == "agency":
        news.blind = True
    elif new.status == "drifted" and was != "drifted":
        news.drifted = True
        grant_id = await grants.mark_drifted(session, access_request.agency_id, access_request.id)
        await _tell(session, aggregate, access_request, happenings.DRIFTED, grant_id, was)
    elif new.status == "ended" and want.unwanted:
        grant = await grant_rows.of_access_request(session, access_request.agency_id, access_request.id)
        if grant is not None:
            await _end(session, grant, aggregate.facts(access_request) | {"status_previous": was}, news)


def _tells_silence(access_request: AccessRequest, new: Status) -> bool:
    """True if the platform has been silent for longer than a proof lasts, or than nobody may have to act."""
    return new.code == "platform_unavailable" and (
        access_request.status == "verified" or access_request.next_actor in ("us", "platform")
    )


def _keep_answer(access_request: AccessRequest, new: Status) -> None:
    """The platform's own message about a blocker, for people and for its support."""
    answer = new.answer
    access_request.platform_operation = answer.operation if answer else None
    access_request.platform_code = answer.code if answer else None
    access_request.platform_message = answer.message[:2000] if answer else None
    access_request.platform_request_id = answer.request_id if answer else None


def _begins_to_wait(want: DesiredAccess, new: Status, situation: ReconcileInput) -> bool:
    """True if the client's list shows, for the first time since the share, access that waits for the agency."""
    if new.seen_by != "client" or new.status not in ("awaiting_partner", "unverifiable"):
        return False
    given = situation.tried.given.get(want.key) if want.key else None
    return want.listed_at is None or (given is not None and given.at > want.listed_at)


async def _hold_up(session: AsyncSession, grant: Grant, new: Status, data: dict[str, Any], news: Changes) -> None:
    """Record the next actor of access that must be removed and is still there; report it if the platform refuses."""
    before = grant.code
    grant.code, grant.next_actor = new.code, new.next_actor
    if new.code is None or new.code == before:
        return
    news.any = True
    about = {
        "grant_id": grant.id, "asset_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
        "role_granted": grant.role, "status": "revoking", "blocker_code": new.code, "next_actor": new.next_actor,
    }  # fmt: skip
    await record(
        session, happenings.REVOCATION_REFUSED, agency_id=grant.agency_id, subject_id=grant.id, actor=KEYTURN,
        data=data | about,
    )  # fmt: skip


async def _tell_seen(
    session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest, saw: grants.RecordedGrant, was: str
) -> None:
    if saw.status_before == "drifted":
        await _tell(session, aggregate, access_request, happenings.RESTORED, saw.grant_id, was)
    elif saw.role_before is not None and saw.role_before != access_request.role_seen:
        await _tell(session, aggregate, access_request, happenings.ROLE_CHANGED, saw.grant_id, was)


async def _tell(
    session: AsyncSession,
    aggregate: LinkAggregate,
    access_request: AccessRequest,
    event: Any,
    grant_id: str | None,
    was: str,
) -> None:
    """Grants are subjects of their own: their events are counted by grant, not by link."""
    if grant_id is not None:
        await client_actions.tell(
            session,
            aggregate,
            event,
            actor=KEYTURN,
            access_request=access_request,
            subject_id=grant_id,
            status_previous=was,
            grant_id=grant_id,
        )


async def _end(session: AsyncSession, grant: Grant, data: dict[str, Any], news: Changes) -> None:
    news.any = True
    await grants.end_grant(session, grant)
    about = {
        "grant_id": grant.id, "asset_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
        "role_granted": None, "status": "ended",
    }  # fmt: skip
    await record(
        session, happenings.REVOKED, agency_id=grant.agency_id, subject_id=grant.id, actor=KEYTURN, data=data | about
    )


async def _give_back_when_done(session: AsyncSession, handshake: Handshake) -> None:
    """The client's token goes as soon as nothing is left to do with it, on any of the client's living links."""
    every = await links.access_requests_of_client(session, handshake.agency_id, handshake.client_id, handshake.platform)
    now = clock.now()
    living = [
        access_request
        for link, access_request in every
        if not is_dead(as_of(link.status, link.expires_at, now))
        or (access_request.unwanted_at and access_request.status not in OVER)
    ]
    if await grant_rows.being_revoked(session, handshake.agency_id, handshake.client_id):
        return
    if every and all(access_request.status in PROVED or access_request.status in OVER for access_request in living):
        await connections.revoke_soon(session, handshake.agency_id, handshake.client_id)
