"""Asking for one more access on a link, or for another role. Whatever is wider waits for the client's yes."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import KEYTURN, record
from app.events.types import access as access_events
from app.events.types import links as happenings
from app.events.types.event_type import EventType
from app.kit import clock
from app.kit.errors import AppError, InvalidInput
from app.links import client_actions, queries, status
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.presets import validation
from app.links.presets.preset import PresetAccessRequest
from app.links.service import LinkOver, new_access_request
from app.platforms.port import Platform

MOST_OPEN = 200


class AccessRequestOver(AppError):
    """The client said no to it, or it ended."""

    status = 409
    code = "access_request_over"
    detail = "This is no longer asked for."
    hint = "Ask anew with POST /api/v1/links/{id}/access-requests."


class TooManyAccessRequests(AppError):
    """More than a client can oversee."""

    status = 409
    code = "too_many_access_requests"
    detail = f"A link asks for at most {MOST_OPEN} accesses."
    hint = "Make another link for the client."


async def request_role(
    session: AsyncSession,
    agency_id: str,
    access_request_id: str,
    *,
    role: str,
    reason: str | None,
    platforms: Mapping[str, Platform],
    actor: str,
) -> AccessRequest:
    """Another role: a wider one needs a reason and the client's yes; a lower one counts at once.

    Access shared in a wider role is then removed and shared again, with a short gap; the caller wakes the handshake.
    Raises NotFound, Malformed, LinkOver, AccessRequestOver.
    """
    access_request = await queries.access_request(session, agency_id, access_request_id)
    aggregate = await queries.load_link(session, agency_id, access_request.link_id, lock=True)
    access_request = next(each for each in aggregate.access_requests if each.id == access_request_id)
    role = validation.official(
        PresetAccessRequest(access_request.platform, access_request.kind, role, access_request.reason), platforms
    ).role
    if role == access_request.role:
        return access_request
    refuse_over(aggregate)
    if access_request.status in status.OVER:
        raise AccessRequestOver
    wanted = PresetAccessRequest(access_request.platform, access_request.kind, role, access_request.reason)
    if wrong := validation.of_access_request(wanted, platforms, beside=_beside(aggregate)).get("role"):
        raise InvalidInput(fields={"role": wrong})
    wider = validation.is_wider(
        platforms[access_request.platform].kinds[access_request.kind], role, access_request.role
    )
    if wider and not reason:
        raise InvalidInput(fields={"reason": "Say why a wider role is needed; the client reads it before agreeing."})
    access_request.role_first = access_request.role_first or access_request.role
    access_request.role, access_request.role_reason = role, reason
    if access_request.approved_at is not None:
        await (_wait_for_yes if wider else _lower)(session, aggregate, access_request)
        await session.flush()
        await open_again(session, aggregate, reason="wider_role" if wider else "lower_role", actor=actor)
    await tell(session, aggregate, access_request, happenings.ROLE_REQUESTED, actor)
    if wider:
        await tell_requested(session, aggregate, access_request, actor)
    return access_request


async def add_access_request(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    wanted: PresetAccessRequest,
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> AccessRequest:
    """One more access on a living link; a completed link is open again until it is proved.

    Raises NotFound, Malformed, LinkOver, TooManyAccessRequests.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    refuse_over(aggregate)
    wanted = validation.official(wanted, platforms)
    if wrong := validation.of_access_request(wanted, platforms, beside=[*_beside(aggregate), wanted]):
        raise InvalidInput(fields=wrong)
    if len(aggregate.access_requests) >= MOST_OPEN:
        raise TooManyAccessRequests
    access_request = new_access_request(
        aggregate.link, wanted, max(each.position for each in aggregate.access_requests) + 1
    )
    session.add(access_request)
    await session.flush()
    await session.refresh(access_request)
    aggregate = await queries.load_link(session, agency_id, link_id)
    await open_again(session, aggregate, reason="access_requested", actor=actor)
    await tell(session, aggregate, access_request, happenings.ACCESS_ADDED, actor)
    await tell_requested(session, aggregate, access_request, actor)
    return access_request


async def _wait_for_yes(session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest) -> None:
    """What the client agreed to stays shared; the wider role is asked for like a new access."""
    await client_actions.set_status(
        session,
        aggregate,
        access_request,
        status="waiting",
        code=None,
        next_actor="client",
        approved_at=None,
        attested_at=None,
        attested_by=None,
        recheck_at=None,
        verified_at=None,
        actor=KEYTURN,
    )


async def _lower(session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest) -> None:
    """Less than agreed needs no new yes; it counts once it is read back in the lower role."""
    await client_actions.set_status(
        session,
        aggregate,
        access_request,
        status="approved",
        code=None,
        next_actor="us",
        reduce_at=func.now(),
        verified_at=None,
        attested_at=None,
        attested_by=None,
        actor=KEYTURN,
    )


def refuse_over(aggregate: LinkAggregate) -> None:
    """Nothing more can be asked for on a link that is over. Raises LinkOver."""
    link, now = aggregate.link, clock.now()
    if status.is_dead(status.as_of(link.status, link.expires_at, now)) or _is_past(link.expires_at, now):
        raise LinkOver(hint="Make a new link for the client, or give this one more time if it has expired.")


def _is_past(expires_at: datetime, now: datetime) -> bool:
    """A completed link stays open as a receipt, but past its time nobody can be asked anything on it."""
    return expires_at <= now


async def open_again(session: AsyncSession, aggregate: LinkAggregate, *, reason: str, actor: str) -> None:
    """A completed link waits for its client again; one under way has something new for a client who agreed before."""
    if aggregate.link.status in ("completed", "drifted"):
        await client_actions.reopen(session, aggregate, "submitted", reason=reason, actor=actor)
    elif aggregate.link.submitted_at is not None:
        client_actions.need_client(aggregate)


async def tell_requested(
    session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest, actor: str
) -> None:
    """More is asked of a client, or in a wider role: it waits for the client's yes."""
    await tell(session, aggregate, access_request, access_events.REQUESTED, actor)


def _beside(aggregate: LinkAggregate) -> list[PresetAccessRequest]:
    living = [
        access_request for access_request in aggregate.access_requests if access_request.status not in status.OVER
    ]
    return [
        PresetAccessRequest(access_request.platform, access_request.kind, access_request.role, access_request.reason)
        for access_request in living
    ]


async def tell(
    session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest, event: EventType, actor: str
) -> None:
    """Records an event about an access request as it is now."""
    await session.flush()
    await session.refresh(access_request)
    now = await queries.load_link(session, aggregate.agency.id, aggregate.link.id)
    await record(
        session,
        event,
        agency_id=aggregate.agency.id,
        subject_id=aggregate.link.id,
        actor=actor,
        data=now.facts(access_request),
    )
