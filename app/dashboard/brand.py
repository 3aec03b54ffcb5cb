"""The agency as its clients see it: name, contact, colour, language, logo, and the accounts that clients share with."""

import asyncio
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import desk
from app.dashboard.link_form import language_choices
from app.dashboard.member_session import COOKIE, CurrentMember, Manager, MemberForm, Viewer
from app.dashboard.member_session import PATH as DESK
from app.kit.database import Session, reading
from app.kit.errors import AppError
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong
from app.platforms import declarations
from app.services import services_of
from app.tenants.agencies import branding, logos, service
from app.tenants.agencies.logo_image import LogoRefused, picture
from app.tenants.agencies.models import Agency
from app.tenants.agencies.service import AgencyAccountKnown

router = forms.page_router()
PATH = f"{DESK}/brand"
_NO_NAME = _("Enter the name of your agency.")
_NO_CONTACT = _("Enter the name of the contact person.")
_NO_EMAIL = _("Enter the e-mail address of the contact person.")
_NO_COLOUR = _("Give the colour as # and six hex digits, such as #0b5cad.")
_NO_FILE = _("Choose a picture first.")
_NOT_A_LOGO = _("This file can’t be a logo. Choose a PNG, JPEG, WebP or GIF of at most 2 MB; never SVG.")
_KNOWN = _("This account is on the list already.")


@router.get(PATH)
async def brand(request: Request, caller: Viewer) -> Response:
    """Everything about the agency, with a card that looks as on the clients' pages."""
    return await _page(request, caller, _given(caller.agency), {})


@router.post(PATH)
async def change(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Change the texts and the colour."""
    given = {
        "name": form.line("name", most=120), "contact_name": form.line("contact_name", most=120),
        "contact_email": form.email("contact_email"), "colour": form.line("colour", most=7),
        "language": form.text("language"),
    }  # fmt: skip
    for name, sentence in (("name", _NO_NAME), ("contact_name", _NO_CONTACT)):
        if not given[name]:
            form.problems.setdefault(name, sentence)
    if not branding.is_colour(given["colour"]):
        form.problems["colour"] = _NO_COLOUR
    if not given["contact_email"]:
        form.problems["contact_email"] = _NO_EMAIL
    if given["language"] not in services_of(request).languages:
        given["language"] = caller.agency.language
    if form.problems:
        return await _page(request, caller, given, form.problems)
    await service.update_agency(session, caller.agency_id, actor=caller.member.actor, **given)
    return render.see_other(request, PATH)


@router.post(f"{PATH}/logo")
async def set_logo(request: Request, caller: Manager) -> Response:
    """Show a picture on the clients' pages. No transaction is open during the upload."""
    async with forms.read_with_files(request, most=1) as form:
        forms.check_token(request, form, request.cookies[COOKIE])
        files = form.files("logo")
        content = await files[0].read() if files else b""
    if not content:
        return await _page(request, caller, _given(caller.agency), {"logo": _NO_FILE})
    try:
        made = await asyncio.to_thread(picture, content)
    except LogoRefused:
        return await _page(request, caller, _given(caller.agency), {"logo": _NOT_A_LOGO})
    async with services_of(request).sessions.begin() as session:
        await logos.set_logo(session, caller.agency_id, made, actor=caller.member.actor)
    return render.see_other(request, PATH)


@router.post(f"{PATH}/logo/removal")
async def remove_logo(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:  # noqa: ARG001
    """Show the first letter of the name again."""
    if branding.logo_of(caller.agency.brand) is not None:
        await logos.remove_logo(session, caller.agency_id, actor=caller.member.actor)
    return render.see_other(request, PATH)


@router.post(f"{PATH}/accounts")
async def add_account(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Add an account of the agency at a platform, from its id or from an address with it."""
    platform, given = form.text("platform"), form.line("account_id", most=400)
    if not services_of(request).platforms.has_api(platform):
        platform = declarations.DEFAULT_PLATFORM
    problem: Message | None = None
    try:
        await service.add_account(
            session, caller.agency_id, platform=platform,
            account_id=declarations.texts(platform).account.ids.one(given),
            name=form.line("account_name", most=200) or caller.agency.name, actor=caller.member.actor,
        )  # fmt: skip
    except (TypedWrong, AppError) as refused:
        problem = _KNOWN if isinstance(refused, AgencyAccountKnown) else refused.message
    if problem is None:
        return render.see_other(request, PATH)
    return await _page(request, caller, _given(caller.agency), {"account_id": problem}, form)


def _given(agency: Agency) -> dict[str, str]:
    return {
        "name": agency.name, "contact_name": agency.contact_name, "contact_email": agency.contact_email,
        "colour": agency.brand.get("colour", branding.DEFAULT_COLOUR), "language": agency.language,
    }  # fmt: skip


async def _page(
    request: Request, caller: CurrentMember, given: dict[str, str], problems: dict[str, Message],
    sent: Form | None = None,
) -> Response:  # fmt: skip
    services, logo = services_of(request), branding.logo_of(caller.agency.brand)
    async with reading(services.sessions) as session:
        accounts = await service.accounts(session, caller.agency_id)
    colour = branding.readable(caller.agency.brand.get("colour", branding.DEFAULT_COLOUR))
    shown: dict[str, Any] = {
        "given": given, "problems": problems, "accounts": accounts, "logo": logo,
        "logo_path": branding.logo_path(caller.agency.slug, logo) if logo else "",
        "colour": colour.removeprefix("#"), "may_change": caller.may("manager"),
        "languages_offered": language_choices(services.languages),
        "account_id": sent.line("account_id", most=400) if sent else "",
        "account_name": sent.line("account_name", most=200) if sent else "",
        "account": declarations.texts(declarations.DEFAULT_PLATFORM).account.noun,
        "platform": declarations.DEFAULT_PLATFORM, "platform_name": declarations.name,
    }  # fmt: skip
    return desk.page(request, caller, "brand", here=PATH, status=422 if problems else 200, **shown)
