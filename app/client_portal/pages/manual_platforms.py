"""Screens of manual platforms: the client's own ids, and its statement that the steps are done."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response

from app.access.requests import service as access_requests
from app.client_portal import offers
from app.client_portal.copy.manual_platforms import ManualRequest
from app.client_portal.forms import assets as asset_forms
from app.client_portal.link_session import FROM_OUR_SCREEN, CurrentLink, LinkForm, OpenLink, OpenScreen
from app.client_portal.pages.assets import taken_numbers
from app.client_portal.rendering import go_on, screen, sent_back
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Text

router = forms.page_router()


@router.get("/l/{link_id}/others")
async def show(request: Request, link: OpenScreen) -> Response:
    """Show each access request with its reason, and a field for the client's own id if the platform has one."""
    asked, draft = offers.manual_requests(link.aggregate), link.draft_of(request)
    if draft is not None:
        return _shown(request, link, _typed(asked, draft.form), draft.problems)
    return _shown(request, link, {asset_forms.manual_id_field(each): each.given or "" for each in asked}, {})


@router.post("/l/{link_id}/others")
async def save(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the ids, each of which may be empty."""
    asked = offers.open_manual_requests(link.aggregate)
    typed = _typed(asked, form)
    agreed = {
        each.given: asset_forms.given_for(each)
        for each in offers.manual_requests(link.aggregate)
        if each.agreed_at and each.given
    }
    read = asset_forms.read_manual_ids(asked, typed, taken={**taken_numbers(link), **agreed})
    problems = form.problems or read.problems
    if problems:
        return sent_back(request, link, form, problems)
    link.aggregate.name_manual_ids(read.values)
    link.aggregate.finish_screen("others")
    await link.aggregate.save(session)
    return go_on(request, link)


@router.post("/l/{link_id}/access-requests/{access_request_id}/done", dependencies=[FROM_OUR_SCREEN])
async def say_done(request: Request, session: Session, link: OpenLink, access_request_id: str) -> Response:
    """Record that the client did the steps of one access request."""
    access_requests.say_steps_done(link.aggregate, access_request_id)
    await link.aggregate.save(session)
    return render.see_other(request, f"{link.path}/progress#others")


@router.post("/l/{link_id}/access-requests/{access_request_id}/not-done", dependencies=[FROM_OUR_SCREEN])
async def withdraw_statement(request: Request, session: Session, link: OpenLink, access_request_id: str) -> Response:
    """Withdraw the client's statement about one access request."""
    access_requests.withdraw_statement(link.aggregate, access_request_id)
    await link.aggregate.save(session)
    return render.see_other(request, f"{link.path}/progress#others")


def _typed(asked: Sequence[ManualRequest], form: Form) -> dict[str, str]:
    """The content of the fields, as it was sent."""
    return {asset_forms.manual_id_field(each): form.text(asset_forms.manual_id_field(each), most=200) for each in asked}


def _shown(request: Request, link: CurrentLink, given: dict[str, str], problems: Mapping[str, Text]) -> Response:
    asked = offers.manual_requests(link.aggregate)
    return screen(
        request,
        link,
        "others",
        problems=problems,
        asked=[each for each in asked if not each.agreed_at],
        agreed=[each for each in asked if each.agreed_at],
        given=given,
        field_of=asset_forms.manual_id_field,
    )
