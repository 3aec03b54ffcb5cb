"""Writing the states that a look gives to the asks, with their events and grants."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyer_access import service as openings
from app.access.connections import service as connections
from app.access.grants import queries as grant_rows
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.grants.service import GrantPair
from app.access.reconciler import queries
from app.access.reconciler.models import Handshake
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, ObservedAccess, ReadFailure
from app.access.reconciler.status import Status, statuses
from app.access.reconciler.unshare_policy import is_gone
from app.access.retry_timing import RetryTiming
from app.events.recorder import KEYTURN, record
from app.events.types import grants as happenings
from app.kit import clock
from app.links import client_actions
from app.links import queries as links
from app.links.models import Ask
from app.links.queries import LinkAggregate
from app.links.status import OVER, PROVED, as_of, is_dead


@dataclass
class Changes:
    """Changes found by a look: any change, and proved access that drifted or can no longer be read."""

    any: bool = False
    drifted: bool = False
    blind: bool = False
    shown: dict[str, Status] = field(default_factory=dict)


async def project(
    session: AsyncSession,
    handshake: Handshake,
    situation: ReconcileInput,
    seen: ObservedAccess,
    moment: datetime,
    patience: RetryTiming,
) -> Changes:
    """Brings every ask and grant of the handshake to the state that was seen, as it counts at `moment`."""
    found = statuses(situation.wanted, seen, situation.tried, moment, patience)
    wants = {want.ask_id: want for want in situation.wanted if want.ask_id}
    news = Changes(shown={want.ask_id or "": each for want, each in zip(situation.wanted, found, strict=True)})
    leaving = {want.key: each for want, each in zip(situation.wanted, found, strict=True) if want.ask_id is None}
    pairs = await queries.asks(session, handshake)
    for link_id in dict.fromkeys(link.id for link, _ in pairs):
        whole = await links.whole(session, handshake.agency_id, link_id, lock=True)
        for ask in whole.asks:
            if ask.id in wants:  # of a written platform people speak
                await _write(session, handshake, whole, ask, wants[ask.id], situation, seen, news)
        await client_actions.settle(session, whole)
    for grant in await queries.unasked(session, handshake):
        if is_gone(queries.unwanted(grant), seen, situation.tried):
            await _end(session, grant, {"client_id": grant.client_id, "platform": grant.platform}, news)
        elif status := leaving.get(AssetKey(grant.kind, grant.asset_id, grant.through_id)):
            await _hold_up(session, grant, status, {"client_id": grant.client_id, "platform": grant.platform}, news)
    await openings.follow(
        session, handshake.agency_id, Grant.client_id == handshake.client_id,
        Grant.agency_bc_id == handshake.agency_bc_id,
    )  # fmt: skip
    await _give_back_when_done(session, handshake)
    return news


async def _write(
    session: AsyncSession,
    handshake: Handshake,
    whole: LinkAggregate,
    ask: Ask,
    want: DesiredAccess,
    situation: ReconcileInput,
    seen: ObservedAccess,
    news: Changes,
) -> None:
    before = (ask.state, ask.code, ask.role_seen, ask.seen_by, ask.next_actor)
    new = news.shown[ask.id]
    if new.state == "leaving":
        ask.code, ask.next_actor = new.code, new.next_actor
        _keep_answer(ask, new)
        grant = await grant_rows.of_ask(session, ask.agency_id, ask.id)
        if grant is not None:
            await _hold_up(session, grant, new, whole.facts(ask), news)
        return
    if new.state == "verified" and new.seen_by is None:  # not looked at anew: what was proved stands
        return
    agency = seen.agency.of(want.key) if want.key else None
    later = agency is not None and agency.why_not is ReadFailure.UNAVAILABLE
    if later and new.state not in OVER and ask.state != "approved" and not _tells_silence(ask, new):
        return  # the side that counts can be read, only not now: what was shown stands until then
    _keep_answer(ask, new)
    ask.shared_from_bc_id = seen.elsewhere.get(want.key) if want.key and new.code == "asset_shared_elsewhere" else None
    if want.key is not None and _begins_to_wait(want, new, situation):
        ask.listed_at = func.now()
    values: dict[str, Any] = {
        "state": new.state, "code": new.code, "next_actor": new.next_actor, "role_seen": new.role_seen,
        "seen_by": new.seen_by,
    }  # fmt: skip
    if agency is not None and agency.is_read and ask.attested_at is not None:
        values |= {"attested_at": None, "attested_by": None}  # a read says more than anybody's word
    saw = None
    if new.state == "verified":
        assert new.role_seen is not None
        assert new.seen_by is not None
        pair = GrantPair(handshake.client_id, handshake.bc_id, handshake.agency_bc_id)
        saw = await grants.saw(session, ask, pair, role=new.role_seen, seen_by=new.seen_by)
        values["reduce_at"] = None
        if not want.was_verified or ask.state == "drifted":
            values["verified_at"] = func.now()
    was = ask.state
    await client_actions.set_state(session, whole, ask, actor=KEYTURN, grant_id=saw.grant_id if saw else None, **values)
    news.any = news.any or before != (ask.state, ask.code, ask.role_seen, ask.seen_by, ask.next_actor)
    if saw:
        await _tell_seen(session, whole, ask, saw, was)
    elif new.state == "unverifiable" and want.was_verified and was != "unverifiable" and new.next_actor == "agency":
        news.blind = True
    elif new.state == "drifted" and was != "drifted":
        news.drifted = True
        grant_id = await grants.drifted(session, ask.agency_id, ask.id)
        await _tell(session, whole, ask, happenings.DRIFTED, grant_id, was)
    elif new.state == "ended" and want.unwanted:
        grant = await grant_rows.of_ask(session, ask.agency_id, ask.id)
        if grant is not None:
            await _end(session, grant, whole.facts(ask) | {"status_previous": was}, news)


def _tells_silence(ask: Ask, new: Status) -> bool:
    """True if the platform has been silent for longer than a proof lasts, or than nobody may have to act."""
    return new.code == "platform_unavailable" and (ask.state == "verified" or ask.next_actor in ("us", "platform"))


def _keep_answer(ask: Ask, new: Status) -> None:
    """The platform's own message about a blocker, for people and for its support."""
    answer = new.answer
    ask.platform_operation = answer.operation if answer else None
    ask.platform_code = answer.code if answer else None
    ask.platform_message = answer.message[:2000] if answer else None
    ask.platform_request_id = answer.request_id if answer else None


