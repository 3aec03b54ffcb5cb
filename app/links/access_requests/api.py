"""JSON routes: one more access on a link."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.links.access_requests import service
from app.links.presets.preset import PresetAccessRequest
from app.links.presets.schemas import AccessRequestFields
from app.links.schemas import AccessRequestView
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Writer = Annotated[Principal, requires("links:write")]


@router.post("/links/{link_id}/access-requests", status_code=201)
async def add_access_request(
    request: Request, caller: Writer, session: Session, link_id: str, given: AccessRequestFields
) -> AccessRequestView:
    """Asks for one more access on a living link. Nothing is shared before the client's yes."""
    access_request = await service.add_access_request(
        session,
        caller.agency_id,
        link_id,
        PresetAccessRequest(**given.model_dump()),
        platforms=services_of(request).platforms,
        actor=caller.actor,
    )
    return AccessRequestView.model_validate(access_request)
