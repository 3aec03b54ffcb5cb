"""Get ready: the checklist, with what was read, what is in the way, and what only the client can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.readiness import service
from app.access.readiness.checks import Item, ReadinessReply
from app.client_portal.copy import help_articles, readiness
from app.client_portal.copy.status_rows import names
from app.client_portal.forms import readiness as answers
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, claim
from app.client_portal.rendering import consent_origins, go_on, is_connecting, screen
from app.kit.database import Session

router = APIRouter(include_in_schema=False)

BLOCKED = {"checked": "Something is in the way: nothing could be shared. See below what helps."}


@router.get("/l/{link_id}/get-ready")
async def get_ready(request: Request, session: Session, link: OpenScreen) -> Response:
    """Readiness checks: passed, to do, and those that only the client can answer."""
    items = await service.of_link(session, link.aggregate)
    return _shown(request, link, items, {}, _whoever(link, items), {})


@router.post("/l/{link_id}/get-ready")
async def go_past(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps what the client says. Only what keeps everything from being shared keeps the client here."""
    agency_id, link_id = link.aggregate.agency.id, link.aggregate.link.id
    items = await service.of_link(session, link.aggregate)
    given = answers.read(form, [item.key for item in items if item.is_asked])
    problems = form.problems or given.problems
    if problems:
        return _shown(request, link, items, given.words, given.by, problems, given.note)
    await claim(session, link)
    known = {item.key: item.said for item in items}
    service.save_replies(session, agency_id, link_id, given.words, by=given.by, known=known)
    if any(item.verdict.blocks for item in items):
        return _shown(request, link, await service.of_link(session, link.aggregate), {}, given.by, BLOCKED)
    if not link.ready:
        service.complete_checklist(session, agency_id, link_id, by=given.by or _whoever(link, items))
    link.aggregate.finish_screen("get-ready")
    await link.aggregate.save(session)
    return go_on(request, replace(link, ready=True))


def _whoever(link: CurrentLink, items: Sequence[Item]) -> str:
    """Most likely name: of an earlier statement, else of the approver, else of the invited contact."""
    before = next((item.said.by for item in items if item.said), None)
    contacts = link.aggregate.intake.contacts or []
    return before or next(
        (each["name"] for each in contacts), link.aggregate.client.contact_name or link.aggregate.client.name
    )


def _shown(
    request: Request,
    link: CurrentLink,
    items: Sequence[Item],
    words: Mapping[str, ReadinessReply],
    by: str,
    problems: Mapping[str, str],
    note: str | None = None,
) -> Response:
    lines = readiness.lines(items, names(link.aggregate), lane=link.aggregate.link.lane)
    return screen(
        request,
        link,
        "get-ready",
        problems=dict(problems),
        form_to=consent_origins(request, link.aggregate) if is_connecting(link.aggregate) else (),
        checked=[line for line in lines if not line.asked],
        asked=[line for line in lines if line.asked],
        given={key: word.answer for key, word in words.items()},
        note=note or next((word.note for word in words.values() if word.note), None),
        note_field=answers.NOTE,
        by=by,
        help_with=help_articles.of_code,
    )
