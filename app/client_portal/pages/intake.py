"""Screens of the intake: readiness checks, markets, contacts and the agency's questions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response

from app.access.readiness import service
from app.access.readiness.checks import Item, ReadinessReply
from app.client_portal import link_session, rate_limits
from app.client_portal.copy import readiness
from app.client_portal.copy.status_rows import names
from app.client_portal.first_screens import question_field, questions_screen
from app.client_portal.forms import intake
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, claim
from app.client_portal.rendering import consent_origins, go_on, platform_of, screen
from app.kit.database import Session, reading
from app.kit.html import forms, language, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Problems, _
from app.links import pasted_ids, questions
from app.links.answers import SubmittedFile
from app.links.questions import SubmittedAnswers
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()
#: Longer texts are cut off; shorter ones that are still too long get an error.
MOST_LETTERS = 200_000
MOST_PARTS = 60
BLOCKED = {"checked": _("Something is in the way: nothing could be shared. See below what helps.")}


@router.get("/l/{link_id}/get-ready")
async def get_ready(request: Request, session: Session, link: OpenScreen) -> Response:
    """Show the readiness checks: passed, to do, and those that only the client can answer."""
    items = await service.of_link(session, link.aggregate)
    return _checklist_screen(request, link, items, {}, _likely_name(link, items), {})


@router.post("/l/{link_id}/get-ready")
async def complete_checklist(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the client's replies. Only a check that blocks all sharing keeps the client on this screen."""
    agency_id, link_id = link.aggregate.agency.id, link.aggregate.link.id
    items = await service.of_link(session, link.aggregate)
    given = intake.read_replies(form, [item.key for item in items if item.is_asked])
    problems = form.problems or given.problems
    if problems:
        return _checklist_screen(request, link, items, given.words, given.by, problems, given.note)
    await claim(session, link)
    known = {item.key: item.said for item in items}
    service.save_replies(session, agency_id, link_id, given.words, by=given.by, known=known)
    if any(item.verdict.blocks for item in items):
        return _checklist_screen(request, link, await service.of_link(session, link.aggregate), {}, given.by, BLOCKED)
    if not link.ready:
        service.complete_checklist(session, agency_id, link_id, by=given.by or _likely_name(link, items))
    link.aggregate.finish_screen("get-ready")
    await link.aggregate.save(session)
    return go_on(request, replace(link, ready=True))


@router.get("/l/{link_id}/markets")
async def show_markets(request: Request, link: OpenScreen) -> Response:
    """Show the countries to advertise in."""
    return _markets_screen(request, link, link.aggregate.intake.markets or [], {})


@router.post("/l/{link_id}/markets")
async def save_markets(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the ticked countries."""
    read = pasted_ids.markets(form.texts("markets"))
    if read.problem:
        return _markets_screen(request, link, list(read.values), {"markets": read.problem})
    return await _save(request, session, link, "markets", markets=list(read.values))


@router.get("/l/{link_id}/contacts")
async def show_contacts(request: Request, link: OpenScreen) -> Response:
    """Show the contacts for approval, billing and technical questions."""
    given = intake.shown_contacts(link.aggregate.intake.contacts, link.aggregate.client)
    return screen(request, link, "contacts", given=given, roles=pasted_ids.CONTACT_ROLES)


@router.post("/l/{link_id}/contacts")
async def save_contacts(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save one contact for each role; one person may have several."""
    given = intake.read_contacts(form)
    problems = form.problems or intake.contact_problems(given)
    if problems:
        return screen(request, link, "contacts", problems=problems, given=given, roles=pasted_ids.CONTACT_ROLES)
    await claim(session, link)
    return await _save(request, session, link, "contacts", contacts=intake.contact_rows(given))


@router.get("/l/{link_id}/questions")
async def show_questions(request: Request, link: OpenScreen) -> Response:
    """Show the questions with the answers so far."""
    return questions_screen(request, link, link.aggregate.answers, {})


@router.post("/l/{link_id}/questions")
async def save_questions(request: Request, link_id: str) -> Response:
    """Save the answers and files, or remove a file.

    No transaction is open during the upload, and nothing is read from a browser without the link's cookie.
    """
    services = services_of(request)
    link = await _opened(request, link_id)
    async with forms.read_with_files(request, most=MOST_PARTS) as form:
        forms.check_token(request, form, link.cookie)
        sent, file_id = await _submitted(link, form), form.text("remove")
    async with services.sessions.begin() as session:
        link = await link_session.opened(session, request, link_id, lock=True)
        await rate_limits.take_form(session, link.aggregate, link.browser)
        await link_session.claim(session, link)
        if file_id:
            problems: Problems = {}
            await questions.remove_file(session, link.aggregate, file_id)
        else:
            problems = await questions.save_answers(session, link.aggregate, sent, services.keyring)
        if not problems and not file_id:
            return go_on(request, link)
    return questions_screen(request, await _opened(request, link_id), sent.texts, problems)


def _markets_screen(request: Request, link: CurrentLink, given: list[str], problems: Problems) -> Response:
    near, others = intake.grouped_countries(language.locale_of(request).countries, given)
    return screen(request, link, "markets", problems=problems, given=set(given), near=near, others=others)


async def _save(request: Request, session: Session, link: CurrentLink, name: str, **values: list[object]) -> Response:
    link.aggregate.save_intake(**values)
    link.aggregate.finish_screen(name)
    await link.aggregate.save(session)
    return go_on(request, link)


async def _opened(request: Request, link_id: str) -> CurrentLink:
    async with reading(services_of(request).sessions) as session:
        return link_session.in_turn(request, await link_session.opened(session, request, link_id, lock=False))


async def _submitted(link: CurrentLink, form: Form) -> SubmittedAnswers:
    asked = link.aggregate.preset.questions
    return SubmittedAnswers(
        texts={
            each.key: form.text(question_field(each.key), most=MOST_LETTERS) for each in asked if each.kind != "file"
        },
        files={
            each.key: [
                SubmittedFile(file.filename or "", await file.read()) for file in form.files(question_field(each.key))
            ]
            for each in asked
            if each.kind == "file"
        },
    )


def _likely_name(link: CurrentLink, items: Sequence[Item]) -> str:
    """Most likely name: of an earlier statement, else of the approver, else of the invited contact."""
    before = next((item.said.by for item in items if item.said), None)
    contacts = link.aggregate.intake.contacts or []
    return before or next(
        (each["name"] for each in contacts), link.aggregate.client.contact_name or link.aggregate.client.name
    )


def _checklist_screen(
    request: Request,
    link: CurrentLink,
    items: Sequence[Item],
    words: Mapping[str, ReadinessReply],
    by: str,
    problems: Problems,
    note: str | None = None,
) -> Response:
    here = link.aggregate.connecting[0]  # without one there is no checklist
    accounts = declarations.find(here.platform, "ad_account")
    lines = readiness.lines(items, names(link.aggregate, here), accounts, lane=here.lane)
    return screen(
        request,
        link,
        "get-ready",
        problems=problems,
        form_to=consent_origins(request, link.aggregate),
        at=f"{render.root(request)}{link.path}/{here.platform}",
        platform=declarations.name(here.platform),
        checked=[line for line in lines if not line.asked],
        asked=[line for line in lines if line.asked],
        given={key: word.answer for key, word in words.items()},
        note=note or next((word.note for word in words.values() if word.note), None),
        note_field=intake.PAYMENT_NOTE,
        by=by,
        help_with=platform_of(request, here.platform).help_articles,
    )
