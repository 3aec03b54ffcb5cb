"""Rendering of screens with their common values, and redirects between them."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.service import ReadAccess
from app.client_portal import rate_limits, screens
from app.client_portal.branding import brand_of
from app.client_portal.errors import ConnectingImpossible
from app.client_portal.link_session import CurrentLink, VisitedLink, can_connect
from app.kit.html import forms, render
from app.kit.i18n.message import Problems
from app.links import devices
from app.links.aggregate import LinkAggregate
from app.platforms.port import ConnectedPlatform
from app.services import services_of


def screen(
    request: Request,
    link: CurrentLink,
    name: str,
    *,
    problems: Problems | None = None,
    form_to: tuple[str, ...] = (),
    **context: Any,
) -> HTMLResponse:
    """The page of a screen; with problems, as the response to an invalid form (422)."""
    sequence = link.progress.sequence
    at = sequence.index(name) + 1 if name in sequence else None
    back = screens.before(sequence, name) if at else None
    here = render.root(request) + link.path
    return render.page(
        request,
        f"client_portal:screens/{name.replace('-', '_')}.html",
        status=422 if problems else 200,
        form_to=form_to,
        **brand_of(link.aggregate),
        here=here,
        form_token=forms.token(request, link.cookie),
        codes=can_email_codes(request, link.aggregate),
        problems=problems or {},
        step=at,
        steps=len(sequence),
        minutes=screens.minutes_left(sequence, name) if at else None,
        back=f"{here}/{back}" if back else None,
        **context,
    )


def can_email_codes(request: Request, aggregate: LinkAggregate) -> bool:
    """True if a new device can be verified by an e-mailed code."""
    return services_of(request).outbox is not None and bool(devices.addresses_of(aggregate))


def go_on(request: Request, link: CurrentLink) -> RedirectResponse:
    """303 to the first screen that still needs the client."""
    return render.see_other(request, f"{link.path}/{screens.next_screen(link.progress)}")


def platform_of(request: Request, aggregate: LinkAggregate) -> ConnectedPlatform:
    """The connected platform of a link that requests access there."""
    return services_of(request).platforms.connected(str(aggregate.platform))


async def to_platform(request: Request, session: AsyncSession, link: CurrentLink | VisitedLink) -> RedirectResponse:
    """303 to the platform's consent page; this alone shares nothing. Raises ConnectingImpossible."""
    await rate_limits.take(session, link.aggregate, (rate_limits.AUTHORIZATIONS_ON_LINK, link.aggregate.link.id))
    possible = (
        link.can_connect if isinstance(link, CurrentLink) else await can_connect(session, request, link.aggregate)
    )
    platform = link.aggregate.platform
    if not possible or platform is None:
        raise ConnectingImpossible(
            link.aggregate, here=render.root(request) + link.path, form_token=forms.token(request, link.cookie)
        )
    services = services_of(request)
    consent = await oauth_flow.start_for_link(
        session,
        services.platforms.connected(platform),
        services.keyring,
        agency_id=link.aggregate.agency.id,
        link_id=link.aggregate.link.id,
        cookie=link.cookie,
    )
    return render.see_other(request, consent)


async def needs_own_connection(session: AsyncSession, link: CurrentLink) -> bool:
    """True if actions here would use an authorization that serves another browser."""
    if link.connection is not None:
        return False
    return await connections.of_link(session, link.aggregate.agency.id, link.aggregate.link.id) is not None


async def can_look(session: AsyncSession, aggregate: LinkAggregate, *, by_hand: bool = False) -> bool:
    """True if the platform can be read for the requested access; otherwise no page promises it.

    `by_hand`: as if shared by hand, whichever lane is chosen.
    """
    if is_read_as_client(aggregate) and not by_hand:
        return True
    return (await read_access(session, aggregate)).can_look


def is_read_as_client(aggregate: LinkAggregate) -> bool:
    """True if the platform is read with the client's authorization."""
    return aggregate.link.lane == "connected"


async def read_access(session: AsyncSession, aggregate: LinkAggregate) -> ReadAccess:
    """Read access to what is shared from the client's Business Center."""
    assert aggregate.platform is not None  # only asked for connected platforms
    return await connections.read_access(
        session, aggregate.agency.id, aggregate.client.id, aggregate.platform, aggregate.intake.client_account_id or ""
    )


def consent_origins(request: Request, aggregate: LinkAggregate) -> tuple[str, ...]:
    """Foreign origins that forms of a screen may redirect to: the platform's consent page, if there is one."""
    return (platform_of(request, aggregate).consent_origin,) if is_connecting(aggregate) else ()


def is_connecting(aggregate: LinkAggregate) -> bool:
    """True if a link requests access on a connected platform."""
    return aggregate.platform is not None
