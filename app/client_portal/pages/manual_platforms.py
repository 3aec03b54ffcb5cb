"""Access requests on manual platforms: the client's own ids, and its statement that the steps are done."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.requests import service as access_requests
from app.client_portal import manual_platforms
from app.client_portal.forms import external_ids
from app.client_portal.link_session import FROM_OUR_SCREEN, CurrentLink, LinkForm, OpenScreen, PublicLink
from app.client_portal.pages.assets import taken_numbers
from app.client_portal.rendering import go_on, screen
from app.kit.database import Session
from app.kit.html import render

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/others")
async def show(request: Request, link: OpenScreen) -> Response:
    """Each with its reason, and a field for the client's own id where the platform has one."""
    given = {external_ids.field_of(asked): asked.given or "" for asked in manual_platforms.of(link.aggregate)}
    return _shown(request, link, given, {})


@router.post("/l/{link_id}/others")
async def save(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps the ids; leaving them out is an answer, too."""
    asked = manual_platforms.fresh(link.aggregate)
    typed = {external_ids.field_of(each): form.text(external_ids.field_of(each), most=200) for each in asked}
    agreed = {
        each.given: each.full_name for each in manual_platforms.of(link.aggregate) if each.agreed_at and each.given
    }
    read = external_ids.read(asked, typed, taken={**taken_numbers(link, but=""), **agreed})
    problems = form.problems or dict(read.problems)
    if problems:
        return _shown(request, link, typed, problems)
    link.aggregate.name_manual_ids(read.values)
    link.aggregate.finish_screen("others")
    await link.aggregate.save(session)
    return go_on(request, link)


@router.post("/l/{link_id}/access-requests/{access_request_id}/done", dependencies=[FROM_OUR_SCREEN])
async def say_done(request: Request, session: Session, link: PublicLink, access_request_id: str) -> Response:
    """The client did the steps of one access request."""
    access_requests.say_steps_done(link.aggregate, access_request_id)
    await link.aggregate.save(session)
    return render.see_other(request, f"{link.path}/progress#others")


@router.post("/l/{link_id}/access-requests/{access_request_id}/not-done", dependencies=[FROM_OUR_SCREEN])
async def take_word_back(request: Request, session: Session, link: PublicLink, access_request_id: str) -> Response:
    """The client was wrong about it."""
    access_requests.withdraw_statement(link.aggregate, access_request_id)
    await link.aggregate.save(session)
    return render.see_other(request, f"{link.path}/progress#others")


def _shown(request: Request, link: CurrentLink, given: dict[str, str], problems: dict[str, str]) -> Response:
    asked = manual_platforms.of(link.aggregate)
    return screen(
        request,
        link,
        "others",
        problems=problems,
        asked=[each for each in asked if not each.agreed_at],
        agreed=[each for each in asked if each.agreed_at],
        given=given,
        field_of=external_ids.field_of,
    )
