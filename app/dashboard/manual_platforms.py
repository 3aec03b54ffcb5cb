"""Manual platforms: the agency's own ids there, beside the steps in which its clients copy them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from app.dashboard import desk, draft_preview
from app.dashboard.draft_preview import PreviewChoice
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, Viewer
from app.kit.database import Session, reading
from app.kit.errors import InvalidInput, NotFound
from app.kit.html import forms, render
from app.kit.i18n.message import Message, _
from app.links.own_platforms import service as own_platforms
from app.platforms.manual import library
from app.platforms.manual.library import ManualPlatform
from app.services import services_of
from app.tenants.agencies import platform_ids

router = forms.page_router()
PATH = f"{DESK}/platforms"


@router.get(PATH)
async def platforms(request: Request, caller: Viewer, saved: Annotated[str, Query(max_length=32)] = "") -> Response:
    """Every manual platform, and the ids that clients would miss there."""
    async with reading(services_of(request).sessions) as session:
        known = await platform_ids.every(session, caller.agency_id)
        own, archived = [await own_platforms.every(session, caller.agency_id, archived=each) for each in (False, True)]
    rows = [(each, each.missing(known.get(each.key, {}))) for each in library.every().values() if not each.own_words]
    return desk.page(
        request,
        caller,
        "platforms",
        here=PATH,
        rows=rows,
        own=own,
        archived=archived,
        saved=next((each for each, _missing in rows if each.key == saved), None),
        saved_own=next((each for each in own if each.key == saved), None),
    )


@router.get(f"{PATH}/{{key}}")
async def platform(
    request: Request, caller: Viewer, key: str, preview_page: PreviewChoice = "", preview_language: PreviewChoice = ""
) -> Response:
    """The agency's ids on one platform, beside the client's steps."""
    found = _find(key)
    async with reading(services_of(request).sessions) as session:
        known = await platform_ids.every(session, caller.agency_id)
    return _page(request, caller, found, known.get(key, {}), page=preview_page, tag=preview_language)


@router.post(f"{PATH}/{{key}}")
async def change(request: Request, session: Session, caller: Manager, form: MemberForm, key: str) -> Response:
    """Save the ids; or only show the steps with them."""
    found = _find(key)
    given = {need.key: form.line(need.key) for need in found.needs}
    page, tag = form.line(draft_preview.PAGE), form.line(draft_preview.LANGUAGE)
    if form.line("act"):
        return _page(request, caller, found, given, page=page, tag=tag)
    problems = dict(form.problems)
    if not problems:
        try:
            await platform_ids.set_platform(
                session, caller.agency_id, key, identifiers={name: value for name, value in given.items() if value},
                actor=caller.member.actor,
            )  # fmt: skip
            return render.see_other(request, f"{PATH}?saved={key}")
        except InvalidInput as refused:
            wrong = {name.removeprefix("identifiers.") for name in refused.fields}
            problems = {
                need.key: _("Expected: {looks}, such as {example}.", looks=need.looks, example=need.example)
                for need in found.needs
                if need.key in wrong
            }
    return _page(request, caller, found, given, page=page, tag=tag, problems=problems)


def _find(key: str) -> ManualPlatform:
    found = library.every().get(key)
    if found is None or found.own_words:
        raise NotFound
    return found


def _page(
    request: Request, caller: CurrentMember, found: ManualPlatform, given: Mapping[str, str], *, page: str, tag: str,
    problems: Mapping[str, Message] | None = None,
) -> Response:  # fmt: skip
    return desk.page(
        request, caller, "platform", here=PATH, platform=found, given=given, problems=problems or {},
        status=422 if problems else 200, may_change=caller.may("manager"),
        preview=draft_preview.steps_frame(request, caller, found, given, page=page, tag=tag),
    )  # fmt: skip
