"""Entry pages: public links, clients' links, dead links, and addresses that contain a link's secret."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.convertors import StringConvertor, register_url_convertor

from app.client_portal import rate_limits, screens, service
from app.client_portal.branding import brand_of, brand_of_agency
from app.client_portal.copy.consent import platform_offers
from app.client_portal.errors import LinkEnded, LinkUnknown, PublicLinkEnded, PublicLinkPaused
from app.client_portal.first_screens import only_platform, welcome_page
from app.client_portal.forms import intake
from app.client_portal.forms.intake import TRAP, Visitor
from app.client_portal.link_session import OpenLink, VisitedLink, can_connect, first_address, may_open, opened_before
from app.client_portal.rendering import to_platform
from app.kit.actor import bind_actor
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.i18n.message import Problems
from app.kit.input import email_address
from app.kit.web.problem import PathUnknown
from app.links import devices, emails, reminders, url
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import PublicLink
from app.links.own_platforms import service as own_platforms
from app.links.presets import builtin
from app.links.presets import service as presets
from app.links.public_links import service as public_links
from app.links.public_links import signup as entering
from app.links.public_links.signup import Details, PublicLinkBusy, PublicLinkClosed, Sender
from app.platforms.manual.library import CUSTOM
from app.services import services_of
from app.tenants.agencies import hosts
from app.tenants.agencies import service as agencies
from app.tenants.agencies.service import RESERVED_SLUGS

router = forms.page_router()


class AgencySlug(StringConvertor):
    """A first path segment that is not reserved, so that `/api/v1/anything` is never taken for a link."""

    regex = rf"(?!(?:{'|'.join(sorted(map(str, RESERVED_SLUGS))).replace('.', '[.]')})/)[^/]+"


class Stray(StringConvertor):
    """Any path whose first segment is not reserved."""

    regex = rf"(?!(?:{'|'.join(sorted(map(str, RESERVED_SLUGS))).replace('.', '[.]')})(?:/|$)).+"


register_url_convertor("agency_slug", AgencySlug())


register_url_convertor("stray", Stray())


#: The button of the first page that leads to a step link.
SOMEONE_ELSE = "someone-else"
#: The path of a public link; it comes before a client's link.
OPEN = "/{agency:agency_slug}/open/{token}"
#: The path of a link. Only the token decides; the two names before it are for people.
SECRET = "/{agency:agency_slug}/{client}/{token}"  # noqa: S105 - a path
#: Where the client asks for no more reminders.
NO_REMINDERS = url.no_reminders(SECRET)
#: Any other path: it may contain a link's secret.
STRAY = "/{path:stray}"
#: Number of path segments of a link.
_LINK_PARTS = 3


@router.get(OPEN)
async def read_public_link(request: Request, session: Session, token: str, external_id: str = "") -> Response:
    """Show the agency and its access requests, with the form. Changes nothing, because robots read public addresses."""
    found = await _public_link(request, session, token)
    if found is None:  # a client may be called Open
        return await welcome(request, session, token)
    about = await _about(request, session, found)
    if public_links.status_of(found) != "open":
        raise _closed(found, about)
    return _page(request, about, Visitor(), {}, claimed=external_id)


@router.post(OPEN, dependencies=[forms.OPEN_TO_ALL])
async def enter_public_link(request: Request, session: Session, token: str, form: SentForm) -> Response:
    """Create a client and a link for the visitor, and continue as after Start."""
    found = await _public_link(request, session, token)
    if found is None:
        return await start(request, session, token, form)
    about = await _about(request, session, found)
    given = Visitor(
        form.line("company"), form.line("name", most=120), email_address.tidied(form.text("email", most=254))
    )
    problems = form.problems or intake.signup_problems(given, trapped=form.ticked(TRAP))
    claimed = form.text("external_id", most=2_000)
    if problems:
        return _page(request, about, given, problems, claimed=claimed, status=422)
    services = services_of(request)
    details = Details(given.company, given.name, given.email, intake.claimed_external_id(claimed))
    host = request.client.host if request.client else ""
    sender = Sender(
        entering.hashed_address(services.keyring, host),
        form.text("once") or entering.new_form(),
        forms.browser(request),
    )
    try:
        link = await entering.enter(session, found, details, sender, keyring=services.keyring)
    except PublicLinkClosed as closed:
        raise _closed(found, about) from closed
    except PublicLinkBusy:
        return _page(request, about, given, {}, claimed=claimed, busy=True, status=429)
    answer = render.see_other(request, first_address(request, url.of_screens(link.id)))
    forms.remember(request, answer)
    return answer


@router.get(SECRET)
async def welcome(request: Request, session: Session, token: str) -> Response:
    """Show the agency, its access requests and their limits. Changes nothing, because scanners open links."""
    if len(token) != url.SECRET_LENGTH:
        return render.see_other(request, await meant_link(request, session, request.url.path))
    aggregate = await _by_token(request, session, token)
    _refuse_dead(request, aggregate)
    platform = only_platform(aggregate)
    can = platform is not None and await can_connect(session, request, aggregate, platform)
    return welcome_page(request, aggregate, form_token=forms.token(request), can_connect=can)


@router.post(SECRET, dependencies=[forms.OPEN_TO_ALL])
async def start(request: Request, session: Session, token: str, form: SentForm) -> Response:
    """Open the link in this browser, and begin in the lane that was pressed: at the platform, or by hand."""
    aggregate = await _by_token(request, session, token, lock=True)
    _refuse_dead(request, aggregate)
    link_id, cookie = aggregate.link.id, forms.browser(request)
    browser = await links.browser(session, aggregate.agency.id, link_id, cookie)
    if browser is None:
        await rate_limits.take(session, aggregate, (rate_limits.BROWSERS_ON_LINK, link_id))
        browser = devices.new_browser(session, aggregate, cookie)
        await aggregate.save(session)
    browser.step_link_id = None  # the whole link was opened
    if forms.BROWSER in request.cookies:
        answer = await _begin(request, session, VisitedLink(aggregate, browser, cookie), form)
    else:  # first see that it is kept
        answer = render.see_other(request, first_address(request, url.of_screens(link_id)))
    forms.remember(request, answer)
    return answer


async def _begin(request: Request, session: AsyncSession, link: VisitedLink, form: Form) -> Response:
    """To the platform or the next screen. A lane that the client has is not touched, nor anything by a new device."""
    aggregate, platform, lane = link.aggregate, only_platform(link.aggregate), form.text("lane")
    if form.text("next") == SOMEONE_ELSE:
        return render.see_other(request, f"{url.of_screens(aggregate.link.id)}/{SOMEONE_ELSE}")
    if platform is not None and aggregate.on(platform).lane is None and await may_open(session, link):
        possible = await can_connect(session, request, aggregate, platform)
        if lane == "connected" and possible:
            await session.flush()
            return await to_platform(request, session, link, platform)
        if lane == "guided" or not possible:
            await service.choose_lane(session, aggregate, platform, "guided")
    return render.see_other(request, url.of_screens(aggregate.link.id))


@router.post(f"{SECRET}/renewal", dependencies=[forms.OPEN_TO_ALL])
async def renewal(request: Request, session: Session, token: str) -> Response:
    """Request a new link in place of a dead one."""
    aggregate = await _by_token(request, session, token, lock=True)
    await _request_renewal(request, session, aggregate)
    return render.see_other(request, request.url.path.removesuffix("/renewal"))


@router.get(NO_REMINDERS)
async def reminders_page(request: Request, session: Session, token: str) -> Response:
    """Ask whether the client wants no more reminders. Changes nothing, because scanners open addresses in e-mails."""
    return _reminders_page(request, await _by_token(request, session, token))


@router.post(NO_REMINDERS, dependencies=[forms.OPEN_TO_ALL])
async def end_reminders(request: Request, session: Session, token: str, form: SentForm) -> Response:  # noqa: ARG001
    """Send no more reminders about the link."""
    await reminders.end(session, await _by_token(request, session, token, lock=True))
    return render.see_other(request, request.url.path)


@router.get("/l/{link_id}")
async def go_on(request: Request, link: OpenLink) -> Response:
    """Redirect to the next screen."""
    return render.see_other(request, f"{link.path}/{screens.next_screen(link.progress)}")


@router.post("/l/{link_id}/renewal")
async def renewal_here(request: Request, session: Session, link_id: str, form: SentForm) -> Response:
    """Request a new link in place of a dead one, from a browser that had it open."""
    before = await opened_before(session, request, link_id)
    forms.check_token(request, form, before.cookie)
    await _request_renewal(request, session, before.aggregate)
    return render.see_other(request, url.of_screens(link_id))


@router.get(STRAY)
async def find_link(request: Request, session: Session, path: str) -> Response:
    """Redirect to the link whose secret the path contains. Raises LinkUnknown, PathUnknown."""
    return render.see_other(request, await meant_link(request, session, path))


def _reminders_page(request: Request, aggregate: LinkAggregate) -> Response:
    return render.page(
        request, "client_portal:door/reminders.html", **brand_of(aggregate), form_token=forms.token(request),
        ended=aggregate.link.reminders_ended_at is not None, requested_by=aggregate.link.requested_by,
        back=request.url.path.removesuffix("/reminders"),
    )  # fmt: skip


async def meant_link(request: Request, session: AsyncSession, path: str) -> str:
    """The path of the link whose secret a path contains. Raises LinkUnknown, PathUnknown."""
    secrets = url.secrets_in(path)
    for secret in secrets:
        aggregate = await links.load_by_token(session, secret)
        if aggregate and hosts.serves(request, aggregate.agency.id):
            return url.of_link("", aggregate.agency.slug, aggregate.client.name, secret)
        if public_link := await _public_link(request, session, secret):
            agency = await agencies.find(session, public_link.agency_id)
            return url.of_public_link("", agency.slug, secret)
    if secrets or path.count("/") >= _LINK_PARTS - 1:
        raise LinkUnknown
    raise PathUnknown


async def _by_token(request: Request, session: AsyncSession, token: str, *, lock: bool = False) -> LinkAggregate:
    """Load the link of a secret, dead or not. Raises LinkUnknown."""
    found = await links.load_by_token(session, token, lock=lock)
    if found is None or not hosts.serves(request, found.agency.id):
        raise LinkUnknown
    bind_actor(found.by_client)
    language.prefer(request, link=found.link.language, agency=found.agency.language)
    return found


async def _public_link(request: Request, session: AsyncSession, token: str) -> PublicLink | None:
    """The public link of a secret, at a host of its agency."""
    found = await public_links.by_token(session, token)
    return found if found is not None and hosts.serves(request, found.agency_id) else None


def _closed(found: PublicLink, about: dict[str, Any]) -> PublicLinkEnded | PublicLinkPaused:
    """The page of a public link with which nobody new can start."""
    return PublicLinkPaused(about) if public_links.status_of(found) == "paused" else PublicLinkEnded(about)


def _refuse_dead(request: Request, aggregate: LinkAggregate) -> None:
    if aggregate.is_dead:
        path = request.url.path.removesuffix("/renewal")
        raise LinkEnded(aggregate, renewal=f"{path}/renewal", form_token=forms.token(request))


async def _request_renewal(request: Request, session: AsyncSession, aggregate: LinkAggregate) -> None:
    await rate_limits.take(session, aggregate, (rate_limits.RENEWALS_OF_LINK, aggregate.link.id))
    await emails.request_renewal(session, aggregate, outbox=services_of(request).outbox)
    await aggregate.save(session)


async def _about(request: Request, session: AsyncSession, found: PublicLink) -> dict[str, Any]:
    chosen = await presets.version(session, found.agency_id, found.preset, found.preset_version)
    read = [access_request for access_request in chosen.access_requests if access_request.kind != CUSTOM]
    by_platform = {
        access_request.platform: [each for each in read if each.platform == access_request.platform]
        for access_request in read
    }
    platforms = await own_platforms.requested(
        session, found.agency_id, services_of(request).platforms, chosen.access_requests
    )
    agency = await agencies.find(session, found.agency_id)
    language.prefer(request, link=found.language, agency=agency.language)
    return {
        **brand_of_agency(agency),
        "requested_by": found.requested_by,
        "platforms": list(
            dict.fromkeys(platforms[access_request.platform].name for access_request in chosen.access_requests)
        ),
        "manual": [
            (access_request.title or platforms[access_request.platform].name, builtin.words(access_request.reason))
            for access_request in chosen.access_requests
            if access_request not in read
        ],
        "offers": [
            offer
            for key, access_requests in by_platform.items()
            for offer in platform_offers(
                [
                    (access_request.kind, access_request.role, builtin.words(access_request.reason))
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
    problems: Problems,
    *,
    claimed: str,
    busy: bool = False,
    status: int = 200,
) -> Response:
    answer = render.page(
        request, "client_portal:door/open.html", status=status, **about, given=given, problems=problems, busy=busy,
        trap=TRAP, claimed=intake.claimed_external_id(claimed) or "", once=entering.new_form(),
        form_token=forms.token(request),
    )  # fmt: skip
    if busy:
        answer.headers["Retry-After"] = "3600"
    return answer
