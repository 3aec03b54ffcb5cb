"""Use cases of access requests: checks, attestations, statements of clients, and changes of role."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.call_recorder import PlatformCall
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.requests.manual_status import AttestationFacts, status
from app.access.requests.schemas import LinkCalls, NewRole
from app.kit.actor import Actor
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.links import access_changes
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms.registry import Platforms


class NotApproved(AppError):
    """The client has not approved this access request."""

    status = 409
    code = "access_request_not_approved"
    detail = "The client has not approved this access yet."
    hint = "Nothing can be checked or attested before the client's consent."
    message = _("The client has not agreed to this access yet.")
    advice = _("Nothing can be checked or attested before.")


class AlreadyVerified(AppError):
    """The access was read already, which counts more than an attestation."""

    status = 409
    code = "access_verified"
    detail = "This access is verified already; a person's statement adds nothing."
    hint = "Read the access request for the side that showed it, and the time."
    message = _("This access is verified already.")
    advice = _("What was read counts more than a statement.")


class NothingToRead(AppError):
    """A check was requested of an access request that no token can read."""

    status = 409
    code = "nothing_to_read"
    detail = "Keyturn cannot read this platform, so there is nothing to check."
    hint = "Check it yourself, then attest it with POST /api/v1/access-requests/{id}/attestation."
    message = _("Keyturn cannot read this platform, so there is nothing to check.")
    advice = _("Check it yourself, then attest it.")


class ReadPossible(AppError):
    """A token can read the access, which counts more than a statement."""

    status = 409
    code = "read_possible"
    detail = "Keyturn can read this access itself, so it takes no statement for it."
    hint = "Request a check with POST /api/v1/access-requests/{id}/verification."
    message = _("Keyturn can read this access itself, so it takes no statement for it.")
    advice = _("Check it again instead.")


async def check_link(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Check every approved access request of a link now. Raises NotApproved."""
    if not aggregate.recheck():
        raise NotApproved
    await aggregate.save(session)
    await handshakes.start_for_link(session, aggregate)


async def check_access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> AccessRequest:
    """Check an access request now, with the rest of its link.

    Raises NotFound, NotApproved, and NothingToRead for a manual platform.
    """
    access_request = await links.access_request(session, agency_id, access_request_id)
    if access_request.approved_at is None:
        raise NotApproved
    if access_request.is_manual:
        raise NothingToRead
    await check_link(session, await links.load_link(session, agency_id, access_request.link_id, lock=True))
    return access_request


async def lower_role(session: AsyncSession, aggregate: LinkAggregate, access_request_id: str) -> None:
    """Lower a role that is higher than agreed, for the client: it is removed, shared again, and observed."""
    access_request = aggregate.find(access_request_id)
    if access_request is None or access_request.approved_at is None:
        raise NotApproved
    aggregate.permit_reduction(access_request)
    await aggregate.save(session)
    await handshakes.start_for_link(session, aggregate)


async def change_role(
    session: AsyncSession,
    agency_id: str,
    access_request_id: str,
    wanted: NewRole,
    *,
    platforms: Platforms,
    actor: Actor,
) -> AccessRequest:
    """Request another role, and make the client's handshakes due. Raises as `request_role`."""
    access_request = await access_changes.request_role(
        session, agency_id, access_request_id, role=wanted.role, reason=wanted.reason, platforms=platforms, actor=actor
    )
    link = await links.find(session, agency_id, access_request.link_id)
    await handshakes.wake_client(session, agency_id, link.client_id)
    return access_request


async def attest(
    session: AsyncSession, agency_id: str, access_request_id: str, *, by: str, actor: Actor
) -> AccessRequest:
    """Record the statement of a named person of the agency that the access works, until a token can read it.

    Raises NotFound, NotApproved, AlreadyVerified, and ReadPossible where a token shows the truth already.
    """
    link_id = (await links.access_request(session, agency_id, access_request_id)).link_id
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    access_request = next(each for each in aggregate.access_requests if each.id == access_request_id)
    if access_request.approved_at is None:
        raise NotApproved
    if access_request.verified_at is not None:
        raise AlreadyVerified
    if await _can_read(session, aggregate, access_request):
        raise ReadPossible
    aggregate.set_status(
        access_request, status="attested", code=None, next_actor=None, actor=actor, attested_at=aggregate.now,
        attested_by=by,
    )  # fmt: skip
    aggregate.complete_if_done()
    await aggregate.save(session)
    return access_request


