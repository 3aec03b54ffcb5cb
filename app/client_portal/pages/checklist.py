"""Screen of the readiness checks: what is in place, and what only the client knows. None of it holds up the consent."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.readiness import service
from app.access.readiness.checks import Item, ReadinessReply
from app.client_portal.copy import readiness
from app.client_portal.copy.readiness import CheckLine
from app.client_portal.copy.status_rows import names
from app.client_portal.errors import Elsewhere
from app.client_portal.forms import intake
from app.client_portal.link_session import CurrentLink, LinkForm, OpenLink, claim
from app.client_portal.rendering import consent_origins, go_on, platform_of, screen, sent_back
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.i18n.message import Text
from app.links.aggregate import LinkAggregate
from app.platforms import declarations

router = forms.page_router()


@router.get("/l/{link_id}/checklist")
async def show_checklist(request: Request, session: Session, link: OpenLink) -> Response:
    """Show the readiness checks: passed, to do, and those that only the client can answer."""
    items, draft = await _items(session, link), link.draft_of(request)
    if draft is None:
        return _checklist_screen(request, link, items, {}, likely_name(link.aggregate, items), {})
    given = intake.read_replies(draft.form, [item.key for item in items if item.is_asked])
    return _checklist_screen(request, link, items, given.words, given.by, draft.problems, given.note)


@router.post("/l/{link_id}/checklist")
async def save_replies(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """Save the client's replies."""
    items = await _items(session, link)
    given = intake.read_replies(form, [item.key for item in items if item.is_asked])
    problems = {**given.problems, **form.problems}
    if problems:
        return sent_back(request, link, form, problems)
    await claim(session, link)
    known = {item.key: item.said for item in items}
    agency_id, link_id = link.aggregate.agency.id, link.aggregate.link.id
    service.save_replies(session, agency_id, link_id, given.words, by=given.by, known=known)
    await link.aggregate.save(session)
    return go_on(request, link)


async def _items(session: AsyncSession, link: CurrentLink) -> tuple[Item, ...]:
    """The checks of a link. Raises Elsewhere without a platform that they are about."""
    if not link.aggregate.connecting:
        raise Elsewhere(link.path)
    return await service.of_link(session, link.aggregate)


def likely_name(aggregate: LinkAggregate, items: Sequence[Item] = ()) -> str:
    """Most likely name of the person: of an earlier statement, else of the approver, else of the invited contact."""
    before = next((item.said.by for item in items if item.said), None)
    contacts = aggregate.intake.contacts or []
    return before or next((each["name"] for each in contacts), aggregate.client.contact_name or "")


def check_lines(aggregate: LinkAggregate, items: Sequence[Item]) -> list[CheckLine]:
    """The checks in a client's words."""
    here = aggregate.connecting[0]
    kind = declarations.find(here.platform, "ad_account")
    return readiness.lines(items, names(aggregate, here), kind, lane=here.lane)


def _checklist_screen(
    request: Request,
    link: CurrentLink,
    items: Sequence[Item],
    words: Mapping[str, ReadinessReply],
    by: str,
    problems: Mapping[str, Text],
    note: str | None = None,
) -> Response:
    here = link.aggregate.connecting[0]
    lines = check_lines(link.aggregate, items)
    return screen(
        request,
        link,
        "checklist",
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
