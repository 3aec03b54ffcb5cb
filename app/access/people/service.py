"""Asking for a person of the agency on a link, and no longer asking for them."""

from collections.abc import Mapping

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants import queries as grants
from app.access.reconciler import queries
from app.access.reconciler import service as handshakes
from app.access.revocations import service as revocations
from app.events.types import links as happenings
from app.kit import ids
from app.kit.errors import AppError, InvalidInput, NotFound
from app.links import queries as links
from app.links import service as link_actions
from app.links.access_requests import service as asks
from app.links.models import Ask
from app.links.presets.preset import PresetAsk
from app.links.queries import LinkAggregate
from app.links.status import OVER
from app.platforms.port import Platform

MOST_PEOPLE = 20
KIND = "person"


class PersonKnown(AppError):
    """The same address is asked for on this link already."""

    status = 409
    code = "person_known"
    detail = "This person is asked for on the link already."
    hint = "Read the link's asks with GET /api/v1/links/{id}/asks."


class TooManyPeople(AppError):
    """More than a client can oversee."""

    status = 409
    code = "too_many_people"
    detail = f"A link asks for at most {MOST_PEOPLE} people."
    hint = "Share ad accounts with your Business Center instead: your buyers get them there."


async def ask_for_person(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    email: str,
    role: str,
    reason: str,
    platforms: Mapping[str, Platform],
    actor: str,
    platform: str = "tiktok",
) -> Ask:
    """The client is to invite this person as a standard member with the link's ad accounts.

    Nothing is done before the client's yes. Raises NotFound, LinkOver, Malformed, PersonKnown, TooManyPeople.
    """
    whole = await links.whole(session, agency_id, link_id, lock=True)
    asks.refuse_over(whole)
    email = email.lower()
    if platform not in platforms or KIND not in platforms[platform].kinds:
        raise InvalidInput(fields={"platform": "People cannot be asked for there."})
    if not any(ask.kind == "ad_account" and ask.state not in OVER for ask in whole.asks):
        raise InvalidInput(fields={"email": "This link asks for no ad account that a person could work in."})
    people = [ask for ask in whole.asks if ask.kind == KIND and ask.state not in OVER]
    if any(ask.person_email == email for ask in people):
        raise PersonKnown
    if len(people) >= MOST_PEOPLE:
        raise TooManyPeople
    ask = link_actions.new_ask(
        whole.link, PresetAsk(platform, KIND, role, reason), max(each.position for each in whole.asks) + 1
    )
    ask.asset_id, ask.person_email = await _number(session, whole, platform, email), email
    session.add(ask)
    await session.flush()
    await session.refresh(ask)
    whole = await links.whole(session, agency_id, link_id)
    await asks.open_again(session, whole, reason="access_requested", actor=actor)
    await asks.tell(session, whole, ask, happenings.ASK_ADDED, actor)
    await asks.tell_requested(session, whole, ask, actor)
    return ask


async def _number(session: AsyncSession, whole: LinkAggregate, platform: str, email: str) -> str:
    """One person has one number on all links of a client: taking them off one must not take them off another."""
    every = await links.asks_of_client(session, whole.agency.id, whole.client.id, platform)
    known = [ask for link, ask in every if ask.person_email == email and link.id != whole.link.id]
    here = {ask.asset_id for ask in whole.asks}
    numbers = [ask.asset_id for ask in known if ask.asset_id and ask.state not in OVER and ask.asset_id not in here]
    return numbers[0] if numbers else ids.new("person")


async def no_longer_ask(session: AsyncSession, agency_id: str, link_id: str, ask_id: str, *, actor: str) -> Ask:
    """Takes the person off: before the client's yes at once, afterwards membership or invitation go and are read back.

    Raises NotFound.
    """
    link = await links.find(session, agency_id, link_id)
    await queries.lock_links(session, agency_id, link.client_id)  # all of them: what goes may stand on several
    whole = await links.whole(session, agency_id, link_id, lock=True)
    ask = next((each for each in whole.asks if each.id == ask_id and each.kind == KIND), None)
    if ask is None:
        raise NotFound
    if ask.state in OVER or ask.unwanted_at is not None:
        return ask
    if ask.approved_at is None and ask.role_first is None:  # never agreed to: it must not stand on the review
        await asks.tell(session, whole, ask, happenings.ASK_REMOVED, actor)
        session.expunge(ask)
        await session.execute(delete(Ask).where(Ask.agency_id == agency_id, Ask.id == ask_id))
        ask.state, ask.next_actor = "ended", None
        return ask
    grant = await grants.of_ask(session, agency_id, ask_id)
    if grant is not None:
        await revocations.revoke_grant(session, agency_id, grant.id, actor=actor)
    else:
        ask.unwanted_at = func.now()
        await session.flush()
        await handshakes.submit(session, whole)
    await session.refresh(ask)
    return ask
