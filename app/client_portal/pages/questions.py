"""The agency's own questions, with files where one asks for them."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.client_portal import link_session, rate_limits
from app.client_portal.link_session import CurrentLink, OpenScreen
from app.client_portal.rendering import go_on, screen
from app.kit.html import forms
from app.kit.html.forms import Form
from app.links import answers, questions
from app.links.answers import SubmittedFile
from app.links.questions import SCREEN, SubmittedAnswers
from app.services import services_of

router = APIRouter(include_in_schema=False)

#: A text may be typed as long as this, and is told then that it is too long; longer ones are cut off before.
LONGEST = 200_000
MOST_PARTS = 60


@router.get("/l/{link_id}/questions")
async def show_questions(request: Request, link: OpenScreen) -> Response:
    """The questions with what was answered so far."""
    return _shown(request, link, link.aggregate.answers, {})


@router.post("/l/{link_id}/questions")
async def save_questions(request: Request, link_id: str) -> Response:
    """Keeps the answers and files, or takes a file away.

    It holds no transaction while the files come in, and reads none of them for a browser without the link's cookie.
    """
    services = services_of(request)
    link = await _opened(request, link_id)
    async with forms.read_with_files(request, most=MOST_PARTS) as form:
        forms.check_token(request, form, link.cookie)
        sent, file_id = await _sent(link, form), form.text("remove")
    async with services.sessions.begin() as session:
        link = await link_session.opened(session, request, link_id, lock=True)
        await rate_limits.take_form(session, link.aggregate, link.browser)
        await link_session.claim(session, link)
        if file_id:
            problems: dict[str, str] = {}
            await questions.remove_file(session, link.aggregate, file_id)
        else:
            problems = await questions.save_answers(session, link.aggregate, sent, services.keyring)
        if not problems and not file_id:
            return go_on(request, link)
    return _shown(request, await _opened(request, link_id), sent.texts, problems)


async def _opened(request: Request, link_id: str) -> CurrentLink:
    async with services_of(request).sessions() as session:
        return link_session.in_turn(request, await link_session.opened(session, request, link_id, lock=False))


async def _sent(link: CurrentLink, form: Form) -> SubmittedAnswers:
    asked = link.aggregate.preset.questions
    return SubmittedAnswers(
        texts={each.key: form.text(_name(each.key), most=LONGEST) for each in asked if each.kind != "file"},
        files={
            each.key: [SubmittedFile(file.filename or "", await file.read()) for file in form.files(_name(each.key))]
            for each in asked
            if each.kind == "file"
        },
    )


def _name(key: str) -> str:
    """Name of a question's field, distinct from the form's own fields."""
    return f"q-{key}"


def _shown(request: Request, link: CurrentLink, given: Mapping[str, str], problems: dict[str, str]) -> Response:
    asked = link.aggregate.preset.questions
    return screen(
        request,
        link,
        SCREEN,
        problems={_name(key): problems[key] for key in (each.key for each in asked) if key in problems},
        questions=asked,
        given={each.key: given.get(each.key, "") for each in asked},
        files={each.key: [file for file in link.aggregate.files if file.key == each.key] for each in asked},
        accepted=answers.ACCEPTED_ENDINGS,
        kinds=answers.FILE_KINDS,
        most_files=answers.MOST_FILES,
        most_bytes=answers.MOST_FILE_BYTES,
    )
