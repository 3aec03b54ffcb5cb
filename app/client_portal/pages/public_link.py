"""A public link: the agency, its access requests, and a form that creates a link for the visitor."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.branding import brand_of_agency
from app.client_portal.copy.access_offer import offers
from app.client_portal.errors import PublicLinkEnded
from app.client_portal.forms import signup
from app.client_portal.forms.signup import TRAP, Visitor
from app.client_portal.link_token_converter import OPEN
from app.client_portal.pages import landing
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import SentForm
from app.kit.input import email_address
from app.links import url
from app.links.models import PublicLink
from app.links.presets import service as presets
from app.links.public_links import service as public_links
from app.links.public_links import signup as entering
from app.links.public_links.signup import Details, PublicLinkBusy, PublicLinkOver, Sender
from app.platforms.manual.library import CUSTOM
from app.services import services_of
from app.tenants.agencies import service as agencies

router = APIRouter(include_in_schema=False)


@router.get(OPEN)
async def read_public_link(request: Request, session: Session, token: str, external_id: str = "") -> Response:
    """The agency and its access requests, with the form. Changes nothing: the address is public, and robots read it."""
    found = await public_links.by_token(session, token)
    if found is None:  # a client may be called Open
        return await landing.welcome(request, session, token)
    about = await _about(request, session, found)
    if entering.status_of(found) != "open":
        raise PublicLinkEnded(about)
    return _page(request, about, Visitor(), {}, claimed=external_id)


@router.post(OPEN, dependencies=[forms.OPEN_TO_ALL])
async def enter_public_link(request: Request, session: Session, token: str, form: SentForm) -> Response:
    """Makes a client and a link of their own, and goes on as after Start."""
    found = await public_links.by_token(session, token)
    if found is None:
        return await landing.start(request, session, token)
    about = await _about(request, session, found)
    given = Visitor(
        form.line("company"), form.line("name", most=120), email_address.tidied(form.text("email", most=254))
    )
    problems = dict(form.problems) or signup.problems(given, trapped=form.ticked(TRAP))
    claimed = form.text("external_id", most=2_000)
    if problems:
        return _page(request, about, given, problems, claimed=claimed, status=422)
    services = services_of(request)
    details = Details(given.company, given.name, given.email, signup.external_id(claimed))
    host = request.client.host if request.client else ""
    sender = Sender(
        entering.hashed_address(services.keyring, host),
        form.text("once") or entering.new_form(),
        forms.browser(request),
    )
    try:
        link = await entering.enter(session, found, details, sender, keyring=services.keyring)
    except PublicLinkOver as over:
        raise PublicLinkEnded(about) from over
    except PublicLinkBusy:
        return _page(request, about, given, {}, claimed=claimed, busy=True, status=429)
    answer = render.see_other(request, url.of_screens(link.id))
    forms.remember(request, answer)
    return answer


async def _about(request: Request, session: AsyncSession, found: PublicLink) -> dict[str, Any]:
    chosen = await presets.version(session, found.agency_id, found.preset, found.preset_version)
    read = [access_request for access_request in chosen.access_requests if access_request.kind != CUSTOM]
    by_platform = {
        access_request.platform: [each for each in read if each.platform == access_request.platform]
        for access_request in read
    }
    platforms = services_of(request).platforms
    brand = brand_of_agency(await agencies.find(session, found.agency_id))
    return {
        **brand,
        "requested_by": found.requested_by,
        "platforms": list(
            dict.fromkeys(platforms[access_request.platform].name for access_request in chosen.access_requests)
        ),
        "manual": [
            (access_request.title or platforms[access_request.platform].name, access_request.reason)
            for access_request in chosen.access_requests
            if access_request not in read
        ],
        "offers": [
            offer
            for key, access_requests in by_platform.items()
            for offer in offers(
                [
                    (access_request.kind, access_request.role, access_request.reason)
                    for access_request in access_requests
                ],
                platforms[key],
            )
        ],
    }


def _page(
    request: Request,
    about: dict[str, Any],
    given: Visitor,
    problems: dict[str, str],
    *,
    claimed: str,
    busy: bool = False,
    status: int = 200,
) -> Response:
    answer = render.page(
        request, "client_portal:door/open.html", status=status, **about, given=given, problems=problems, busy=busy,
        trap=TRAP, claimed=signup.external_id(claimed) or "", once=entering.new_form(),
        form_token=forms.token(request),
    )  # fmt: skip
    if busy:
        answer.headers["Retry-After"] = "3600"
    return answer
