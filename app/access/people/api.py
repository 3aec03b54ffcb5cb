"""JSON routes: people of the agency on a link."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.access.people import service
from app.access.people.schemas import NewPerson, PersonView
from app.kit.database import Session
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/links", tags=["links"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("links:write")]


@router.post("/{link_id}/people", status_code=201)
async def request_person(
    request: Request, caller: Writer, session: Session, link_id: str, given: NewPerson
) -> PersonView:
    """Asks the client to invite one of your people with the link's ad accounts. Nothing is done before its yes."""
    access_request = await service.request_person(
        session, caller.agency_id, link_id, email=given.email, role=given.role, reason=given.reason,
        platforms=request.app.state.platforms, actor=caller.actor,
    )  # fmt: skip
    return PersonView.of(access_request)


@router.delete("/{link_id}/people/{access_request_id}", status_code=202)
async def no_longer_ask(caller: Writer, session: Session, link_id: str, access_request_id: str) -> PersonView:
    """No longer asks for a person. Once approved, membership or invitation are taken back, and `ended` is read."""
    return PersonView.of(
        await service.no_longer_ask(session, caller.agency_id, link_id, access_request_id, actor=caller.actor)
    )
