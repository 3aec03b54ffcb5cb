"""Writing the states that a look gives to the asks, with their events and grants."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import actions as connections
from app.access.grants import actions as grants
from app.access.handshakes import queries
from app.access.handshakes.model import Handshake
from app.access.handshakes.queries import Situation
from app.access.handshakes.status import status
from app.access.handshakes.world import Seen, Tried, Unread, Want
from app.events.record import KEYTURN
from app.events.types import grants as happenings
from app.kit import clock
from app.links import progress
from app.links import queries as links
from app.links.model import Ask
from app.links.queries import Whole
from app.links.status import OVER, PROVED, as_of, is_dead


async def project(session: AsyncSession, handshake: Handshake, situation: Situation, seen: Seen) -> bool:
    """Brings every ask of the handshake to the state that was seen; says whether anything is new."""
    news = False
    pairs = await queries.asks(session, handshake)
    for link_id in dict.fromkeys(link.id for link, _ in pairs):
        whole = await links.whole(session, handshake.agency_id, link_id, lock=True)
        for ask in whole.asks:
            want = queries.want(whole.link, ask, situation.tried)
            news = await _write(session, handshake, whole, ask, want, seen, situation.tried) or news
        await progress.settle(session, whole)
    await _give_back_when_done(session, handshake)
    return news


async def _write(
    session: AsyncSession, handshake: Handshake, whole: Whole, ask: Ask, want: Want, seen: Seen, tried: Tried
) -> bool:
    before = (ask.state, ask.code, ask.role_seen, ask.seen_by)
    new = status(want, seen, tried)
    if new.state == "verified" and new.seen_by is None:  # not looked at anew: what was proved stands
        return False
    if seen.agency.why_not is Unread.UNAVAILABLE and new.state not in OVER and ask.state != "approved":
        return False  # the side that counts can be read, only not now: what was shown stands until then
    values: dict[str, Any] = {
        "state": new.state, "code": new.code, "next_actor": new.next_actor, "role_seen": new.role_seen,
        "seen_by": new.seen_by,
    }  # fmt: skip
    if seen.agency.shares is not None and ask.attested_at is not None:
        values |= {"attested_at": None, "attested_by": None}  # a read says more than anybody's word
    grant_id = None
    if new.state == "verified":
        assert new.role_seen is not None
        assert new.seen_by is not None
        grant_id = await grants.saw(
            session, ask, client_id=handshake.client_id, bc_id=handshake.bc_id,
            agency_bc_id=handshake.agency_bc_id, role=new.role_seen, seen_by=new.seen_by,
        )  # fmt: skip
        if not want.was_verified or ask.state == "drifted":
            values["verified_at"] = func.now()
    was = ask.state
    await progress.set_state(session, whole, ask, actor=KEYTURN, grant_id=grant_id, **values)
    if new.state == "verified" and was == "drifted":
        await progress.tell(
            session, whole, happenings.RESTORED, actor=KEYTURN, ask=ask, status_previous=was, grant_id=grant_id
        )
    if new.state == "drifted" and was != "drifted":
        grant_id = await grants.drifted(session, ask.agency_id, ask.id)
        await progress.tell(
            session, whole, happenings.DRIFTED, actor=KEYTURN, ask=ask, status_previous=was, grant_id=grant_id
        )
    return before != (ask.state, ask.code, ask.role_seen, ask.seen_by)


async def _give_back_when_done(session: AsyncSession, handshake: Handshake) -> None:
    """The client's token goes as soon as nothing is left to do with it, on any of the client's living links."""
    every = await links.asks_of_client(session, handshake.agency_id, handshake.client_id, handshake.platform)
    now = clock.now()
    living = [ask for link, ask in every if not is_dead(as_of(link.status, link.expires_at, now))]
    if every and all(ask.state in PROVED or ask.state in OVER for ask in living):
        await connections.give_back_soon(session, handshake.agency_id, handshake.client_id)
