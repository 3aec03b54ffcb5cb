"""JSON routes: access requests with their evidence, and the end and extension of links."""

from typing import Annotated

from fastapi import Request

from app.access import call_recorder
from app.access.buyers import service as buyer_access
from app.access.call_recorder import PlatformCallView
from app.access.requests import link_lifecycle, people, service
from app.access.requests.schemas import (
    AccessRequestDetail,
    AccessRequestEvidence,
    Attestation,
    Extension,
    LinkCalls,
    NewPerson,
    NewRole,
    PersonView,
)
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links import queries as links
from app.links.schemas import LinkView
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
Auditor = Annotated[Principal, requires("grants:read")]


@router.get("/links/{link_id}/access-requests")
async def list_access_requests(caller: Reader, session: Session, link_id: str) -> Page[AccessRequestDetail]:
    """List the access requests of a link in their order, on one page."""
    aggregate = await links.load_link(session, caller.agency_id, link_id)
    return Page(data=[AccessRequestDetail.of(access_request) for access_request in aggregate.access_requests])


@router.get("/links/{link_id}/platform-calls")
async def count_platform_calls(caller: Auditor, session: Session, link_id: str) -> LinkCalls:
    """Count the platform calls that a link has used, by operation."""
    return await service.count_calls(session, caller.agency_id, link_id)


@router.post("/links/{link_id}/revocation")
async def revoke_link(caller: Writer, session: Session, link_id: str) -> LinkView:
    """Revoke a link at once. Shared access stays shared; repeating it changes nothing."""
    ended = await link_lifecycle.end_link(session, caller.agency_id, link_id, actor=caller.actor)
    return LinkView.of(ended.link)


@router.post("/links/{link_id}/extension")
async def extend_link(caller: Writer, session: Session, link_id: str, given: Extension) -> LinkView:
    """Extend a link. An expired one is open again, with its progress."""
    renewed = await link_lifecycle.renew_link(
        session, caller.agency_id, link_id, expires_at=given.expires_at, actor=caller.actor
    )
    return LinkView.of(renewed.link)


@router.get("/access-requests/{access_request_id}")
async def get_access_request(caller: Reader, session: Session, access_request_id: str) -> AccessRequestEvidence:
    """Retrieve an access request with its next actor and the last platform calls that it rests on."""
    access_request = await links.access_request(session, caller.agency_id, access_request_id)
    handshakes = await service.handshake_ids(session, caller.agency_id, access_request_id)
    last = await call_recorder.page(session, caller.agency_id, handshakes, limit=5, before=None)
    return AccessRequestEvidence.with_calls(
        access_request, last, await buyer_access.of_access_request(session, caller.agency_id, access_request_id)
    )


@router.get("/access-requests/{access_request_id}/calls")
async def list_calls(
    caller: Auditor, session: Session, access_request_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[PlatformCallView]:
    """List the platform calls of the handshake of an access request, newest first."""
    handshakes = await service.handshake_ids(session, caller.agency_id, access_request_id)
    rows = await call_recorder.page(
        session, caller.agency_id, handshakes, limit=limit + 1, before=before(cursor, "call")
    )
    return by_id([PlatformCallView.model_validate(row) for row in rows], limit)


@router.post("/access-requests/{access_request_id}/role")
async def request_role(
    request: Request, caller: Writer, session: Session, access_request_id: str, given: NewRole
) -> AccessRequestDetail:
    """Request another role. A higher one waits for the client's approval; a lower one is removed and shared again."""
    platforms = services_of(request).platforms
    access_request = await service.change_role(
        session, caller.agency_id, access_request_id, given, platforms=platforms, actor=caller.actor
    )
    return AccessRequestDetail.of(access_request)


@router.post("/access-requests/{access_request_id}/verification", status_code=202)
async def verify_access_request(caller: Writer, session: Session, access_request_id: str) -> AccessRequestDetail:
    """Check an access request now. Read it again in a few seconds, or wait for its event."""
    access_request = await service.check_access_request(session, caller.agency_id, access_request_id)
    await buyer_access.check_buyers(session, caller.agency_id, access_request_id)
    return AccessRequestDetail.of(access_request)


@router.post("/access-requests/{access_request_id}/attestation")
async def attest_access_request(
    caller: Writer, session: Session, access_request_id: str, given: Attestation
) -> AccessRequestDetail:
    """Attest an access request that cannot be read. It is verified as soon as a token can read it."""
    access_request = await service.attest(session, caller.agency_id, access_request_id, by=given.by, actor=caller.actor)
    return AccessRequestDetail.of(access_request)


@router.post("/links/{link_id}/people", status_code=201)
async def request_person(
    request: Request, caller: Writer, session: Session, link_id: str, given: NewPerson
) -> PersonView:
    """Request that the client invites a person of yours to the link's ad accounts. Waits for the client's approval."""
    access_request = await people.request_person(
        session, caller.agency_id, link_id, email=given.email, role=given.role, reason=given.reason,
        platforms=services_of(request).platforms, actor=caller.actor,
    )  # fmt: skip
    return PersonView.of(access_request)


@router.delete("/links/{link_id}/people/{access_request_id}", status_code=202)
async def withdraw_person(caller: Writer, session: Session, link_id: str, access_request_id: str) -> PersonView:
    """Withdraw the request for a person. If it was approved, the membership or invitation is removed, until `ended`."""
    return PersonView.of(
        await people.withdraw_person(session, caller.agency_id, link_id, access_request_id, actor=caller.actor)
    )
