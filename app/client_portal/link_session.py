"""The link that a browser has open, by its cookie, and the dependencies of routes on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from sqlalchemy import literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from starlette.datastructures import FormData

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.client_portal import in_app_browsers, rate_limits, screens
from app.client_portal.errors import Elsewhere, LinkEnded, NoCookies, OtherBrowser, StepOver
from app.client_portal.screens import Progress
from app.kit.actor import bind_actor
from app.kit.database import Session
from app.kit.html import forms, language
from app.kit.html.forms import Form, SentForm
from app.kit.i18n.message import Text, _
from app.kit.ids import MalformedId
from app.links import devices, step_links, url
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.devices import NewDevice
from app.links.models import LinkPlatform, LinkSession
from app.platforms import declarations
from app.services import services_of
from app.tenants.agencies import hosts
from app.tenants.agencies import service as agencies

#: The screen on which a new device is verified.
DEVICE = "device"
#: Parameter of the first address after a cookie was set: a browser without it keeps none.
STARTED = "started"
#: The page of a step link's person.
YOUR_STEP = "your-step"
#: What that person may see and do under the path of the platform, at any time and only before the consent.
_OF_STEP = frozenset({screens.LANE, "lane", "connection", "check", "reduction", "steps", "guides"})
_BEFORE_CONSENT = frozenset({screens.ACCOUNT, screens.ASSETS})


@dataclass(frozen=True)
class Draft:
    """A form that was sent back, as it was sent, with a sentence for each field that needs another look."""

    form: Form
    problems: Mapping[str, str]


@dataclass(frozen=True)
class CurrentLink:
    """An active link in a browser of its client."""

    aggregate: LinkAggregate
    browser: LinkSession
    #: the value of the browser's cookie
    cookie: str
    #: the active connections that serve this browser, by platform
    connections: Mapping[str, Connection]
    #: platforms whose connected lane is possible: there is an app to authorize
    connectable: frozenset[str]
    #: platform of the screen; None on a screen of the whole link
    platform: str | None = None
    #: platforms that the person of a step link connected in another browser
    connected_elsewhere: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """Path of its screens."""
        return url.of_screens(self.aggregate.link.id)

    def draft_of(self, request: Request) -> Draft | None:
        """The form that was sent back to this browser on the screen of a request."""
        kept = self.browser.draft
        if kept is None or kept["screen"] != request.url.path.removeprefix(f"{self.path}/"):
            return None
        return Draft(Form(FormData([(name, value) for name, value in kept["fields"]])), kept["problems"])

    @property
    def here(self) -> LinkPlatform:
        """The platform of the screen."""
        assert self.platform is not None
        return self.aggregate.on(self.platform)

    @property
    def connection(self) -> Connection | None:
        """The active connection with the platform of the screen that serves this browser."""
        return self.connections.get(self.platform or "")

    @property
    def person(self) -> Text | None:
        """The person who connected the platform of the screen in this browser; None without a connection."""
        if self.connection is None:
            return None
        return self.connection.person or _("your {platform} sign-in", platform=declarations.name(self.here.platform))

    @property
    def can_connect(self) -> bool:
        """True if the connected lane is possible on the platform of the screen."""
        return self.platform in self.connectable

    @property
    def is_connected(self) -> bool:
        """True if assets are selected from the platform's list rather than typed."""
        return self.here.lane == "connected" and self.connection is not None

    @property
    def is_to_reconnect(self) -> bool:
        """True if the lane is connected without an authorization: the client connects again to select assets."""
        return self.here.lane == "connected" and self.connection is None and self.can_connect

    @property
    def progress(self) -> Progress:
        """Progress of the client; by a step link, on that step alone."""
        whole = progress_of(self.aggregate, connected=frozenset(self.connections) | self.connected_elsewhere)
        step = self.aggregate.step_link
        if step is None:
            return whole
        return replace(whole, sequence=tuple(each for each in whole.sequence if each.startswith(f"{step.platform}/")))


def progress_of(aggregate: LinkAggregate, *, connected: frozenset[str]) -> Progress:
    """Progress of the client on a link. `connected`: platforms with a connection that serves the browser."""
    submitted = aggregate.link.submitted_at is not None
    answered = {
        "others": aggregate.intake.others_at is not None,
        "about": all(value is not None for value in _asked_about(aggregate)),
        "questions": aggregate.has_answers,
    }
    for here in aggregate.connecting:
        key = here.platform
        has_lane = here.lane is not None and (here.lane != "connected" or key in connected or submitted)
        answered[f"{key}/{screens.LANE}"] = has_lane
        answered[f"{key}/{screens.ACCOUNT}"] = here.client_account_id is not None
        answered[f"{key}/{screens.ASSETS}"] = _has_assets(aggregate, here)
    return Progress(
        sequence=screens_of(aggregate),
        answered=frozenset(screen for screen, is_answered in answered.items() if is_answered),
        connected=connected,
        submitted=submitted,
        unapproved=any(
            access_request.is_chosen and access_request.approved_at is None and access_request.status == "waiting"
            for access_request in aggregate.access_requests
        ),
        completed=aggregate.is_settled,
    )


