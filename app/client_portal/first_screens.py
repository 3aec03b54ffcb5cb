"""The first screens of a link, and that of its questions: for its client, or previewed by a member."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow, selectable_assets
from app.access.connections import service as connections
from app.access.connections.selectable_assets import Choice
from app.access.connections.token_exchange import LONGEST_HOLD
from app.client_portal import in_app_browsers, offers, screens, status_texts
from app.client_portal.branding import brand_of
from app.client_portal.copy import guided_steps, status_rows
from app.client_portal.link_session import CurrentLink, screens_of
from app.client_portal.rendering import can_email_codes, platform_of, read_access, screen
from app.kit import clock
from app.kit.html import render
from app.kit.i18n.message import Text
from app.links import answers, questions
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, LinkSession
from app.links.presets import builtin
from app.platforms import declarations
from app.platforms.port import ConnectedPlatform, HelpArticle
from app.services import services_of


@dataclass(frozen=True)
class PreviewedLink(CurrentLink):
    """A link that a member sees in the client's place: it is in no browser, and not connected."""

    #: path of the previewed screens
    base: str = ""

    @property
    def path(self) -> str:
        """Path of its screens."""
        return self.base

    @property
    def is_to_reconnect(self) -> bool:
        """Never: a preview shows the lane by hand as it is before the client chose one."""
        return False


async def previewed(
    session: AsyncSession, request: Request, aggregate: LinkAggregate, base: str, platform: str
) -> PreviewedLink:
    """A link on a screen of a platform, for a preview. Nothing of it is saved."""
    platforms = services_of(request).platforms
    can = await oauth_flow.is_possible(session, platforms, aggregate.agency.id, platform)
    return PreviewedLink(
        aggregate, LinkSession(), "preview", {}, connectable=frozenset([platform] if can else []),
        platform=platform, base=base,
    )  # fmt: skip


def only_platform(aggregate: LinkAggregate) -> str | None:
    """The one platform with an API of a link, whose lane is chosen on the first page; None without it, or with more."""
    keys = [each.platform for each in aggregate.connecting]
    return keys[0] if len(keys) == 1 else None


def welcome_page(
    request: Request, aggregate: LinkAggregate, *, form_token: str, can_connect: bool = True, **shown: Any
) -> HTMLResponse:
    """The first page of an active link. `can_connect`: its only platform can be connected with.

    `shown`: a `layout` in place of the client's, and what it needs.
    """
    only = only_platform(aggregate)
    connects = only is not None and aggregate.on(only).lane is None and can_connect
    return render.page(
        request,
        "client_portal:door/welcome.html",
        **brand_of(aggregate),
        form_token=form_token,
        form_to=(platform_of(request, only).consent_origin,) if connects else (),
        connects=connects,
        inside=in_app_browsers.app_around(request.headers.get("user-agent", "")) if connects else None,
        link=aggregate.link,
        summary=status_rows.summary(aggregate) if aggregate.link.submitted_at else None,
        settled=aggregate.is_settled,
        changed=any(access_request.status == "drifted" for access_request in aggregate.access_requests),
        offers=offers.of_link(aggregate, services_of(request).platforms),
        codes=can_email_codes(request, aggregate),
        platforms=[_words_of(request, aggregate, each.platform) for each in aggregate.connecting],
        others=list(dict.fromkeys(each.platform.name for each in offers.manual_requests(aggregate) if not each.title)),
        minutes=sum(map(screens.minutes_of, screens_of(aggregate))),
        **shown,
    )


def _words_of(request: Request, aggregate: LinkAggregate, key: str) -> dict[str, Text]:
    """Texts of the first page about a platform."""
    name, texts = platform_of(request, key).name, declarations.texts(key)
    return {
        "name": name,
        "things": texts.things.fill(platform=name),
        "undo": texts.undo.fill(platform=name, agency=aggregate.agency.name),
        "have_ready": texts.have_ready.fill(platform=name),
    }


