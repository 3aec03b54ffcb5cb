"""Rendering of screens with their common values, and redirects between them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow, selectable_assets
from app.access.connections import service as connections
from app.access.connections.service import ReadAccess
from app.client_portal import rate_limits, screens
from app.client_portal.branding import brand_of
from app.client_portal.errors import ConnectingImpossible
from app.client_portal.link_session import CurrentLink, VisitedLink, can_connect
from app.kit.html import forms, language, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Problems, Text
from app.kit.input.text import looks_like_password, visible
from app.links import devices
from app.links.aggregate import LinkAggregate
from app.links.models import LinkPlatform
from app.platforms.port import ConnectedPlatform
from app.services import services_of
from app.tenants.agencies import hosts


def screen(
    request: Request,
    link: CurrentLink,
    name: str,
    *,
    problems: Mapping[str, Text] | None = None,
    form_to: tuple[str, ...] = (),
    **context: Any,
) -> HTMLResponse:
    """The page of a screen; with problems, that of a form which was sent back.

    Templates know the path of the link as `whole`, and that of the screen's platform as `here`.
    """
    sequence, path = link.progress.sequence, request.url.path.removeprefix(f"{link.path}/")
    counted = [each for each in sequence if each == path or not _is_skipped(link, each)]
    at = counted.index(path) if path in counted else None
    reachable = tuple(each for each in sequence if each in counted or each.endswith(f"/{screens.LANE}"))
    back = screens.before(reachable, path) if at is not None else None
    whole = render.root(request) + link.path
    return render.page(
        request,
        f"client_portal:screens/{name.replace('-', '_')}.html",
        form_to=form_to,
        **brand_of(link.aggregate),
        whole=whole,
        here=whole if link.platform is None else f"{whole}/{link.platform}",
        form_token=forms.token(request, link.cookie),
        codes=can_email_codes(request, link.aggregate),
        problems=problems or {},
        shown={"account": "assets", "questions": "about", "others": "about"}.get(name, name),
        # the first page is the first step
        step=None if at is None else at + 2,
        steps=len(counted) + 1,
        passed_on=link.aggregate.step_link is not None,
        minutes=None if at is None else screens.minutes_left(tuple(counted), path),
        back=f"{whole}/{back}" if back else None,
        **context,
    )


def _is_skipped(link: CurrentLink, name: str) -> bool:
    """True for a screen with one possible answer, or one that is given on the first page."""
    platform, _, screen = name.partition("/")
    connection = link.connections.get(platform)
    if screen == screens.LANE:
        return True
    if screen != screens.ACCOUNT or connection is None:
        return False
    here, found = link.aggregate.on(platform), connections.discovered(connection)
    only = selectable_assets.only_account(found, here.agency_account_id or "")
    return here.lane == "connected" and only is not None and here.client_account_id is not None


def can_email_codes(request: Request, aggregate: LinkAggregate) -> bool:
    """True if a new device can be verified by an e-mailed code."""
    return services_of(request).outbox is not None and bool(devices.addresses_of(aggregate))


def sent_back(request: Request, link: CurrentLink, form: Form, problems: Problems) -> RedirectResponse:
    """303 to the screen of a form that cannot be saved, which shows it as it was sent: Back never sends it again.

    Passwords are not kept, nor characters that cannot be stored.
    """
    screen, locale = request.url.path.removeprefix(f"{link.path}/"), language.locale_of(request)
    sent = [(visible(name), visible(value)) for name, value in form.pairs(but=(forms.TOKEN_FIELD,))]
    link.browser.draft = {
        "screen": screen,
        "fields": [pair for pair in sent if not looks_like_password(pair[1])],
        "problems": {name: locale.text(sentence) for name, sentence in problems.items()},
    }
    return render.see_other(request, f"{link.path}/{screen}")


def go_on(request: Request, link: CurrentLink) -> RedirectResponse:
    """303 to the first screen that still needs the client, after a form was saved."""
    link.browser.draft = None
    return render.see_other(request, f"{link.path}/{screens.next_screen(link.progress)}")


def platform_of(request: Request, platform: str | None) -> ConnectedPlatform:
    """A platform with an API, by key."""
    return services_of(request).platforms.connected(str(platform))


async def to_platform(
    request: Request, session: AsyncSession, link: CurrentLink | VisitedLink, platform: str
) -> RedirectResponse:
    """303 to a platform's consent page; this alone shares nothing. Raises ConnectingImpossible."""
    await rate_limits.take(session, link.aggregate, (rate_limits.AUTHORIZATIONS_ON_LINK, link.aggregate.link.id))
    if not (
        platform in link.connectable
        if isinstance(link, CurrentLink)
        else await can_connect(session, request, link.aggregate, platform)
    ):
        here = f"{render.root(request)}{link.path}/{platform}"
        raise ConnectingImpossible(link.aggregate, here=here, form_token=forms.token(request, link.cookie))
    services = services_of(request)
    consent = await oauth_flow.start_for_link(
        session,
        services.platforms.connected(platform),
        services.keyring,
        agency_id=link.aggregate.agency.id,
        link_id=link.aggregate.link.id,
        cookie=link.cookie,
        domain=hosts.domain_of(request),
    )
    return render.see_other(request, consent)


async def needs_own_connection(session: AsyncSession, link: CurrentLink, platform: str) -> bool:
    """True if actions here would use an authorization that serves another browser, which no step link was made for."""
    if platform in link.connections or platform in link.connected_elsewhere:
        return False
    whole = link.aggregate
    return await connections.of_link(session, whole.agency.id, whole.link.id, platform) is not None


async def can_look(session: AsyncSession, aggregate: LinkAggregate, here: LinkPlatform) -> bool:
    """True if a platform can be read for the requested access; otherwise no page promises it."""
    return is_readable(here, await read_access(session, aggregate, by_hand([here])))


def is_readable(here: LinkPlatform, access: Mapping[str, ReadAccess]) -> bool:
    """True if a platform is read with the client's authorization, or can be read in the guided lane."""
    return here.is_connected or access[here.platform].can_look


def by_hand(places: Iterable[LinkPlatform]) -> list[LinkPlatform]:
    """The platforms that are not in the connected lane."""
    return [here for here in places if not here.is_connected]


async def read_access(
    session: AsyncSession, aggregate: LinkAggregate, places: Sequence[LinkPlatform]
) -> Mapping[str, ReadAccess]:
    """Read access to what is shared from the client's account at each of these platforms."""
    accounts = {here.platform: here.client_account_id or "" for here in places}
    return await connections.read_access(session, aggregate.agency.id, aggregate.client.id, accounts)


def consent_origins(request: Request, aggregate: LinkAggregate) -> tuple[str, ...]:
    """Foreign origins that forms of a screen may redirect to: the consent pages of the link's platforms."""
    return tuple(platform_of(request, each.platform).consent_origin for each in aggregate.connecting)
