"""What the agency needs to know beside the access: markets and contacts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.journey.answers import contacts as people
from app.journey.answers import markets as countries
from app.journey.browser import LinkForm, Opened, OpenScreen, claim
from app.journey.shown import go_on, screen
from app.kit.database import Session
from app.kit.input import places
from app.links import intake, progress

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/markets")
async def markets(request: Request, link: OpenScreen) -> Response:
    """The countries to advertise in."""
    return _markets_screen(request, link, link.whole.intake.markets or [], {})


@router.post("/l/{link_id}/markets")
async def save_markets(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps the countries ticked."""
    read = intake.markets(form.texts("markets"))
    if read.problem:
        return _markets_screen(request, link, list(read.values), {"markets": read.problem})
    await _keep(session, link, "markets", markets=list(read.values))
    return await go_on(request, session, link)


@router.get("/l/{link_id}/contacts")
async def contacts(request: Request, link: OpenScreen) -> Response:
    """Who decides, who pays, who looks after the website."""
    given = people.kept(link.whole.intake.contacts, link.whole.client)
    return screen(request, link, "contacts", given=given, roles=intake.CONTACT_ROLES)


@router.post("/l/{link_id}/contacts")
async def save_contacts(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps one contact for each role; the same person may have them all."""
    given = people.read(form)
    problems = form.problems or people.problems(given)
    if problems:
        return screen(request, link, "contacts", problems=problems, given=given, roles=intake.CONTACT_ROLES)
    await claim(session, link)
    await _keep(session, link, "contacts", contacts=people.rows(given))
    return await go_on(request, session, link)


def _markets_screen(request: Request, link: Opened, given: list[str], problems: dict[str, str]) -> Response:
    near, others = countries.grouped(places.countries("en"), given)
    return screen(request, link, "markets", problems=problems, given=set(given), near=near, others=others)


async def _keep(session: Session, link: Opened, name: str, **answers: list[object]) -> None:
    agency_id, link_id = link.whole.agency.id, link.whole.link.id
    await progress.save_intake(session, agency_id, link_id, **answers)
    await progress.finish_screen(session, agency_id, link_id, name)
