"""Get ready: the checklist, with what was read, what is in the way, and what only the client can tell."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.readiness import actions, queries
from app.access.readiness.checklist import Item
from app.access.readiness.facts import Word
from app.journey.answers import readiness as answers
from app.journey.browser import LinkForm, Opened, OpenScreen, claim
from app.journey.shown import consent_origins, go_on, is_connecting, screen
from app.journey.telling import how, readiness
from app.journey.telling.lines import names
from app.kit.database import Session
from app.links import progress

router = APIRouter(include_in_schema=False)

BLOCKED = {"checked": "Something is in the way: nothing could be shared. See below what helps."}


@router.get("/l/{link_id}/get-ready")
async def get_ready(request: Request, session: Session, link: OpenScreen) -> Response:
    """What is in place, what is to do, what nobody can tell but the client."""
    items = await queries.of_link(session, link.whole)
    return _shown(request, link, items, {}, _whoever(link, items), {})


@router.post("/l/{link_id}/get-ready")
async def go_past(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps what the client says. Only what keeps everything from being shared keeps the client here."""
    agency_id, link_id = link.whole.agency.id, link.whole.link.id
    items = await queries.of_link(session, link.whole)
    given = answers.read(form, [item.key for item in items if item.is_asked])
    problems = form.problems or given.problems
    if problems:
        return _shown(request, link, items, given.words, given.by, problems, given.note)
    await claim(session, link)
    await actions.keep_words(session, agency_id, link_id, given.words, by=given.by)
    if any(item.verdict.blocks for item in items):
        return _shown(request, link, await queries.of_link(session, link.whole), {}, given.by, BLOCKED)
    await actions.pass_list(session, agency_id, link_id, by=given.by or _whoever(link, items))
    await progress.finish_screen(session, agency_id, link_id, "get-ready")
    return await go_on(request, session, link)


def _whoever(link: Opened, items: Sequence[Item]) -> str:
    """The name that most likely fits: who said something before, else who decides, else who was invited."""
    before = next((item.said.by for item in items if item.said), None)
    contacts = link.whole.intake.contacts or []
    return before or next((each["name"] for each in contacts), link.whole.client.contact_name or link.whole.client.name)


def _shown(
    request: Request,
    link: Opened,
    items: Sequence[Item],
    words: Mapping[str, Word],
    by: str,
    problems: Mapping[str, str],
    note: str | None = None,
) -> Response:
    lines = readiness.lines(items, names(link.whole), lane=link.whole.link.lane)
    return screen(
        request,
        link,
        "get-ready",
        problems=dict(problems),
        form_to=consent_origins(request, link.whole) if is_connecting(link.whole) else (),
        checked=[line for line in lines if not line.asked],
        asked=[line for line in lines if line.asked],
        given={key: word.answer for key, word in words.items()},
        note=note or next((word.note for word in words.values() if word.note), None),
        note_field=answers.NOTE,
        by=by,
        help_with=how.of_code,
    )
