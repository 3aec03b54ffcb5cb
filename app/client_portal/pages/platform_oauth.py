"""Choice of the lane, and the client's authorization at the platform."""

from fastapi import Request
from fastapi.responses import Response

from app.access import oauth_callbacks
from app.access.connections import service as connections
from app.access.connections.token_exchange import ExchangeOutcome
from app.client_portal import link_session, screens, service
from app.client_portal.branding import brand_of
from app.client_portal.errors import Elsewhere, OtherBrowser
from app.client_portal.first_screens import lanes_screen
from app.client_portal.link_session import DEVICE, FROM_OUR_SCREEN, LinkForm, OpenLink, OpenScreen
from app.client_portal.rendering import (
    go_on,
    needs_own_connection,
    to_platform,
)
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.links import status
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()


@router.get("/l/{link_id}/{platform}/way")
async def show_lanes(
    request: Request, session: Session, link: OpenScreen, cancelled: bool = False, outcome: str = ""
) -> Response:
    """Show the choice: connect with the platform, or share by hand."""
    return await lanes_screen(request, session, link, outcome="cancelled" if cancelled else outcome)


@router.post("/l/{link_id}/{platform}/lane")
async def choose_lane(request: Request, session: Session, platform: str, link: OpenLink, form: LinkForm) -> Response:
    """Change the lane of a platform. No input is lost."""
    lane = form.text("lane")
    if lane == "connected" and await needs_own_connection(session, link, platform):
        return render.see_other(request, f"{link.path}/{platform}/way?outcome=connect_here")
    if lane in status.LANES:
        await service.choose_lane(session, link.aggregate, platform, lane)
    return go_on(request, link)


@router.post("/l/{link_id}/{platform}/use")
async def use_platform(request: Request, session: Session, platform: str, link: OpenLink, form: LinkForm) -> Response:
    """Record that the client does not use a platform, or uses it after all."""
    if form.text("used") == "yes":
        link.aggregate.return_to_platform(platform)
    elif link.aggregate.can_leave(platform):
        link.aggregate.leave_platform(platform)
    await link.aggregate.save(session)
    return go_on(request, link)


@router.post("/l/{link_id}/{platform}/connection", dependencies=[FROM_OUR_SCREEN])
async def connect(request: Request, session: Session, platform: str, link: OpenLink) -> Response:
    """Redirect to the platform's consent page; this alone shares nothing."""
    return await to_platform(request, session, link, platform)


@router.get("/l/{link_id}/return")
async def come_back(request: Request, link_id: str, handle: str = "") -> Response:
    """OAuth callback: the only GET that changes data, guarded by the browser's cookie, and effective once.

    It may be loaded again, also concurrently. No transaction is open during calls to the platform.
    """
    services = services_of(request)
    async with reading(services.sessions) as session:
        before = await link_session.usable_link(session, request, link_id)
    arrived = await oauth_callbacks.of_client(
        services.sessions,
        services.platforms,
        services.keyring,
        agency_id=before.aggregate.agency.id,
        link_id=link_id,
        handle=handle,
        cookie=before.cookie,
    )
    outcome = arrived.outcome
    if outcome is ExchangeOutcome.OTHER_BROWSER:
        raise OtherBrowser(before.path)
    if outcome is ExchangeOutcome.UNDER_WAY:
        return render.again_soon(
            request,
            "client_portal:door/under_way.html",
            platform=declarations.name(arrived.platform),
            **brand_of(before.aggregate),
        )
    async with services.sessions.begin() as session:
        try:
            link = await link_session.opened(session, request, link_id, lock=True)
        except Elsewhere:  # a new device that the authorization did not verify
            return render.see_other(request, f"{before.path}/{DEVICE}?outcome={outcome}")
        platform = arrived.platform or link.aggregate.connecting[0].platform
        if outcome is ExchangeOutcome.CONNECTED and arrived.is_first:
            await service.choose_lane(session, link.aggregate, platform, "connected")
            if connection := link.connections.get(platform):
                await service.take_only_account(session, link.aggregate, platform, connections.discovered(connection))
    return render.see_other(request, f"{link.path}/{screens.after_authorization(link.progress, platform, outcome)}")
