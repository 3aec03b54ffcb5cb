"""Public links: their numbers, a new one, its address to pass on, and its end."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk
from app.dashboard.link_form import (
    chosen_accounts,
    impossible,
    language_choices,
    language_problem,
    own_accounts,
    typed_accounts,
)
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, MemberForm, Viewer, Worker
from app.dashboard.turns import Label
from app.kit import clock
from app.kit.database import RecordingSession, Session, reading
from app.kit.errors import InvalidInput
from app.kit.html import forms, language, render
from app.kit.html.qr import qr
from app.kit.i18n import locales
from app.kit.i18n.message import Message, _, _n, _p
from app.kit.web.paging import before, pack
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.links.models import PublicLink
from app.links.presets import service as presets
from app.links.public_links import service
from app.links.public_links.service import MOST_PER_HOUR, PublicLinkOver, PublicLinkProgress
from app.links.service import DEFAULT_PRESET
from app.links.status import PublicLinkStatus
from app.services import services_of

router = forms.page_router()
PATH = f"{DESK}/public-links"
_MANY = 50
_YOUR_ID = _p("in an address, in place of an id", "YOUR-ID")
#: Statuses, as `service.status_of`.
STATUSES: Mapping[PublicLinkStatus, Label] = {
    "open": Label("verified", _("Open"), "good"),
    "paused": Label("none", _("Paused"), "wait"),
    "revoked": Label("ended", _("Revoked"), "off"),
    "expired": Label("ended", _("Expired"), "off"),
    "used_up": Label("ended", _("Used up"), "off"),
}
#: Lives to choose from, in days.
_LIVES = (30, 90, 180, 365)
_NUMBERS: Mapping[str, tuple[int, Message]] = {
    "most_per_hour": (1000, _("Enter a whole number from 1 to 1,000.")),
    "most_uses": (1_000_000, _("Enter a whole number from 1 to 1,000,000, or leave it empty.")),
}


@dataclass(frozen=True)
class PublicLinkRow:
    """A public link with its status and numbers."""

    public_link: PublicLink
    preset_name: str
    label: Label
    progress: PublicLinkProgress

    @property
    def is_open(self) -> bool:
        """True while visitors can start with it."""
        return self.label is STATUSES["open"]

    @property
    def is_paused(self) -> bool:
        """True while visitors are told to come back later."""
        return self.label is STATUSES["paused"]


@router.get(PATH)
async def public_links(
    request: Request, caller: Viewer, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """The public links, the newest first."""
    async with reading(services_of(request).sessions) as session:
        found = await service.page(session, caller.agency_id, limit=_MANY + 1, before=before(cursor, "publiclink"))
        rows = await _rows(session, caller, *found[:_MANY])
    more = pack(found[_MANY - 1].id) if len(found) > _MANY else None
    return desk.page(request, caller, "public_links", here=PATH, rows=rows, more=more)


@router.get(f"{PATH}/new")
async def new(request: Request, caller: Worker) -> Response:
    """The form of a new public link."""
    given = {"preset": DEFAULT_PRESET, "most_per_hour": str(MOST_PER_HOUR), "requested_by": caller.member.name}
    async with reading(services_of(request).sessions) as session:
        return await _form(request, session, caller, given, {})


@router.post(f"{PATH}/new")
async def create(request: Request, session: Session, caller: Worker, form: MemberForm) -> Response:
    """Make the public link."""
    names = ("preset", "language", "days", "most_per_hour", "most_uses", "requested_by")
    given = {name: form.line(name, most=120) for name in names}
    problems = form.problems
    limits = {name: _number(given[name], *_NUMBERS[name]) for name in _NUMBERS}
    problems |= {name: limit for name, limit in limits.items() if isinstance(limit, Message)}
    known = {each.slug: each for each in await presets.every(session, caller.agency_id)}
    if given["preset"] not in known:
        problems["preset"] = _("Choose what you need.")
    if problem := language_problem(given["language"]):
        problems["language"] = problem
    if given["days"] and given["days"] not in map(str, _LIVES):
        problems["days"] = _("Choose when the link ends.")
    if problems:
        return await _form(request, session, caller, given, problems)
    try:
        async with session.begin_nested():
            made, _token = await service.create_public_link(
                session, caller.agency_id, preset=given["preset"], keyring=services_of(request).keyring,
                actor=caller.member.actor, language=given["language"] or None,
                expires_at=clock.now() + timedelta(days=int(given["days"])) if given["days"] else None,
                agency_account_ids=chosen_accounts(known[given["preset"]], typed_accounts(form)),
                requested_by=given["requested_by"] or None,
                most_per_hour=int(given["most_per_hour"] or MOST_PER_HOUR),
                most_uses=int(given["most_uses"]) if given["most_uses"] else None,
            )  # fmt: skip
    except (AgencyAccountMissing, IdentityMissing) as missing:
        return await _form(request, session, caller, given, {"preset": impossible(missing)})
    except InvalidInput:
        return await _form(request, session, caller, given, {"preset": _("Choose one of your accounts.")})
    return render.see_other(request, f"{PATH}/{made.id}/address")


@router.get(f"{PATH}/{{public_link_id}}")
async def public_link(request: Request, caller: Viewer, public_link_id: str) -> Response:
    """One public link with its numbers and limits."""
    async with reading(services_of(request).sessions) as session:
        (row,) = await _rows(session, caller, await service.find(session, caller.agency_id, public_link_id))
    tag = row.public_link.language
    return desk.page(
        request, caller, "public_link", here=PATH, row=row, language_name=locales.find(tag).name if tag else None
    )


@router.get(f"{PATH}/{{public_link_id}}/address")
async def address(request: Request, session: RecordingSession, caller: Worker, public_link_id: str) -> Response:
    """The address, to copy and as a QR code. Each time is recorded."""
    services = services_of(request)
    found = await service.find(session, caller.agency_id, public_link_id)
    if service.status_of(found) != "open":
        return render.see_other(request, f"{PATH}/{public_link_id}")
    shown = await service.show_address(
        session, caller.agency_id, public_link_id, public_url=services.public_url, keyring=services.keyring,
        actor=caller.member.actor,
    )  # fmt: skip
    place = language.locale_of(request).text(_YOUR_ID)
    return desk.page(
        request, caller, "public_link_address", here=PATH, public_link=found, address=shown, qr=qr(shown),
        crm_address=f"{shown}?external_id={quote(place)}",
    )  # fmt: skip


@router.post(f"{PATH}/{{public_link_id}}/pause")
async def pause(request: Request, session: Session, caller: Worker, form: MemberForm, public_link_id: str) -> Response:  # noqa: ARG001
    """Let nobody new start for the moment."""
    with suppress(PublicLinkOver):  # the page says so
        await service.pause_public_link(session, caller.agency_id, public_link_id, actor=caller.member.actor)
    return render.see_other(request, f"{PATH}/{public_link_id}")


@router.post(f"{PATH}/{{public_link_id}}/resumption")
async def resume(request: Request, session: Session, caller: Worker, form: MemberForm, public_link_id: str) -> Response:  # noqa: ARG001
    """Let visitors start again, at the same address."""
    with suppress(PublicLinkOver):  # the page says so
        await service.resume_public_link(session, caller.agency_id, public_link_id, actor=caller.member.actor)
    return render.see_other(request, f"{PATH}/{public_link_id}")


@router.post(f"{PATH}/{{public_link_id}}/revocation")
async def end(request: Request, session: Session, caller: Worker, form: MemberForm, public_link_id: str) -> Response:  # noqa: ARG001
    """End it at once; links that it made stay active."""
    await service.revoke_public_link(session, caller.agency_id, public_link_id, actor=caller.member.actor)
    return render.see_other(request, f"{PATH}/{public_link_id}")


async def _rows(session: AsyncSession, caller: CurrentMember, *found: PublicLink) -> list[PublicLinkRow]:
    numbers = await service.progress(session, caller.agency_id, [each.id for each in found])
    names = {each.slug: each.name for each in await presets.every(session, caller.agency_id)}
    return [
        PublicLinkRow(
            each, names.get(each.preset, each.preset), STATUSES[service.status_of(each)],
            numbers.get(each.id, PublicLinkProgress()),
        )
        for each in found
    ]  # fmt: skip


def _number(text: str, most: int, problem: Message) -> Message | None:
    """The problem of a number; an empty one is the default."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most
    return problem if text and not is_number else None


async def _form(
    request: Request, session: AsyncSession, caller: CurrentMember, given: Mapping[str, str],
    problems: Mapping[str, Message],
) -> Response:  # fmt: skip
    services = services_of(request)
    offered = await presets.every(session, caller.agency_id)
    return desk.page(
        request, caller, "new_public_link", here=PATH, status=422 if problems else 200, given=given, problems=problems,
        presets=[(each.slug, each.name) for each in offered],
        lives=[(str(days), _n("In {count} day", "In {count} days", days)) for days in _LIVES],
        languages_offered=language_choices(services.languages),
        accounts=await own_accounts(session, caller.agency_id, services.platforms),
    )  # fmt: skip