async def lanes_screen(
    request: Request, session: AsyncSession, link: CurrentLink, *, outcome: str = "", **shown: Any
) -> HTMLResponse:
    """The choice of the lane on a platform. `outcome`: of an authorization from which the client comes back."""
    platform = platform_of(request, link.platform)
    away = not link.connection and await connections.is_authorizing(
        session, link.aggregate.agency.id, link.aggregate.link.id, platform.key, clock.now()
    )
    access = await read_access(session, link.aggregate, [link.here])
    return screen(
        request,
        link,
        "way",
        form_to=(platform.consent_origin,),
        platform=platform.name,
        can_connect=link.can_connect,
        can_look=access[link.here.platform].can_look,
        person=link.person,
        inside=in_app_browsers.app_around(request.headers.get("user-agent", "")),
        came_back=status_texts.came_back(
            outcome or ("away" if away else ""),
            agency=link.aggregate.agency.name,
            platform=platform.key,
        ),
        hold_hours=LONGEST_HOLD // timedelta(hours=1),
        by_hand_first=outcome in status_texts.BY_HAND_FIRST,
        can_leave=link.aggregate.step_link is None and link.aggregate.can_leave(platform.key),
        **shown,
    )


def account_screen(
    request: Request,
    link: CurrentLink,
    given: str,
    problems: Mapping[str, Text],
    *,
    in_doubt: Choice | None = None,
    **shown: Any,
) -> HTMLResponse:
    """The choice of the client's account: from the platform's list, or typed."""
    seen = account_choices(link)
    can = [choice.id for choice in seen if choice.can]
    return screen(
        request,
        link,
        "account",
        problems=problems,
        form_to=consent_origin(request, link),
        connected=link.is_connected,
        person=link.person,
        choices=choice_lines(link, seen),
        in_doubt=in_doubt,
        platform=declarations.name(link.here.platform),
        texts=declarations.texts(link.here.platform),
        called=in_doubt and (in_doubt.name or status_rows.account_with_number(link.here.platform, in_doubt.id)),
        given=given or (can[0] if len(can) == 1 else ""),
        agreed=bool(agreed_requests(link)),
        center=link.here.client_account_name or link.here.client_account_id,
        onward=screens.before(tuple(reversed(link.progress.sequence)), f"{link.platform}/{screens.ACCOUNT}"),
        helps=help_for(platform_of(request, link.platform), seen, without="no_business_center"),
        **shown,
    )


def account_choices(link: CurrentLink) -> list[Choice]:
    """The accounts of the client's sign-in, in the connected lane."""
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.accounts(connections.discovered(link.connection), link.here.agency_account_id or "")


def agreed_requests(link: CurrentLink) -> list[AccessRequest]:
    """The access requests on the platform of the screen that the client has agreed to."""
    return [
        access_request
        for access_request in link.aggregate.access_requests
        if access_request.approved_at and access_request.platform == link.platform
    ]


def choice_lines(link: CurrentLink, seen: list[Choice], kind: str | None = None) -> list[status_rows.ChoiceLine]:
    """The choices of a screen, without those that are agreed to already."""
    agreed = {access_request.asset_id for access_request in agreed_requests(link)}
    return [
        status_rows.of_choice(choice, link.aggregate, link.here, kind) for choice in seen if choice.id not in agreed
    ]


def help_for(platform: ConnectedPlatform, seen: list[Choice], *, without: str) -> list[HelpArticle]:
    """Written help for what cannot be chosen; where nothing can, also for having none at all."""
    codes = [choice.code for choice in seen if not choice.can]
    wanted = codes if any(choice.can for choice in seen) else [without, *codes]
    return guided_steps.help_of_codes(platform.help_articles, wanted)


def consent_origin(request: Request, link: CurrentLink) -> tuple[str, ...]:
    """Foreign origins that forms of the screen may redirect to: that of the platform's consent page."""
    return (platform_of(request, link.platform).consent_origin,)


def question_field(key: str) -> str:
    """Name of a question's field, distinct from the form's own fields."""
    return f"q-{key}"


def questions_screen(
    request: Request, link: CurrentLink, given: Mapping[str, str], problems: Mapping[str, Text]
) -> HTMLResponse:
    """The questions of the preset, for the client of a link or previewed by a member."""
    asked = link.aggregate.preset.questions
    return screen(
        request,
        link,
        questions.SCREEN,
        problems=problems,
        questions=asked,
        words=builtin.words,
        given={each.key: given.get(each.key, "") for each in asked},
        files={each.key: [file for file in link.aggregate.files if file.key == each.key] for each in asked},
        accepted=answers.ACCEPTED_ENDINGS,
        kinds=answers.FILE_KINDS,
        most_files=answers.MOST_FILES,
        most_bytes=answers.MOST_FILE_BYTES,
        most_megabytes=answers.MOST_FILE_BYTES // answers.MEGABYTE,
    )
