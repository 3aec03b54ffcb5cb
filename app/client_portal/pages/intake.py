"""Screens of the intake: markets and contacts, and the agency's questions."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response

from app.access.connections import service as connections
from app.client_portal import link_session, rate_limits
from app.client_portal.first_screens import question_field, questions_screen
from app.client_portal.forms import intake
from app.client_portal.forms.intake import ContactFields
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, claim
from app.client_portal.rendering import go_on, screen, sent_back
from app.kit.database import Session, reading
from app.kit.html import forms, language
from app.kit.html.forms import Form
from app.kit.i18n.message import Problems, Text
from app.links import pasted_ids, questions
from app.links.answers import SubmittedFile
from app.links.questions import SubmittedAnswers
from app.services import services_of

router = forms.page_router()
#: Longer texts are cut off; shorter ones that are still too long get an error.
MOST_LETTERS = 200_000
MOST_PARTS = 60


@router.get("/l/{link_id}/about")
async def show_about(request: Request, link: OpenScreen) -> Response:
    """Show the countries to advertise in, and the contacts for approval, billing and technical questions."""
    draft = link.draft_of(request)
    if draft:
        contacts = intake.read_contacts(draft.form)
        return _about_screen(request, link, draft.form.texts("markets"), contacts, draft.problems)
    given, proposed = link.aggregate.intake, _likely_markets(link)
    contacts = intake.shown_contacts(given.contacts, link.aggregate.client)
    markets = proposed if given.markets is None else given.markets
    return _about_screen(request, link, markets, contacts, {}, proposed=bool(proposed) and given.markets is None)


@router.post("/l/{link_id}/about")
async def save_about(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the ticked countries, and one contact for each role; one person may have several."""
    preset, problems, values = link.aggregate.preset, dict(form.problems), dict[str, list[object]]()
    if preset.asks_screen("markets"):
        read = pasted_ids.markets(form.texts("markets"))
        problems |= {"markets": read.problem} if read.problem else {}
        values["markets"] = list(read.values)
    if preset.asks_screen("contacts"):
        given = intake.read_contacts(form)
        problems |= {**intake.contact_problems(given), **form.problems}
        values["contacts"] = intake.contact_rows(given)
    if problems:
        return sent_back(request, link, form, problems)
    if "contacts" in values:
        await claim(session, link)
    link.aggregate.save_intake(**values)
    link.aggregate.finish_screen("about")
    await link.aggregate.save(session)
    return go_on(request, link)


@router.get("/l/{link_id}/questions")
async def show_questions(request: Request, link: OpenScreen) -> Response:
    """Show the questions with the answers so far."""
    draft = link.draft_of(request)
    if draft is None:
        return questions_screen(request, link, link.aggregate.answers, {})
    return questions_screen(request, link, _texts(link, draft.form), draft.problems)


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
        if problems:
            named = {question_field(key): sentence for key, sentence in problems.items()}
            return sent_back(request, link, form, named)
        if file_id:
            return sent_back(request, link, form, {})
        return go_on(request, link)


def _about_screen(
    request: Request,
    link: CurrentLink,
    markets: Sequence[str],
    contacts: Mapping[str, ContactFields],
    problems: Mapping[str, Text],
    *,
    proposed: bool = False,
) -> Response:
    near, others = intake.grouped_countries(language.locale_of(request).countries, markets)
    preset = link.aggregate.preset
    return screen(
        request,
        link,
        "about",
        problems=problems,
        asks_markets=preset.asks_screen("markets"),
        asks_contacts=preset.asks_screen("contacts"),
        markets=set(markets),
        proposed=proposed,
        near=near,
        others=others,
        contacts=contacts,
        roles=pasted_ids.CONTACT_ROLES,
    )


def _likely_markets(link: CurrentLink) -> list[str]:
    """The countries of the chosen ad accounts, by their time zones, as far as a platform showed them."""
    chosen = {each.asset_id for each in link.aggregate.access_requests if each.asset_id}
    zones = [
        asset.timezone
        for connection in link.connections.values()
        for asset in connections.discovered(connection).assets
        if asset.asset_id in chosen and asset.timezone
    ]
    return intake.countries_of(zones)


async def _opened(request: Request, link_id: str) -> CurrentLink:
    async with reading(services_of(request).sessions) as session:
        return link_session.in_turn(request, await link_session.opened(session, request, link_id, lock=False))


def _texts(link: CurrentLink, form: Form) -> dict[str, str]:
    """The answers in words, by question."""
    asked = link.aggregate.preset.questions
    return {each.key: form.text(question_field(each.key), most=MOST_LETTERS) for each in asked if each.kind != "file"}


async def _submitted(link: CurrentLink, form: Form) -> SubmittedAnswers:
    asked = link.aggregate.preset.questions
    return SubmittedAnswers(
        texts=_texts(link, form),
        files={
            each.key: [
                SubmittedFile(file.filename or "", await file.read()) for file in form.files(question_field(each.key))
            ]
            for each in asked
            if each.kind == "file"
        },
    )