async def _can_read(session: AsyncSession, aggregate: LinkAggregate, access_request: AccessRequest) -> bool:
    """True if the side that proves the access has a token that was not refused. For people that is the client."""
    agency_id = aggregate.link.agency_id
    if access_request.status == "unverifiable":
        return False
    if access_request.asset_kind.seen_by_agency:
        return await connections.of_agency(session, agency_id, access_request.platform) is not None
    client = await connections.of_client(
        session,
        agency_id,
        aggregate.client.id,
        access_request.platform,
        aggregate.on(access_request.platform).client_account_id or "",
    )
    return client is not None and client.is_usable


async def say_platform_done(session: AsyncSession, aggregate: LinkAggregate, platform: str) -> None:
    """Record the client's statement that the steps are done if no token can read; the agency confirms it."""
    for access_request in aggregate.access_requests:
        if (
            access_request.status in ("approved", "awaiting_client")
            and access_request.approved_at
            and access_request.platform == platform
        ):
            aggregate.set_status(
                access_request, status="unverifiable", code=None, next_actor="agency",
                client_attested_at=aggregate.now,
                client_attested_by=aggregate.person,
            )  # fmt: skip
    aggregate.complete_if_done()
    await aggregate.save(session)


def say_steps_done(aggregate: LinkAggregate, access_request_id: str) -> None:
    """Record that the client did the steps on a manual platform, by the person of the consent. Raises NotFound.

    The caller saves the link.
    """
    access_request = _manual(aggregate, access_request_id)
    if access_request.status in ("approved", "awaiting_client"):
        aggregate.set_client_statement(access_request)
        _write(aggregate, access_request)


def withdraw_statement(aggregate: LinkAggregate, access_request_id: str) -> None:
    """Withdraw the client's statement on a manual platform, unless the agency has confirmed it. Raises NotFound.

    The caller saves the link.
    """
    access_request = _manual(aggregate, access_request_id)
    if access_request.status == "awaiting_partner":
        aggregate.clear_client_statement(access_request)
        _write(aggregate, access_request)


def refresh_statuses(aggregate: LinkAggregate, *, actor: Actor | None = None) -> None:
    """Set the status of every access request of a manual platform from its statements. Repeating it changes nothing.

    The caller saves the link.
    """
    for access_request in aggregate.access_requests:
        if access_request.is_manual:
            _write(aggregate, access_request, actor)


def _manual(aggregate: LinkAggregate, access_request_id: str) -> AccessRequest:
    access_request = aggregate.find(access_request_id)
    if access_request is None or not access_request.is_manual:
        raise NotFound
    return access_request


def _write(aggregate: LinkAggregate, access_request: AccessRequest, actor: Actor | None = None) -> None:
    said = AttestationFacts(
        approved=access_request.approved_at is not None,
        declined=access_request.declined_at is not None,
        over=aggregate.is_dead,
        by_client=access_request.client_attested_at is not None,
        by_agency=access_request.attested_at is not None,
    )
    now = status(said)
    aggregate.set_status(access_request, status=now.status, code=None, next_actor=now.next_actor, actor=actor)


async def handshake_ids(session: AsyncSession, agency_id: str, access_request_id: str) -> list[str]:
    """The ids of the handshakes that may hold evidence about an access request. Raises NotFound."""
    access_request = await links.access_request(session, agency_id, access_request_id)
    link = await links.find(session, agency_id, access_request.link_id)
    return [handshake.id for handshake in await handshakes.of_client(session, agency_id, link.client_id)]


async def count_calls(session: AsyncSession, agency_id: str, link_id: str) -> LinkCalls:
    """Count the platform calls of a link's connections, and of its handshake since it was created. Raises NotFound."""
    aggregate = await links.load_link(session, agency_id, link_id)
    ours = {(each.platform, each.client_account_id, each.agency_account_id) for each in aggregate.platforms}
    every = await handshakes.of_client(session, agency_id, aggregate.client.id)
    here = [each.id for each in every if (each.platform, each.client_account_id, each.agency_account_id) in ours]
    consents = select(Connection.id).where(Connection.agency_id == agency_id, Connection.link_id == link_id)
    rows = (
        select(PlatformCall.operation, func.count())
        .where(
            PlatformCall.agency_id == agency_id,
            PlatformCall.started_at >= aggregate.link.created_at,
            or_(PlatformCall.handshake_id.in_(here), PlatformCall.connection_id.in_(consents)),
        )
        .group_by(PlatformCall.operation)
        .order_by(PlatformCall.operation)
    )
    found: Sequence[tuple[str, int]] = [(operation, number) for operation, number in await session.execute(rows)]
    return LinkCalls(total=sum(number for _, number in found), by_operation=dict(found))
