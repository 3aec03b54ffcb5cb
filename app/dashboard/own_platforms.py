"""Own platforms: the editor with a live preview of the client's steps, and the archive."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk, draft_preview, own_platform_form
from app.dashboard.draft_preview import PreviewChoice
from app.dashboard.member_session import COOKIE, CurrentMember, Manager, MemberForm, Viewer
from app.dashboard.member_session import PATH as DESK
from app.dashboard.own_platform_form import OwnPlatformDraft
from app.kit.database import Session, reading
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n import locales, pseudo
from app.kit.i18n.message import Message, _
from app.kit.input.validation_errors import checked
from app.links.own_platforms import pictures, service
from app.links.own_platforms.models import PICTURES, OwnPlatform
from app.links.own_platforms.pictures import PictureRefused, TooManyPictures
from app.links.own_platforms.schemas import MOST_STEPS, NewOwnPlatform, OwnPlatformFields
from app.links.own_platforms.service import OwnPlatformInPresets, OwnPlatformTaken, TooManyOwnPlatforms
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.agencies.logo_image import Picture

router = forms.page_router()
PLATFORMS = f"{DESK}/platforms"
PATH = f"{PLATFORMS}/own"
_CHANGED = _("Somebody else saved version {version} in the meantime. Press Save again to replace it with yours.")
_NO_PICTURE = _("Choose a PNG, JPEG or WebP of at most 2 MB.")
_REFUSED: Mapping[type[AppError], tuple[str, Message]] = {
    OwnPlatformTaken: ("key", _("You have a platform with this key. Choose another.")),
    TooManyOwnPlatforms: ("name", _("An agency has at most 100 platforms of its own. Archive one first.")),
    TooManyPictures: ("steps", _("An agency has at most 300 pictures. Use one of them in several steps.")),
}


@router.get(f"{PATH}/new")
async def new(request: Request, caller: Manager) -> Response:
    """The form of a new own platform."""
    async with reading(services_of(request).sessions) as session:
        return await _page(request, session, caller, OwnPlatformDraft())


@router.post(f"{PATH}/new")
async def create(request: Request, caller: Manager) -> Response:
    """Define the platform; or change steps of the form, or its preview, and save only pictures."""
    return await _save(request, caller, None)


@router.get(f"{PATH}/{{platform_key}}")
async def own_platform(
    request: Request, caller: Viewer, platform_key: str, preview_language: PreviewChoice = ""
) -> Response:
    """One own platform: the form with its definition, beside the client's steps."""
    async with reading(services_of(request).sessions) as session:
        draft = own_platform_form.of_row(await _active(session, caller, platform_key))
        return await _page(request, session, caller, draft, tag=preview_language)


@router.post(f"{PATH}/{{platform_key}}")
async def change(request: Request, caller: Manager, platform_key: str) -> Response:
    """Save a new version, for new links; or change steps of the form, or its preview, and save only pictures."""
    return await _save(request, caller, platform_key)


@router.get(f"{PATH}/{{platform_key}}/archival")
async def ask_archival(request: Request, caller: Manager, platform_key: str) -> Response:
    """Say where the platform is used before it is archived."""
    async with reading(services_of(request).sessions) as session:
        return await _archival(request, session, caller, platform_key)


@router.post(f"{PATH}/{{platform_key}}/archival")
async def archive(request: Request, session: Session, caller: Manager, form: MemberForm, platform_key: str) -> Response:  # noqa: ARG001
    """Archive the platform, unless presets request it: the page names them."""
    try:
        await service.archive(session, caller.agency_id, platform_key, actor=caller.member.actor)
    except OwnPlatformInPresets:
        return await _archival(request, session, caller, platform_key, status=409)
    return render.see_other(request, PLATFORMS)


@router.post(f"{PATH}/{{platform_key}}/restoration")
async def restore(request: Request, session: Session, caller: Manager, form: MemberForm, platform_key: str) -> Response:  # noqa: ARG001
    """Restore an archived platform."""
    await service.restore(session, caller.agency_id, platform_key, actor=caller.member.actor)
    return render.see_other(request, f"{PLATFORMS}?saved={platform_key}")


async def _active(session: AsyncSession, caller: CurrentMember, key: str) -> OwnPlatform:
    found = await service.find(session, caller.agency_id, key)
    if found.archived_at is not None:
        raise NotFound
    return found


async def _archival(
    request: Request, session: AsyncSession, caller: CurrentMember, key: str, *, status: int = 200
) -> Response:
    found = await _active(session, caller, key)
    uses = await service.use(session, caller.agency_id, key)
    return desk.page(
        request, caller, "own_platform_archival", here=PLATFORMS, platform=found.platform, use=uses, status=status
    )


