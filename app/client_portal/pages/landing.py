"""The way in: the link itself, its dead statuses, and the screen on which a client goes on."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal import manual_platforms, offers, rate_limits, screens
from app.client_portal.branding import brand_of
from app.client_portal.copy import status_rows
from app.client_portal.errors import LinkEnded, LinkUnknown
from app.client_portal.link_session import PublicLink, opened_before, way_of
from app.client_portal.link_token_converter import SECRET
from app.client_portal.pages import mistyped_links
from app.client_portal.rendering import e_mails_codes, is_connecting, platform_of
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import SentForm
from app.links import devices, emails, url
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.services import services_of

router = APIRouter(include_in_schema=False)


async def _by_token(session: AsyncSession, token: str, *, lock: bool = False) -> LinkAggregate:
    """The link of a secret, living or not. Raises LinkUnknown."""
    found = await links.load_by_token(session, token, lock=lock)
    if found is None:
        raise LinkUnknown
    return found


def _refuse_dead(request: Request, aggregate: LinkAggregate) -> None:
    if aggregate.is_dead:
        path = request.url.path.removesuffix("/renewal")
        raise LinkEnded(aggregate, renewal=f"{path}/renewal", form_token=forms.token(request))


@router.get(SECRET)
async def welcome(request: Request, session: Session, token: str) -> Response:
    """The agency, its access requests, and limits of the access. Changes nothing: scanners open links too."""
    if len(token) != url.SECRET_LENGTH:
        return render.see_other(request, await mistyped_links.meant(session, request.url.path))
    aggregate = await _by_token(session, token)
    _refuse_dead(request, aggregate)
    asked = offers.of(aggregate, services_of(request).platforms)
    return render.page(
        request,
        "client_portal:door/welcome.html",
        **brand_of(aggregate),
        form_token=forms.token(request),
        link=aggregate.link,
        summary=status_rows.summary(aggregate.access_requests, aggregate.link.lane)
        if aggregate.link.submitted_at
        else None,
        settled=aggregate.is_settled,
        changed=any(access_request.status == "drifted" for access_request in aggregate.access_requests),
        offers=asked,
        codes=e_mails_codes(request, aggregate),
        platform=platform_of(request, aggregate).name if is_connecting(aggregate) else None,
        others=list(dict.fromkeys(each.platform.name for each in manual_platforms.of(aggregate) if not each.title)),
        minutes=sum(screens.MINUTES[screen] for screen in way_of(aggregate)),
    )


@router.post(SECRET, dependencies=[forms.OPEN_TO_ALL])
async def start(request: Request, session: Session, token: str) -> Response:
    """Start was pressed: this browser holds the link from now on."""
    aggregate = await _by_token(session, token, lock=True)
    _refuse_dead(request, aggregate)
    link_id, cookie = aggregate.link.id, forms.browser(request)
    if await links.browser(session, aggregate.agency.id, link_id, cookie) is None:
        await rate_limits.take(session, aggregate, (rate_limits.BROWSERS_ON_LINK, link_id))
        devices.new_browser(session, aggregate, cookie)
        await aggregate.save(session)
    answer = render.see_other(request, url.of_screens(link_id))
    forms.remember(request, answer)
    return answer


@router.post(f"{SECRET}/renewal", dependencies=[forms.OPEN_TO_ALL])
async def renewal(request: Request, session: Session, token: str) -> Response:
    """The client of a dead link asks for a new one."""
    aggregate = await _by_token(session, token, lock=True)
    await _request_renewal(request, session, aggregate)
    return render.see_other(request, request.url.path.removesuffix("/renewal"))


@router.get("/l/{link_id}")
async def go_on(request: Request, link: PublicLink) -> Response:
    """The screen that is next."""
    return render.see_other(request, f"{link.path}/{screens.next_screen(link.standing)}")


@router.post("/l/{link_id}/renewal")
async def renewal_here(request: Request, session: Session, link_id: str, form: SentForm) -> Response:
    """The same wish, from a browser that has the link open."""
    before = await opened_before(session, request, link_id)
    forms.check_token(request, form, before.cookie)
    await _request_renewal(request, session, before.aggregate)
    return render.see_other(request, url.of_screens(link_id))


async def _request_renewal(request: Request, session: AsyncSession, aggregate: LinkAggregate) -> None:
    await rate_limits.take(session, aggregate, (rate_limits.RENEWALS_OF_LINK, aggregate.link.id))
    await emails.request_renewal(session, aggregate, outbox=services_of(request).outbox)
    await aggregate.save(session)
