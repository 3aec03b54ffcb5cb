"""Details beside the access: markets and contacts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.client_portal.forms import contacts as people
from app.client_portal.forms import markets as countries
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, claim
from app.client_portal.rendering import go_on, screen
from app.kit.database import Session
from app.kit.input import places
from app.links import pasted_ids

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/markets")
async def markets(request: Request, link: OpenScreen) -> Response:
    """The countries to advertise in."""
    return _markets_screen(request, link, link.aggregate.intake.markets or [], {})


@router.post("/l/{link_id}/markets")
async def save_markets(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps the countries ticked."""
    read = pasted_ids.markets(form.texts("markets"))
    if read.problem:
        return _markets_screen(request, link, list(read.values), {"markets": read.problem})
    return await _keep(request, session, link, "markets", markets=list(read.values))


@router.get("/l/{link_id}/contacts")
async def contacts(request: Request, link: OpenScreen) -> Response:
    """Contacts for approval, billing and technical questions."""
    given = people.kept(link.aggregate.intake.contacts, link.aggregate.client)
    return screen(request, link, "contacts", given=given, roles=pasted_ids.CONTACT_ROLES)


@router.post("/l/{link_id}/contacts")
async def save_contacts(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps one contact for each role; the same person may have them all."""
    given = people.read(form)
    problems = form.problems or people.problems(given)
    if problems:
        return screen(request, link, "contacts", problems=problems, given=given, roles=pasted_ids.CONTACT_ROLES)
    await claim(session, link)
    return await _keep(request, session, link, "contacts", contacts=people.rows(given))


def _markets_screen(request: Request, link: CurrentLink, given: list[str], problems: dict[str, str]) -> Response:
    near, others = countries.grouped(places.countries("en"), given)
    return screen(request, link, "markets", problems=problems, given=set(given), near=near, others=others)


async def _keep(request: Request, session: Session, link: CurrentLink, name: str, **values: list[object]) -> Response:
    link.aggregate.save_intake(**values)
    link.aggregate.finish_screen(name)
    await link.aggregate.save(session)
    return go_on(request, link)