def _begins_to_wait(want: DesiredAccess, new: Status, situation: ReconcileInput) -> bool:
    """True if the client's list shows, for the first time since the share, access that waits for the agency."""
    if new.seen_by != "client" or new.state not in ("awaiting_partner", "unverifiable"):
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
        "grant_id": grant.id, "ask_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
        "role_granted": grant.role, "status": "revoking", "blocker_code": new.code, "next_actor": new.next_actor,
    }  # fmt: skip
    await record(
        session, happenings.REVOCATION_REFUSED, agency_id=grant.agency_id, subject_id=grant.id, actor=KEYTURN,
        data=data | about,
    )  # fmt: skip


async def _tell_seen(session: AsyncSession, whole: LinkAggregate, ask: Ask, saw: grants.SightedGrant, was: str) -> None:
    if saw.state_before == "drifted":
        await _tell(session, whole, ask, happenings.RESTORED, saw.grant_id, was)
    elif saw.role_before is not None and saw.role_before != ask.role_seen:
        await _tell(session, whole, ask, happenings.ROLE_CHANGED, saw.grant_id, was)


async def _tell(
    session: AsyncSession, whole: LinkAggregate, ask: Ask, event: Any, grant_id: str | None, was: str
) -> None:
    """Grants are subjects of their own: their events are counted by grant, not by link."""
    if grant_id is not None:
        await client_actions.tell(
            session, whole, event, actor=KEYTURN, ask=ask, subject_id=grant_id, status_previous=was, grant_id=grant_id
        )


async def _end(session: AsyncSession, grant: Grant, data: dict[str, Any], news: Changes) -> None:
    news.any = True
    await grants.ended(session, grant)
    about = {
        "grant_id": grant.id, "ask_kind": grant.kind, "asset_id": grant.asset_id, "asset_name": grant.asset_name,
        "role_granted": None, "status": "ended",
    }  # fmt: skip
    await record(
        session, happenings.REVOKED, agency_id=grant.agency_id, subject_id=grant.id, actor=KEYTURN, data=data | about
    )


async def _give_back_when_done(session: AsyncSession, handshake: Handshake) -> None:
    """The client's token goes as soon as nothing is left to do with it, on any of the client's living links."""
    every = await links.asks_of_client(session, handshake.agency_id, handshake.client_id, handshake.platform)
    now = clock.now()
    living = [
        ask
        for link, ask in every
        if not is_dead(as_of(link.status, link.expires_at, now)) or (ask.unwanted_at and ask.state not in OVER)
    ]
    if await grant_rows.being_revoked(session, handshake.agency_id, handshake.client_id):
        return
    if every and all(ask.state in PROVED or ask.state in OVER for ask in living):
        await connections.give_back_soon(session, handshake.agency_id, handshake.client_id)