async def _save(request: Request, caller: CurrentMember, key: str | None) -> Response:
    """Store the pictures that were chosen, then save the platform, or show the form after one of its buttons."""
    async with forms.read_with_files(request, most=MOST_STEPS) as form:
        forms.check_token(request, form, request.cookies[COOKIE])
        draft = own_platform_form.typed(form, _languages(request, caller))
        chosen, problems = await _chosen(form)
    draft = replace(draft, key=key or draft.key)
    act, tag = form.line("act"), form.line(draft_preview.LANGUAGE)
    problems = {**draft.problems, **problems}
    async with services_of(request).sessions.begin() as session:
        if key is not None:
            await _active(session, caller, key)
        try:
            async with session.begin_nested():
                for made in chosen.values():
                    await pictures.add(session, caller.agency_id, made)
            draft = _with_pictures(draft, {at: made.sha256 for at, made in chosen.items()})
        except TooManyPictures as refused:
            problems.update([_REFUSED[type(refused)]])
        if act:
            shown = own_platform_form.after(draft, act) if act != "preview" else draft
            return await _page(request, session, caller, shown, tag=tag, problems=_of_pictures(problems))
        if not problems:
            draft, problems = await _saved(request, session, caller, key, draft)
        if problems:
            return await _page(request, session, caller, draft, tag=tag, problems=problems)
    return render.see_other(request, f"{PLATFORMS}?saved={draft.key}")


async def _saved(
    request: Request, session: AsyncSession, caller: CurrentMember, key: str | None, draft: OwnPlatformDraft
) -> tuple[OwnPlatformDraft, dict[str, Message]]:
    """The draft with the key under which it was saved, or what is wrong with it."""
    own, offered, actor = caller.agency.language, services_of(request).languages, caller.member.actor
    try:
        async with session.begin_nested():
            given = own_platform_form.fields(draft)
            if key is None:
                wanted = checked(NewOwnPlatform, **given, key=draft.key or None)
                definition = wanted.definition(own, offered)
                made = None if wanted.key else await service.same(session, caller.agency_id, definition)
                made = made or await service.create(session, caller.agency_id, wanted.key, definition, actor=actor)
                return replace(draft, key=made.key), {}
            await agencies.lock(session, caller.agency_id)  # two who save at once see each other
            found = await _active(session, caller, key)
            if draft.version != found.version:
                return replace(draft, version=found.version), {"version": _CHANGED.fill(version=found.version)}
            definition = checked(OwnPlatformFields, **given).definition(own, offered)
            await service.change(session, caller.agency_id, key, definition, actor=actor)
            return draft, {}
    except InvalidInput as refused:
        return draft, own_platform_form.problems_of(refused, own)
    except (OwnPlatformTaken, TooManyOwnPlatforms) as taken:
        return draft, dict([_REFUSED[type(taken)]])


async def _chosen(form: Form) -> tuple[dict[int, Picture], dict[str, Message]]:
    """The pictures that were chosen, by the number of their step, and what is wrong with others."""
    found: dict[int, Picture] = {}
    problems: dict[str, Message] = {}
    for at, name in enumerate(form.names("picture-")):
        for file in form.files(f"file-{name}"):
            try:
                found[at] = await asyncio.to_thread(pictures.read, await file.read())
            except PictureRefused:
                problems[f"file-{at}"] = _NO_PICTURE
    return found, problems


def _with_pictures(draft: OwnPlatformDraft, stored: Mapping[int, str]) -> OwnPlatformDraft:
    steps = [replace(each, picture=stored.get(at, each.picture)) for at, each in enumerate(draft.steps)]
    return replace(draft, steps=steps)


def _of_pictures(problems: Mapping[str, Message]) -> dict[str, Message]:
    """The problems that are said while nothing is saved."""
    return {name: said for name, said in problems.items() if name.startswith("file-")}


def _languages(request: Request, caller: CurrentMember) -> list[str]:
    """The languages of the form, the agency's own first."""
    offered = [each for each in services_of(request).languages if each != pseudo.TAG]
    return list(dict.fromkeys([caller.agency.language, *offered]))


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, draft: OwnPlatformDraft, *, tag: str = "",
    problems: Mapping[str, Message] | None = None,
) -> Response:  # fmt: skip
    own, offered = caller.agency.language, services_of(request).languages
    sizes = await pictures.sizes(session, caller.agency_id, {each.picture for each in draft.steps if each.picture})
    platform = own_platform_form.in_memory(draft, own, caller.agency_id, sizes)
    return desk.page(
        request, caller, "own_platform", here=PLATFORMS, draft=draft, problems=problems or {},
        status=422 if problems else 200, is_new=not draft.version, may_change=caller.may("manager"),
        address=f"{PATH}/{draft.key if draft.version else 'new'}", sizes=sizes, most_steps=MOST_STEPS,
        languages_offered=[
            (each, locales.find(each).name if each in offered else each) for each in _languages(request, caller)
        ],
        pictures=f"{PICTURES}/{caller.agency_id}",
        preview=draft_preview.steps_frame(request, caller, platform, {}, page="", tag=tag),
    )  # fmt: skip
