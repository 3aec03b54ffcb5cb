"""Preview of a preset, a brand or steps that are being written, as clients would see them. Nothing is saved or sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal import offers
from app.client_portal.branding import brand_of, brand_of_agency
from app.client_portal.copy import manual_platforms
from app.client_portal.copy.manual_platforms import ManualGroup, ManualRequest
from app.client_portal.first_screens import previewed, questions_screen, welcome_page
from app.dashboard.member_session import CurrentMember
from app.kit import clock, ids
from app.kit.html import language, render
from app.kit.i18n import locales
from app.kit.i18n.message import Message, _
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.models import Link
from app.links.own_platforms import service as own_platforms
from app.links.presets.preset import Preset
from app.platforms import declarations
from app.platforms.manual.library import ManualPlatform
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client

#: Fields of a form with a preview: its page and its language. In an address they are parameters.
PAGE, LANGUAGE = "preview_page", "preview_language"
PreviewChoice = Annotated[str, Query(max_length=40)]
#: The frame of the preview runs no scripts.
_SCRIPT = re.compile(r"<script[^>]*></script>")
_FIRST, _STEPS, _QUESTIONS = "first", "steps", "questions"


async def frame(
    request: Request,
    session: AsyncSession,
    caller: CurrentMember,
    preset: Preset,
    *,
    page: str,
    tag: str,
    agency: Agency | None = None,
    client: str = "",
) -> dict[str, Any]:
    """The client's page as a document of its own, and the pages and languages to choose from.

    `agency`: the agency of the pages, in memory; by default the caller's. `client`: the client's name, if it has one.
    """
    tag, pages = _language(request, caller, tag), _pages(preset)
    page = page if page in dict(pages) else pages[0][0]
    aggregate = await _in_memory(session, caller, preset, tag, agency or caller.agency, client)
    language.prefer(request, link=tag, agency=caller.agency.language)
    shown = await _page(request, session, aggregate, page)
    return _framed(request, caller, shown, pages, page, tag)


def steps_frame(
    request: Request, caller: CurrentMember, platform: ManualPlatform, identifiers: Mapping[str, str],
    *, page: str, tag: str,
) -> dict[str, Any]:  # fmt: skip
    """As `frame`, of the client's steps on a manual platform; its pages are the roles there."""
    tag = _language(request, caller, tag)
    pages = [
        (role.key, _("{asset}: {role}", asset=thing.one, role=role.label))
        for thing in platform.file.things
        for role in thing.roles
    ]
    page = page if page in dict(pages) else pages[0][0]
    language.prefer(request, link=tag, agency=caller.agency.language)
    asked = ManualRequest("preview", platform, page, reason="", status="approved", since=clock.now())
    groups = manual_platforms.groups([asked], agency=caller.agency.name, identifiers={platform.key: identifiers})
    shown = _steps_page(request, brand_of_agency(caller.agency), groups)
    return _framed(request, caller, shown, pages, page, tag)


def _language(request: Request, caller: CurrentMember, tag: str) -> str:
    """The language asked for, else the agency's."""
    offered = services_of(request).languages
    return tag if tag in offered else locales.best([caller.agency.language], offered)


def _framed(
    request: Request, caller: CurrentMember, shown: Response, pages: Sequence[tuple[str, Message]], page: str, tag: str
) -> dict[str, Any]:
    """The page that was rendered in the client's language; the request is in the member's again."""
    language.prefer(request, link=None, agency=caller.agency.language)
    return {
        "document": _SCRIPT.sub("", bytes(shown.body).decode()), "page": page, "pages": pages, "language": tag,
        "languages": [(each, locales.find(each).name) for each in services_of(request).languages],
    }  # fmt: skip


def _steps_page(request: Request, brand: Mapping[str, Any], groups: Sequence[ManualGroup]) -> Response:
    return render.page(request, "dashboard:desk/preview_steps.html", **brand, groups=groups, form_token="")


def _pages(preset: Preset) -> Sequence[tuple[str, Message]]:
    """The pages that a preview has, with their names."""
    manual = any(each.platform not in declarations.every() for each in preset.access_requests)
    return [
        (_FIRST, _("First page")),
        *([(_STEPS, _("Steps by hand"))] if manual else []),
        *([(_QUESTIONS, _("Your questions"))] if preset.questions else []),
    ]


async def _page(request: Request, session: AsyncSession, aggregate: LinkAggregate, page: str) -> Response:
    if page == _QUESTIONS:
        link = await previewed(session, request, aggregate, base="", platform=declarations.DEFAULT_PLATFORM)
        return questions_screen(request, link, {}, {})
    if page == _STEPS:
        groups = await offers.manual_groups(session, aggregate, as_agreed=True)
        return _steps_page(request, brand_of(aggregate), groups)
    return welcome_page(request, aggregate, form_token="")


async def _in_memory(
    session: AsyncSession, caller: CurrentMember, preset: Preset, tag: str, agency: Agency, name: str
) -> LinkAggregate:
    """A link of the preset that nobody has."""
    own: dict[str, str | None] = {}
    for account in await agencies.accounts(session, caller.agency_id):
        own.setdefault(account.platform, account.account_id)
    asked = dict.fromkeys(each.platform for each in preset.access_requests)
    now = clock.now()
    link = Link(
        agency_id=caller.agency_id, id=ids.new("link"), preset=preset.slug, preset_version=preset.version,
        requested_by=caller.member.name, expires_at=now + link_service.DEFAULT_LIFE,
    )  # fmt: skip
    name = name or locales.find(tag).text(_("Your client"))
    client = Client(agency_id=caller.agency_id, id=ids.new("client"), name=name)
    made = link_service.assemble(
        link, preset, agency=agency, client=client, now=now,
        own_platforms=await own_platforms.asked(session, caller.agency_id, asked),
        own={key: own.get(key, "") if key in declarations.every() else None for key in asked},
    )  # fmt: skip
    made.create(actor=caller.member.actor)  # in memory only: nothing saves it
    return made
