"""Statements of clients about access requests of manual platforms."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.requests.manual_status import AttestationFacts, status
from app.events.recorder import CLIENT
from app.kit import clock
from app.kit.errors import NotFound
from app.links import client_actions
from app.links import queries as links
from app.links import status as link_status
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest


async def refresh_statuses(session: AsyncSession, agency_id: str, link_id: str, *, actor: str = CLIENT) -> None:
    """Gives every access request of a manual platform the status that follows from what was said;
    repeating it changes nothing.
    """
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    for access_request in aggregate.access_requests:
        if access_request.is_custom:
            await _write(session, aggregate, access_request, actor)


async def say_done(session: AsyncSession, agency_id: str, link_id: str, access_request_id: str) -> None:
    """Record that the client did the steps, in the name of the person who agreed. Raises NotFound."""
    aggregate, access_request = await _locked(session, agency_id, link_id, access_request_id)
    if access_request.status in ("approved", "awaiting_client"):
        consent = await links.last_consent(session, agency_id, link_id)
        access_request.client_attested_at, access_request.client_attested_by = (
            func.now(),
            consent.name if consent else None,
        )
        await _write(session, aggregate, access_request, CLIENT)


async def withdraw_statement(session: AsyncSession, agency_id: str, link_id: str, access_request_id: str) -> None:
    """Withdraw the client's statement, unless the agency has confirmed it. Raises NotFound."""
    aggregate, access_request = await _locked(session, agency_id, link_id, access_request_id)
    if access_request.status == "awaiting_partner":
        access_request.client_attested_at = access_request.client_attested_by = None
        await _write(session, aggregate, access_request, CLIENT)


async def _locked(
    session: AsyncSession, agency_id: str, link_id: str, access_request_id: str
) -> tuple[LinkAggregate, AccessRequest]:
    """An access request of a manual platform, under the lock of its link: what others do meanwhile is seen."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    access_request = next(
        (each for each in aggregate.access_requests if each.id == access_request_id and each.is_custom), None
    )
    if access_request is None:
        raise NotFound
    return aggregate, access_request


async def _write(session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest, actor: str) -> None:
    link = aggregate.link
    said = AttestationFacts(
        approved=access_request.approved_at is not None,
        declined=access_request.declined_at is not None,
        over=link_status.is_dead(link_status.as_of(link.status, link.expires_at, clock.now())),
        by_client=access_request.client_attested_at is not None,
        by_agency=access_request.attested_at is not None,
    )
    now = status(said)
    await client_actions.set_status(
        session, aggregate, access_request, actor=actor, status=now.status, code=None, next_actor=now.next_actor
    )
