"""The link that a browser has open, by its cookie, and the dependencies of routes on it."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from sqlalchemy import literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.readiness import service as readiness
from app.client_portal import rate_limits, screens
from app.client_portal.errors import Elsewhere, LinkEnded, OtherBrowser
from app.client_portal.screens import Progress
from app.kit.actor import bind_actor
from app.kit.database import Session
from app.kit.html import forms
from app.kit.html.forms import Form, SentForm
from app.kit.ids import MalformedId
from app.links import devices, url
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.devices import NewDevice
from app.links.models import LinkSession
from app.services import services_of
from app.tenants.agencies import service as agencies

#: The screen on which a new device is verified.
DEVICE = "device"


@dataclass(frozen=True)
class CurrentLink:
    """An active link in a browser of its client."""

    aggregate: LinkAggregate
    browser: LinkSession
    #: the value of the browser's cookie
    cookie: str
    #: the active connection that serves this browser
    connection: Connection | None
    #: the client completed the checklist
    ready: bool
    #: the connected lane is possible: there is an app to authorize
    can_connect: bool

    @property
    def path(self) -> str:
        """Path of its screens."""
        return url.of_screens(self.aggregate.link.id)

    @property
    def is_connected(self) -> bool:
        """True if assets are selected from the platform's list rather than typed."""
        return self.aggregate.link.lane == "connected" and self.connection is not None

    @property
    def is_to_reconnect(self) -> bool:
        """True if the link is connected but has no authorization: the client connects again to select assets."""
        return self.aggregate.link.lane == "connected" and self.connection is None and self.can_connect

    @property
    def progress(self) -> Progress:
        """Progress of the client."""
        return progress_of(self.aggregate, connected=self.connection is not None, ready=self.ready)


def progress_of(aggregate: LinkAggregate, *, connected: bool, ready: bool) -> Progress:
    """Progress of the client on a link."""
    intake = aggregate.intake
    accounts = [each for each in aggregate.access_requests if screens.OF_KIND.get(each.kind) == "accounts"]
    return Progress(
        sequence=screens_of(aggregate),
        lane=aggregate.link.lane,
        connected=connected,
        business_center=intake.client_account_id is not None,
        assets=all(access_request.asset_id or access_request.status == "declined" for access_request in accounts),
        others=intake.others_at is not None,
        pixels=intake.pixel_codes is not None
        and not any(
            access_request.lacks_choice
            for access_request in aggregate.access_requests
            if access_request not in accounts
        ),
        markets=intake.markets is not None,
        contacts=intake.contacts is not None,
        questions=aggregate.has_answers,
        ready=ready,
        submitted=aggregate.link.submitted_at is not None,
        unapproved=any(
            access_request.is_chosen and access_request.approved_at is None and access_request.status == "waiting"
            for access_request in aggregate.access_requests
        ),
        completed=aggregate.is_settled,
    )


def screens_of(aggregate: LinkAggregate) -> tuple[str, ...]:
    """The screens of a link, as its preset and its access requests need them."""
    choosing = {screens.OF_KIND.get(access_request.kind) for access_request in aggregate.access_requests}
    connecting = any(not access_request.is_manual for access_request in aggregate.access_requests)
    asked = {
        "way": connecting,
        "business-center": connecting,
        "accounts": "accounts" in choosing,
        "others": any(access_request.is_manual for access_request in aggregate.access_requests),
        "get-ready": connecting,
        "pixels": connecting and ("pixels" in choosing or aggregate.preset.asks_screen("pixels")),
    }
    return tuple(screen for screen in screens.SEQUENCE if asked.get(screen, aggregate.preset.asks_screen(screen)))


@dataclass(frozen=True)
class VisitedLink:
    """A link, dead or not, in a browser that opened it once; the browser may not be the client's."""

    aggregate: LinkAggregate
    browser: LinkSession
    cookie: str

    @property
    def path(self) -> str:
        """Path of its screens."""
        return url.of_screens(self.aggregate.link.id)

    def may_open(self, others_verified: bool) -> bool:
        """True if the browser may see and change the link: no personal data is saved yet, or it is verified.

        A browser that only opened the link before data was saved is not verified.
        """
        return self.browser.verified_at is not None or not (others_verified or devices.holds_personal(self.aggregate))


