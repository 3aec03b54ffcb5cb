"""What the agency needs to know beside the access: markets and contacts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.client_portal.forms import contacts as people
from app.client_portal.forms import markets as countries
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, claim
from app.client_portal.rendering import go_on, screen
from app.kit.database import Session
from app.kit.input import places
from app.links import client_actions, pasted_ids

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
    await _keep(session, link, "markets", markets=list(read.values))
    return await go_on(request, session, link)


@router.get("/l/{link_id}/contacts")
async def contacts(request: Request, link: OpenScreen) -> Response:
    """Who decides, who pays, who looks after the website."""
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
    await _keep(session, link, "contacts", contacts=people.rows(given))
    return await go_on(request, session, link)


def _markets_screen(request: Request, link: CurrentLink, given: list[str], problems: dict[str, str]) -> Response:
    near, others = countries.grouped(places.countries("en"), given)
    return screen(request, link, "markets", problems=problems, given=set(given), near=near, others=others)


async def _keep(session: Session, link: CurrentLink, name: str, **answers: list[object]) -> None:
    agency_id, link_id = link.aggregate.agency.id, link.aggregate.link.id
    await client_actions.save_intake(session, agency_id, link_id, **answers)
    await client_actions.finish_screen(session, agency_id, link_id, name)