def _asked_about(aggregate: LinkAggregate) -> list[list[object] | None]:
    """The answers of the screen about the client that the preset asks for."""
    intake = aggregate.intake
    given = {"markets": intake.markets, "contacts": intake.contacts}
    return [value for name, value in given.items() if aggregate.preset.asks_screen(name)]


def asks_pixels(aggregate: LinkAggregate, platform: str) -> bool:
    """True if the client is asked for its pixels on a platform: access is requested, or only their ids."""
    kinds = {each.kind for each in aggregate.access_requests if each.platform == platform}
    optional = declarations.keys(lambda kind: kind.choice == "optional", platform)
    return bool(kinds & set(optional)) or bool(optional and aggregate.preset.asks_screen("pixels"))


def _has_assets(aggregate: LinkAggregate, here: LinkPlatform) -> bool:
    """True if each kind of asset on a platform was chosen or declined, and its pixels are known."""
    asked = [each for each in aggregate.access_requests if each.platform == here.platform]
    chosen = all(each.asset_id or each.status == "declined" for each in asked if each.asset_kind.choice == "required")
    if not chosen or not asks_pixels(aggregate, here.platform):
        return chosen
    optional = [each for each in asked if each.asset_kind.choice == "optional"]
    return here.pixel_codes is not None and not any(each.lacks_choice for each in optional)


def screens_of(aggregate: LinkAggregate) -> tuple[str, ...]:
    """The screens of a link, as its preset and its access requests need them."""
    sequence = [screen for here in aggregate.connecting for screen in screens.platform_screens(here.platform)]
    needed = {"others": asks_manual_ids(aggregate), "about": bool(_asked_about(aggregate))}
    sequence += [screen for screen in screens.COMMON if needed.get(screen, aggregate.preset.asks_screen(screen))]
    return tuple(sequence)


