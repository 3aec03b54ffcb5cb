"""JSON routes: one more access on a link."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.links.access_requests import service
from app.links.presets.preset import PresetAsk
from app.links.presets.schemas import AskFields
from app.links.schemas import AskView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Writer = Annotated[Principal, requires("links:write")]


@router.post("/links/{link_id}/asks", status_code=201, tags=["links"])
async def add_ask(request: Request, caller: Writer, session: Session, link_id: str, given: AskFields) -> AskView:
    """Asks for one more access on a living link. Nothing is shared before the client's yes."""
    ask = await service.add_ask(
        session, caller.agency_id, link_id, PresetAsk(**given.model_dump()), platforms=request.app.state.platforms,
        actor=caller.actor,
    )  # fmt: skip
    return AskView.model_validate(ask)
