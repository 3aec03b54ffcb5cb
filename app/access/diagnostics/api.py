"""JSON route: diagnostics of the agency's app and connection at a platform."""

from typing import Annotated

from fastapi import Request

from app.access.diagnostics import limits, service
from app.access.diagnostics.service import HealthView, InstallationHealthView
from app.services import connected_platform, services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()

Reader = Annotated[Principal, requires("agency:read")]


@router.get("/agency/platform-apps/{platform}/health")
async def get_platform_app_health(request: Request, caller: Reader, platform: str) -> HealthView:
    """Check your app at a platform, redirect address, connection, permissions and one read of each kind, now.

    Makes at most ten read-only calls to the platform, and takes a few seconds. An agency checks 30 times at once, and
    once more every 20 seconds.
    """
    connected_platform(request, platform)
    services = services_of(request)
    await limits.count_check(services.sessions, caller.agency_id)
    health = await service.of_agency(
        services.sessions, services.platforms, services.keyring, agency_id=caller.agency_id, platform_key=platform,
    )  # fmt: skip
    return HealthView.of(platform, health)


@router.get("/agency/installation-health")
async def get_installation_health(request: Request, caller: Reader) -> InstallationHealthView:
    """Check the installation now: stored values, background work, https, public address, mail and your domains.

    Takes a few seconds. Nothing is sent. An agency checks 30 times at once, and once more every 20 seconds.
    """
    services = services_of(request)
    await limits.count_check(services.sessions, caller.agency_id)
    return InstallationHealthView.of(await services.check_installation(caller.agency_id))
