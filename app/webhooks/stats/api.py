"""JSON routes: how an endpoint has been doing."""

from typing import Annotated

from fastapi import APIRouter

from app.kit.database import Session
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.stats.schemas import StatsView, Window, stats_view

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("webhooks:read")]


@router.get("/endpoints/{endpoint_id}/stats")
async def read_stats(caller: Reader, session: Session, endpoint_id: str, window: Window = "24h") -> StatsView:
    """How an endpoint has been doing in the last hour, day or week, and what it has still to get."""
    return await stats_view(session, caller.agency_id, endpoint_id, window)
