"""JSON route: how ready a link's client is."""

from typing import Annotated

from fastapi import APIRouter

from app.access.readiness import queries
from app.access.readiness.schemas import ReadinessView
from app.kit.database import Session
from app.links import queries as links
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]


@router.get("/links/{link_id}/readiness")
async def get_readiness(caller: Reader, session: Session, link_id: str) -> ReadinessView:
    """Readiness checks of a link: passed, to do, and unknown.

    Each thing says how it is known. It is drawn up anew each time.
    """
    aggregate = await links.load_link(session, caller.agency_id, link_id)
    return ReadinessView.of(link_id, await queries.of_link(session, aggregate))
