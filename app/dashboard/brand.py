"""The agency as its clients see it: name, contact, colour, logo, own words, and the accounts that clients share with.

The preview is the client's first page with what stands in the form. It saves nothing.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import Response

from app.dashboard import desk, draft_preview
from app.dashboard.link_form import language_choices, try_account
from app.dashboard.member_session import COOKIE, CurrentMember, Manager, MemberForm, Viewer
from app.dashboard.member_session import PATH as DESK
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong, asks_for_password
from app.links import service as link_service
from app.links.presets import service as presets
from app.platforms import declarations
from app.services import services_of
from app.tenants.agencies import branding, logos, own_words, service
from app.tenants.agencies.logo_image import LogoRefused, Picture, picture
from app.tenants.agencies.models import Agency

router = forms.page_router()
PATH = f"{DESK}/brand"
_SAVED = f"{PATH}?done=saved"
_NO_NAME = _("Enter the name of your agency.")
_NO_CONTACT = _("Enter the name of the contact person.")
_NO_EMAIL = _("Enter the e-mail address of the contact person.")
_NO_COLOUR = _("Enter the colour as # and six hex digits, such as #0b5cad.")
_NOT_A_LOGO = _("This file can’t be a logo. Choose a PNG, JPEG, WebP or GIF of at most 2 MB; never SVG.")
_ASKS_PASSWORD = _("Keyturn never asks clients for a password. Please leave that out.")


#: The language of the notes that are edited; `?language=` would be kept in a cookie.
WordsLanguage = Annotated[str, Query(max_length=16)]


@router.get(PATH)
async def brand(
    request: Request, caller: Viewer, words: WordsLanguage = "", done: Literal["saved", ""] = ""
) -> Response:
    """Everything about the agency, beside the client's first page."""
    tag = _language(request, words)
    return await _page(request, caller, _given(caller.agency, tag), {}, is_saved=bool(done))


@router.post(PATH)
async def change(request: Request, caller: Manager) -> Response:
    """Change what clients see, the logo included; or only show it in the preview. Nothing is open during the upload."""
    async with forms.read_with_files(request, most=1) as form:
        forms.check_token(request, form, request.cookies[COOKIE])
        given, notes, problems = _read(request, form)
        if form.text("act") == "preview":
            return await _page(request, caller, given | notes, problems, form)
        logo = await _logo(form, problems)
    if problems:
        return await _page(request, caller, given | notes, problems, form)
    tag, agency_id, actor = given.pop("words_language"), caller.agency_id, caller.member.actor
    async with services_of(request).sessions.begin() as session:
        await service.update_agency(session, agency_id, actor=actor, **given)
        if notes != _notes(caller.agency, tag):
            await service.set_words(session, agency_id, tag, notes, actor=actor)
        if logo is not None:
            await logos.set_logo(session, agency_id, logo, actor=actor)
        elif form.ticked("no_logo") and branding.logo_of(caller.agency.brand) is not None:
            await logos.remove_logo(session, agency_id, actor=actor)
    return render.see_other(request, f"{_SAVED}&words={tag}")


async def _logo(form: Form, problems: dict[str, Message]) -> Picture | None:
    """The picture that was chosen as the logo; a problem if it cannot be one."""
    files = form.files("logo")
    content = await files[0].read() if files else b""
    try:
        return await asyncio.to_thread(picture, content) if content else None
    except LogoRefused:
        problems["logo"] = _NOT_A_LOGO
        return None


def _read(request: Request, form: Form) -> tuple[dict[str, str], dict[str, str], dict[str, Message]]:
    """The typed values, the typed notes, and what is wrong with them."""
    given = {
        "name": form.line("name", most=120), "contact_name": form.line("contact_name", most=120),
        "contact_email": form.email("contact_email"), "colour": form.line("colour", most=7),
        "language": _language(request, form.text("language")), "sender_name": form.line("sender_name", most=120),
        "return_url": form.line("return_url", most=own_words.LONGEST_ADDRESS),
        "words_language": _language(request, form.text("words_language")),
    }  # fmt: skip
    notes = {place: form.text(place, most=own_words.MOST) for place in own_words.PLACES}
    for name, sentence in (("name", _NO_NAME), ("contact_name", _NO_CONTACT), ("contact_email", _NO_EMAIL)):
        if not given[name]:
            form.problems.setdefault(name, sentence)
    if not branding.is_colour(given["colour"]):
        form.problems["colour"] = _NO_COLOUR
    if given["return_url"] and "return_url" not in form.problems:
        try:
            given["return_url"] = own_words.checked_return(given["return_url"])
        except TypedWrong as wrong:
            form.problems["return_url"] = wrong.message
    for place in notes:
        if asks_for_password(notes[place]):
            form.problems.setdefault(place, _ASKS_PASSWORD)
    return given, notes, form.problems


