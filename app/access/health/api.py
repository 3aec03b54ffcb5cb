"""JSON route: whether the agency's way to the platform works."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.access.health import examining
from app.access.health.views import HealthView
from app.people.members.caller import Caller, requires
from app.people.members.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Reader = Annotated[Caller, requires("agency:read")]
TIKTOK = "tiktok"


@router.get("/agency/platform-apps/tiktok/health", tags=["agency"])
async def read_platform_app_health(request: Request, caller: Reader) -> HealthView:
    """Tries your TikTok app, redirect address, connection, permissions and one read of each kind, now.

    It makes at most ten calls to TikTok, none of which changes anything, and takes a few seconds.
    """
    state = request.app.state
    health = await examining.of_agency(
        state.sessions, state.platforms, state.vault, agency_id=caller.agency_id, platform_key=TIKTOK,
        redirect_uri=state.redirect_uri,
    )  # fmt: skip
    return HealthView.of(TIKTOK, health)
