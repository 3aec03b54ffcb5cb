"""JSON route: diagnostics of the agency's app and connection at a platform."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.access.diagnostics import service
from app.access.diagnostics.service import HealthView
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Reader = Annotated[Principal, requires("agency:read")]
TIKTOK = "tiktok"


@router.get("/agency/platform-apps/tiktok/health")
async def get_platform_app_health(request: Request, caller: Reader) -> HealthView:
    """Check your TikTok app, redirect address, connection, permissions and one read of each kind, now.

    Makes at most ten read-only calls to TikTok, and takes a few seconds.
    """
    services = services_of(request)
    health = await service.of_agency(
        services.sessions, services.platforms, services.keyring, agency_id=caller.agency_id, platform_key=TIKTOK,
        redirect_uri=services.redirect_uri,
    )  # fmt: skip
    return HealthView.of(TIKTOK, health)
