"""Which link a browser has open: the cookie a client got by pressing Start, and what needs it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import queries as connections
from app.access.connections.model import Connection
from app.access.readiness import queries as readiness
from app.journey import screens
from app.journey.refusals import Elsewhere, LinkEnded, OtherBrowser
from app.journey.screens import Standing
from app.kit import clock
from app.kit.database import Session
from app.kit.html import forms
from app.kit.html.forms import Form, SentForm
from app.kit.ids import MalformedId
from app.links import address, status
from app.links import queries as links
from app.links.queries import Whole

COOKIE = "keyturn_link"
LIFETIME = timedelta(days=90)


@dataclass(frozen=True)
class Opened:
    """A living link in a browser that opened it."""

    whole: Whole
    cookie: str
    connection: Connection | None
    #: the client went through the checklist
    ready: bool

    @property
    def path(self) -> str:
        """Where its screens lie."""
        return address.of_screens(self.whole.link.id)

    @property
    def is_connected(self) -> bool:
        """Whether assets are picked from what the platform showed, rather than typed."""
        return self.whole.link.lane == "connected" and self.connection is not None

    @property
    def is_to_reconnect(self) -> bool:
        """Whether the client connected, and its authorisation is no longer here: to pick, it connects once more."""
        return self.whole.link.lane == "connected" and self.connection is None

    @property
    def standing(self) -> Standing:
        """How far the client has come."""
        return standing_of(self.whole, connected=self.connection is not None, ready=self.ready)


def standing_of(whole: Whole, *, connected: bool, ready: bool) -> Standing:
    """How far the client has come on a link."""
    intake = whole.intake
    accounts = [ask for ask in whole.asks if ask.kind == "ad_account"]
    return Standing(
        way=way_of(whole),
        lane=whole.link.lane,
        connected=connected,
        business_center=intake.bc_id is not None,
        assets=all(ask.asset_id or ask.state == "declined" for ask in accounts),
        others=intake.others_at is not None,
        pixels=intake.pixel_codes is not None
        and not any(ask.lacks_choice for ask in whole.asks if ask not in accounts),
        markets=intake.markets is not None,
        contacts=intake.contacts is not None,
        questions=whole.has_answers,
        ready=ready,
        submitted=whole.link.submitted_at is not None,
        unapproved=any(ask.is_chosen and ask.approved_at is None and ask.state == "waiting" for ask in whole.asks),
        completed=whole.is_settled,
    )


def way_of(whole: Whole) -> tuple[str, ...]:
    """The screens the client of a link meets: what its preset wants to know, and what its asks need."""
    kinds = {ask.kind for ask in whole.asks}
    connecting = any(not ask.is_custom for ask in whole.asks)
    asked = {
        "way": connecting,
        "business-center": connecting,
        "accounts": "ad_account" in kinds,
        "others": any(ask.is_custom for ask in whole.asks),
        "get-ready": connecting,
        "pixels": connecting and (bool(kinds & {"pixel", "catalog"}) or whole.preset.asks_screen("pixels")),
    }
    return tuple(screen for screen in screens.WAY if asked.get(screen, whole.preset.asks_screen(screen)))


async def opened_before(session: AsyncSession, request: Request, link_id: str) -> tuple[Whole, str]:
    """The link of the path, dead or not, with the cookie of this browser. Raises OtherBrowser."""
    cookie = request.cookies.get(COOKIE, "")
    try:
        found = await links.by_cookie(session, link_id, cookie) if cookie else None
    except MalformedId:
        found = None
    if found is None:
        raise OtherBrowser
    return await links.whole(session, found[0].agency_id, link_id), cookie


async def opened(session: AsyncSession, request: Request, link_id: str) -> Opened:
    """The living link of the path in the browser that holds its cookie. Raises OtherBrowser, LinkEnded."""
    whole, cookie = await opened_before(session, request, link_id)
    if status.is_dead(status.as_of(whole.link.status, whole.link.expires_at, clock.now())):
        renewal = f"{address.of_screens(link_id)}/renewal"
        raise LinkEnded(whole, renewal=renewal, form_token=forms.token(request, cookie))
    agency_id = whole.agency.id
    return Opened(
        whole,
        cookie,
        await connections.live(session, agency_id, link_id),
        await readiness.was_seen(session, agency_id, link_id),
    )


async def _open_link(session: Session, request: Request, link_id: str) -> Opened:
    return await opened(session, request, link_id)


OpenLink = Annotated[Opened, Depends(_open_link, scope="function")]


def in_turn(request: Request, link: Opened) -> Opened:
    """The link, on a screen whose turn it is or was. Raises Elsewhere for one that is too early."""
    name = request.url.path.removeprefix(f"{link.path}/").partition("/")[0]
    if name in (*screens.WAY, *screens.AFTER) and (other := screens.instead(link.standing, name)):
        raise Elsewhere(f"{link.path}/{other}")
    return link


async def _screen(request: Request, link: OpenLink) -> Opened:
    return in_turn(request, link)


#: The same, on a screen whose turn it is or was; whoever is too early is sent to the one that comes first.
OpenScreen = Annotated[Opened, Depends(_screen, scope="function")]


async def _form(request: Request, link: OpenScreen, form: SentForm) -> Form:
    forms.check_token(request, form, link.cookie)
    return form


#: For a route that needs no more of a form than that it was sent from a screen of this link in this browser.
FROM_OUR_SCREEN = Depends(_form, scope="function")
LinkForm = Annotated[Form, FROM_OUR_SCREEN]


def remember(response: Response, link_id: str, cookie: str, *, secure: bool) -> None:
    """Lets the browser keep the link open; the cookie goes to this link's screens alone."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(LIFETIME.total_seconds()),
        path=address.of_screens(link_id),
        httponly=True,
        samesite="lax",
        secure=secure,
    )
