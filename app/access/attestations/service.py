"""What clients and agencies say of asks that nothing can read, and what follows from it."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.attestations.status import AttestationFacts, status
from app.events.recorder import CLIENT
from app.kit import clock
from app.kit.errors import NotFound
from app.links import client_actions
from app.links import queries as links
from app.links import status as link_status
from app.links.models import Ask
from app.links.queries import LinkAggregate


async def bring_up_to_date(session: AsyncSession, agency_id: str, link_id: str, *, actor: str = CLIENT) -> None:
    """Gives every ask of a written platform the state that follows from what was said; repeating it changes nothing."""
    whole = await links.whole(session, agency_id, link_id, lock=True)
    for ask in whole.asks:
        if ask.is_custom:
            await _write(session, whole, ask, actor)


async def say_done(session: AsyncSession, agency_id: str, link_id: str, ask_id: str) -> None:
    """The client did the steps of one ask; said in the name of who agreed. Raises NotFound."""
    whole, ask = await _locked(session, agency_id, link_id, ask_id)
    if ask.state in ("approved", "awaiting_client"):
        consent = await links.last_consent(session, agency_id, link_id)
        ask.client_attested_at, ask.client_attested_by = func.now(), consent.name if consent else None
        await _write(session, whole, ask, CLIENT)


async def take_word_back(session: AsyncSession, agency_id: str, link_id: str, ask_id: str) -> None:
    """The client was wrong; once the agency has confirmed, nothing changes any more. Raises NotFound."""
    whole, ask = await _locked(session, agency_id, link_id, ask_id)
    if ask.state == "awaiting_partner":
        ask.client_attested_at = ask.client_attested_by = None
        await _write(session, whole, ask, CLIENT)


async def _locked(session: AsyncSession, agency_id: str, link_id: str, ask_id: str) -> tuple[LinkAggregate, Ask]:
    """An ask of a written platform, under the lock of its link: what others do meanwhile is seen."""
    whole = await links.whole(session, agency_id, link_id, lock=True)
    ask = next((each for each in whole.asks if each.id == ask_id and each.is_custom), None)
    if ask is None:
        raise NotFound
    return whole, ask


async def _write(session: AsyncSession, whole: LinkAggregate, ask: Ask, actor: str) -> None:
    link = whole.link
    said = AttestationFacts(
        approved=ask.approved_at is not None,
        declined=ask.declined_at is not None,
        over=link_status.is_dead(link_status.as_of(link.status, link.expires_at, clock.now())),
        by_client=ask.client_attested_at is not None,
        by_agency=ask.attested_at is not None,
    )
    now = status(said)
    await client_actions.set_state(
        session, whole, ask, actor=actor, state=now.state, code=None, next_actor=now.next_actor
    )