@router.post(f"{PATH}/accounts")
async def add_account(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Add an account of the agency at a platform, from its id or from an address with it."""
    problem = await try_account(request, session, caller, form)
    if problem is None:
        return render.see_other(request, _SAVED)
    return await _page(request, caller, _given(caller.agency, ""), {"account_id": problem}, form)


def _language(request: Request, tag: str) -> str:
    """A language that clients are offered; the first one for anything else."""
    offered = services_of(request).languages
    return tag if tag in offered else offered[0]


def _notes(agency: Agency, tag: str) -> dict[str, str]:
    """The saved notes in a language, by place."""
    saved = own_words.notes(agency.brand, tag)
    return {place: saved.get(place, "") for place in own_words.PLACES}


def _given(agency: Agency, tag: str) -> dict[str, str]:
    """The saved values of the form."""
    brand = agency.brand
    return {
        "name": agency.name, "contact_name": agency.contact_name, "contact_email": agency.contact_email,
        "colour": brand.get("colour", branding.DEFAULT_COLOUR), "language": agency.language,
        "sender_name": brand.get("sender_name", ""), "return_url": brand.get("return_url", ""),
        "words_language": tag, **_notes(agency, tag),
    }  # fmt: skip


def _typed(agency: Agency, given: Mapping[str, str], problems: Mapping[str, Message]) -> Agency:
    """The agency in memory as the form describes it; what is wrong in the form is as it was saved."""
    good = {name: value for name, value in given.items() if name not in problems}
    notes = {place: good.get(place) for place in own_words.PLACES}
    brand = own_words.with_notes(agency.brand, given["words_language"], notes)
    looks = {name: good[name] for name in ("colour", "return_url") if name in good}
    return Agency(
        id=agency.id,
        slug=agency.slug,
        language=agency.language,
        brand=own_words.changed(brand, **looks),
        **{name: good.get(name, getattr(agency, name)) for name in ("name", "contact_name", "contact_email")},
    )


def _contrast(colour: str) -> Message:
    """The contrast guard in words."""
    shown = branding.readable(colour)
    ratio = round(branding.contrast_with_white(colour), 1)
    if shown == colour.lower():
        return _("White text on this colour has a contrast of {ratio} to 1: easy to read.", ratio=ratio)
    return _(
        "White text on {colour} has a contrast of {ratio} to 1, and needs {enough}. Clients see {darker} instead.",
        colour=colour, ratio=ratio, enough=branding.ENOUGH, darker=shown,
    )  # fmt: skip


async def _page(
    request: Request, caller: CurrentMember, given: dict[str, str], problems: dict[str, Message],
    sent: Form | None = None, *, is_saved: bool = False,
) -> Response:  # fmt: skip
    services, logo = services_of(request), branding.logo_of(caller.agency.brand)
    given["words_language"] = tag = _language(request, given["words_language"])
    typed = _typed(caller.agency, given, problems)
    async with reading(services.sessions) as session:
        accounts = await service.accounts(session, caller.agency_id)
        preset = await presets.current(session, caller.agency_id, link_service.DEFAULT_PRESET)
        preview = await draft_preview.frame(
            request, session, caller, preset, agency=typed, page=sent.text(draft_preview.PAGE) if sent else "",
            tag=sent.text(draft_preview.LANGUAGE) or tag if sent else tag,
        )  # fmt: skip
    shown: dict[str, Any] = {
        "given": given, "problems": problems, "is_saved": is_saved, "accounts": accounts, "logo": logo,
        "may_change": caller.may("manager"),
        "languages_offered": language_choices(services.languages), "most": own_words.MOST, "preview": preview,
        "contrast": _contrast(typed.brand.get("colour", branding.DEFAULT_COLOUR)),
        "account_id": sent.line("account_id", most=400) if sent else "",
        "account_name": sent.line("account_name", most=200) if sent else "",
        "account": declarations.texts(declarations.DEFAULT_PLATFORM).account.noun,
        "platform": declarations.DEFAULT_PLATFORM, "platform_name": declarations.name,
    }  # fmt: skip
    return desk.page(request, caller, "brand", here=PATH, status=422 if problems else 200, **shown)