async def opened_before(
    session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None
) -> VisitedLink:
    """Load the link of the path, dead or not, with this browser. Raises OtherBrowser.

    For a POST it is locked, unless `lock` is given.
    """
    cookie = request.cookies.get(forms.BROWSER, "")
    lock = request.method == "POST" if lock is None else lock
    try:
        found = await links.load_by_cookie(session, link_id, cookie, lock=lock) if cookie else None
    except MalformedId:
        found = None
    if found is None:
        raise OtherBrowser
    bind_actor(found[0].by_client)
    return VisitedLink(*found, cookie)


async def usable_link(
    session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None
) -> VisitedLink:
    """Load the active link of the path, with this browser. Raises OtherBrowser, LinkEnded."""
    before = await opened_before(session, request, link_id, lock=lock)
    if before.aggregate.is_dead:
        renewal = f"{before.path}/renewal"
        raise LinkEnded(before.aggregate, renewal=renewal, form_token=forms.token(request, before.cookie))
    return before


async def opened(session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None) -> CurrentLink:
    """Load the active link of the path in a browser of its client.

    Raises OtherBrowser, LinkEnded, and Elsewhere for a new device once personal data is saved.
    """
    before = await usable_link(session, request, link_id, lock=lock)
    known = await _known(session, before)
    if not before.may_open(known.others_verified):
        raise Elsewhere(f"{before.path}/{DEVICE}")
    platform = before.aggregate.platform
    return CurrentLink(
        before.aggregate,
        before.browser,
        before.cookie,
        known.connection,
        ready=known.ready,
        can_connect=platform is not None
        and oauth_flow.can_connect(services_of(request).platforms, platform, own_app=known.own_app),
    )


class _Known(NamedTuple):
    """Facts from other rooms about a link in a browser."""

    connection: Connection | None
    others_verified: bool
    ready: bool
    own_app: bool


async def _known(session: AsyncSession, link: VisitedLink) -> _Known:
    agency_id, link_id = link.aggregate.agency.id, link.aggregate.link.id
    latest = connections.of_browser(link.browser).subquery()
    rows = (
        select(
            aliased(Connection, latest),
            devices.has_verified(agency_id, link_id),
            readiness.is_completed(agency_id, link_id),
            agencies.has_platform_app(agency_id, link.aggregate.platform or ""),
        )
        .select_from(select(literal(1)).subquery())
        .outerjoin(latest, true())
    )
    return _Known(*(await session.execute(rows)).one())


async def can_connect(session: AsyncSession, request: Request, aggregate: LinkAggregate) -> bool:
    """True if the client of this link can connect with the platform."""
    return aggregate.platform is not None and await oauth_flow.is_possible(
        session, services_of(request).platforms, aggregate.agency.id, aggregate.platform
    )


async def _open_link(session: Session, request: Request, link_id: str) -> CurrentLink:
    return await opened(session, request, link_id)


OpenLink = Annotated[CurrentLink, Depends(_open_link, scope="function")]


def in_turn(request: Request, link: CurrentLink) -> CurrentLink:
    """The link, on a screen that may be opened. Raises Elsewhere for one that is too early."""
    name = request.url.path.removeprefix(f"{link.path}/").partition("/")[0]
    if name in (*screens.SEQUENCE, *screens.AFTER) and (other := screens.instead(link.progress, name)):
        raise Elsewhere(f"{link.path}/{other}")
    return link


async def _screen(request: Request, link: OpenLink) -> CurrentLink:
    return in_turn(request, link)


#: The link on a screen that may be opened; a screen that is too early redirects to the one that comes first.
OpenScreen = Annotated[CurrentLink, Depends(_screen, scope="function")]


async def claim(session: AsyncSession, link: CurrentLink) -> None:
    """Verify the first browser that saves personal data, before it is saved. Raises Elsewhere for another."""
    try:
        await devices.claim(session, link.aggregate, link.browser)
    except NewDevice as refused:  # another browser was first
        raise Elsewhere(f"{link.path}/{DEVICE}") from refused


async def _form(request: Request, session: Session, link: OpenScreen, form: SentForm) -> Form:
    forms.check_token(request, form, link.cookie)
    await rate_limits.take_form(session, link.aggregate, link.browser)
    return form


#: For routes that only need proof that the form came from a screen of this link in this browser.
FROM_OUR_SCREEN = Depends(_form, scope="function")
LinkForm = Annotated[Form, FROM_OUR_SCREEN]