def asks_manual_ids(aggregate: LinkAggregate) -> bool:
    """True if the client can name an id of its own for an access request of a manual platform."""
    return any(
        each.is_manual and aggregate.manual_platform(each.platform).thing(each.role).id
        for each in aggregate.access_requests
    )


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

        A browser that only opened the link before data was saved is not verified. One that came by a step link may, as
        far as the step goes.
        """
        if self.aggregate.step_link is not None:
            return True
        return self.browser.verified_at is not None or not (others_verified or devices.holds_personal(self.aggregate))


def first_address(request: Request, path: str) -> str:
    """The first address under a link after its cookie was set: it finds out if a new one is kept."""
    return path if forms.BROWSER in request.cookies else f"{path}?{STARTED}=1"


async def opened_before(
    session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None
) -> VisitedLink:
    """Load the link of the path, dead or not, with this browser. Raises OtherBrowser, NoCookies.

    For a POST it is locked, unless `lock` is given.
    """
    cookie = request.cookies.get(forms.BROWSER, "")
    if not cookie and STARTED in request.query_params:
        raise NoCookies(in_app_browsers.app_around(request.headers.get("user-agent", "")))
    lock = request.method == "POST" if lock is None else lock
    try:
        found = await links.load_by_cookie(session, link_id, cookie, lock=lock) if cookie else None
    except MalformedId:
        found = None
    if found is None or not hosts.serves(request, found[0].agency.id):
        raise OtherBrowser
    bind_actor(found[0].by_client)
    language.prefer(request, link=found[0].link.language, agency=found[0].agency.language)
    return VisitedLink(*found, cookie)


async def usable_link(
    session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None
) -> VisitedLink:
    """Load the active link of the path, with this browser. Raises OtherBrowser, LinkEnded."""
    before = await opened_before(session, request, link_id, lock=lock)
    _refuse_dead(request, before)
    _refuse_beyond_step(request, before)
    return before


def _refuse_dead(request: Request, link: VisitedLink) -> None:
    if link.aggregate.is_dead:
        token = forms.token(request, link.cookie)
        raise LinkEnded(link.aggregate, renewal=f"{link.path}/renewal", form_token=token)


async def opened(
    session: AsyncSession, request: Request, link_id: str, *, lock: bool | None = None, after_end: bool = False
) -> CurrentLink:
    """Load the active link of the path in a browser of its client. `after_end`: a submitted one also when it has ended.

    Raises OtherBrowser, LinkEnded, and Elsewhere for a new device once personal data is saved.
    """
    before = await opened_before(session, request, link_id, lock=lock)
    if not (after_end and before.aggregate.link.submitted_at):
        _refuse_dead(request, before)
    known = await _known(session, before)
    _refuse_beyond_step(request, before)
    if not before.may_open(known.others_verified):
        raise Elsewhere(f"{before.path}/{DEVICE}")
    connecting = [each.platform for each in before.aggregate.connecting]
    platform = request.path_params.get("platform")
    platforms = services_of(request).platforms
    link = CurrentLink(
        before.aggregate,
        before.browser,
        before.cookie,
        known.connections,
        connectable=frozenset(
            each for each in connecting if oauth_flow.can_connect(platforms, each, own_app=each in known.own_apps)
        ),
        platform=platform,
        connected_elsewhere=frozenset(known.by_step or ()),
    )
    if platform is not None and platform not in {
        each.platform for each in link.aggregate.platforms if not each.is_manual
    }:
        raise Elsewhere(f"{link.path}/{screens.next_screen(link.progress)}")
    return link


def _refuse_beyond_step(request: Request, link: VisitedLink) -> None:
    """Raise Elsewhere for what is not part of the step in a browser that came by a step link; StepOver if it ended."""
    step = link.aggregate.step_link
    if step is None:
        return
    if not step_links.is_usable(step):
        raise StepOver(link.aggregate)
    place, _slash, action = request.url.path.removeprefix(f"{link.path}/").partition("/")
    asked = link.aggregate.find(action.partition("/")[0]) if place == "access-requests" else None
    actions = _OF_STEP if link.aggregate.link.submitted_at else _OF_STEP | _BEFORE_CONSENT
    if not (
        place in (YOUR_STEP, "return")
        or (place == step.platform and action in actions)
        or (asked is not None and asked.platform == step.platform)
    ):
        raise Elsewhere(f"{link.path}/{YOUR_STEP}")


class _Known(NamedTuple):
    """Facts from other rooms about a link in a browser. `own_apps`: platforms where the agency has its own app.

    `by_step`: platforms that are connected in a browser that came by a step link.
    """

    connections: Mapping[str, Connection]
    others_verified: bool
    own_apps: Collection[str]
    by_step: Collection[str]


_LATEST = connections.OF_BROWSER.subquery()
_KNOWN = (
    select(
        aliased(Connection, _LATEST), devices.HAS_VERIFIED, agencies.PLATFORMS_WITH_APP, connections.BY_STEP
    )
    .select_from(select(literal(1)).subquery())
    .outerjoin(_LATEST, true())
)  # fmt: skip


async def _known(session: AsyncSession, link: VisitedLink) -> _Known:
    found = (await session.execute(_KNOWN, connections.browser_values(link.browser))).all()
    _, verified, own_apps, by_step = found[0]
    mine = {row[0].platform: row[0] for row in found if row[0] is not None}
    return _Known(mine, verified, own_apps or (), by_step or ())


async def may_open(session: AsyncSession, link: VisitedLink) -> bool:
    """True if the browser may see and change the link."""
    return link.may_open((await _known(session, link)).others_verified)


async def can_connect(session: AsyncSession, request: Request, aggregate: LinkAggregate, platform: str) -> bool:
    """True if the client of this link can connect with a platform."""
    return await oauth_flow.is_possible(session, services_of(request).platforms, aggregate.agency.id, platform)


async def _open_link(session: Session, request: Request, link_id: str) -> CurrentLink:
    return await opened(session, request, link_id)


OpenLink = Annotated[CurrentLink, Depends(_open_link, scope="function")]


def in_turn(request: Request, link: CurrentLink) -> CurrentLink:
    """The link, on a screen that may be opened. Raises Elsewhere for one that is too early."""
    name = request.url.path.removeprefix(f"{link.path}/")
    if screens.is_screen(name) and (other := screens.instead(link.progress, name)):
        raise Elsewhere(f"{link.path}/{other}")
    return link


async def _screen(request: Request, link: OpenLink) -> CurrentLink:
    return in_turn(request, link)


#: The link on a screen that may be opened; a screen that is too early redirects to the one that comes first.
OpenScreen = Annotated[CurrentLink, Depends(_screen, scope="function")]


async def _result(session: Session, request: Request, link_id: str) -> CurrentLink:
    return in_turn(request, await opened(session, request, link_id, after_end=True))


#: The same on the page of the result, which a submitted link keeps when it has ended.
OpenResult = Annotated[CurrentLink, Depends(_result, scope="function")]


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


async def _result_form(request: Request, session: Session, link: OpenResult, form: SentForm) -> Form:
    forms.check_token(request, form, link.cookie)
    await rate_limits.take_form(session, link.aggregate, link.browser)
    return form


#: For routes of the result, which work after the link has ended.
FROM_THE_RESULT = Depends(_result_form, scope="function")
