"""Presets: the list, the editor with a live preview of the client's page, and the archive."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk, draft_preview, preset_form
from app.dashboard.draft_preview import PreviewChoice
from app.dashboard.link_form import cards
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, MemberForm, Viewer, Worker
from app.dashboard.preset_form import PresetDraft
from app.kit.database import Session, reading
from app.kit.errors import InvalidInput, NotFound
from app.kit.html import forms, language, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.kit.input.validation_errors import checked
from app.links import queries, url
from app.links.own_platforms import service as own_platforms
from app.links.presets import service
from app.links.presets.preset import Preset
from app.links.presets.schemas import NewPreset, PresetFields
from app.links.presets.service import PresetBuiltIn, PresetTaken, PresetUnknown, TooManyPresets
from app.links.presets.validation import RESERVED
from app.links.queries import PresetUse
from app.platforms.registry import Platforms
from app.services import services_of
from app.tenants.agencies import service as agencies

router = forms.page_router()
PATH = f"{DESK}/presets"
_CHANGED = _("Somebody else saved version {version} in the meantime. Press Save again to replace it with yours.")
_TAKEN = _("You already have a preset with this short name. Choose another.")
_IMPOSSIBLE = _("It stays archived: it requests access that is no longer possible, such as on an archived platform.")
_TOO_MANY = _("An agency has at most 200 presets. Archive one first.")


@router.get(PATH)
async def presets(request: Request, caller: Viewer, saved: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Every preset with what it requests and where it is used. `saved`: the one that was saved just now."""
    async with reading(services_of(request).sessions) as session:
        return await _listed(request, session, caller, saved=saved)


async def _listed(
    request: Request, session: AsyncSession, caller: CurrentMember, *, saved: str = "", refused: Message | None = None
) -> Response:
    """The list. `refused`: the reason why a preset stays archived."""
    found = await service.every(session, caller.agency_id)
    archived = await service.archived(session, caller.agency_id)
    uses = await queries.preset_uses(session, caller.agency_id)
    listed = await cards(session, caller.agency_id, found, services_of(request).platforms)
    with_use = [(each, uses.get(each.preset.slug, PresetUse())) for each in listed]
    return desk.page(
        request, caller, "presets", here=PATH, own=[each for each in with_use if not each[0].preset.built_in],
        built_in=[each for each in with_use if each[0].preset.built_in],
        saved=next((each for each in found if each.slug == saved), None), archived=archived, refused=refused,
        status=409 if refused else 200,
    )  # fmt: skip


@router.get(f"{PATH}/new")
async def new(
    request: Request, caller: Worker, copy: Annotated[str, Query(max_length=64)] = "",
    preview_page: PreviewChoice = "", preview_language: PreviewChoice = "",
) -> Response:  # fmt: skip
    """The form of a new preset, empty or with what another one has."""
    async with reading(services_of(request).sessions) as session:
        draft = PresetDraft(access_requests=[preset_form.PresetAccess()])
        if copy:
            draft = await _copied(request, session, caller, copy)
        return await _page(request, session, caller, draft, page=preview_page, tag=preview_language)


@router.post(f"{PATH}/new")
async def create(request: Request, session: Session, caller: Worker, form: MemberForm) -> Response:
    """Make the preset; or change rows of the form, or its preview, and save nothing."""
    draft = preset_form.typed(form)
    if act := form.line("act"):
        return await _acted(request, session, caller, form, preset_form.after(draft, act))
    problems = dict(draft.problems)
    if not problems:
        try:
            given = checked(
                NewPreset, slug=draft.slug or await _free_slug(session, caller, draft.name), **preset_form.fields(draft)
            )
            async with session.begin_nested():
                made = await service.create_preset(
                    session, caller.agency_id, given.slug, given.body(),
                    platforms=await _platforms(request, session, caller), actor=caller.member.actor,
                )  # fmt: skip
            return render.see_other(request, f"{PATH}?saved={made.slug}")
        except InvalidInput as refused:
            problems = preset_form.problems_of(refused)
        except (PresetTaken, PresetBuiltIn):
            problems = {"slug": _TAKEN}
        except TooManyPresets:
            problems = {"name": _TOO_MANY}
    return await _acted(request, session, caller, form, draft, problems)


@router.get(f"{PATH}/{{slug}}")
async def preset(
    request: Request, caller: Viewer, slug: str, preview_page: PreviewChoice = "", preview_language: PreviewChoice = ""
) -> Response:
    """One preset: the form with what it has, beside the client's page. Keyturn's own ones can be copied only."""
    async with reading(services_of(request).sessions) as session:
        draft = preset_form.of_preset(await _current(session, caller, slug))
        return await _page(request, session, caller, draft, page=preview_page, tag=preview_language)


@router.post(f"{PATH}/{{slug}}")
async def change(request: Request, session: Session, caller: Worker, form: MemberForm, slug: str) -> Response:
    """Save a new version, for new links; or change rows of the form, or its preview, and save nothing."""
    await agencies.lock(session, caller.agency_id)  # two who save at once see each other
    found = await _current(session, caller, slug)
    if found.built_in:
        return render.see_other(request, f"{PATH}/{slug}")
    draft = replace(preset_form.typed(form), slug=slug)
    if act := form.line("act"):
        return await _acted(request, session, caller, form, preset_form.after(draft, act))
    problems = dict(draft.problems)
    if not problems and draft.version != found.version:
        draft = replace(draft, version=found.version)
        problems = {"version": _CHANGED.fill(version=found.version)}
    if not problems:
        try:
            given = checked(PresetFields, **preset_form.fields(draft))
            async with session.begin_nested():
                await service.change_preset(
                    session, caller.agency_id, slug, given.body(),
                    platforms=await _platforms(request, session, caller), actor=caller.member.actor,
                )  # fmt: skip
            return render.see_other(request, f"{PATH}?saved={slug}")
        except InvalidInput as refused:
            problems = preset_form.problems_of(refused)
    return await _acted(request, session, caller, form, draft, problems)


@router.get(f"{PATH}/{{slug}}/archival")
async def ask_archival(request: Request, caller: Worker, slug: str) -> Response:
    """Say where the preset is used before it is archived."""
    async with reading(services_of(request).sessions) as session:
        found = await _current(session, caller, slug)
        uses = await queries.preset_uses(session, caller.agency_id)
    if found.built_in:
        return render.see_other(request, f"{PATH}/{slug}")
    return desk.page(request, caller, "preset_archival", here=PATH, preset=found, use=uses.get(slug, PresetUse()))


@router.post(f"{PATH}/{{slug}}/archival")
async def archive(request: Request, session: Session, caller: Worker, form: MemberForm, slug: str) -> Response:  # noqa: ARG001
    """Archive the preset: new links cannot use it, existing ones keep it."""
    if not (await _current(session, caller, slug)).built_in:
        await service.archive_preset(session, caller.agency_id, slug, actor=caller.member.actor)
    return render.see_other(request, PATH)


@router.post(f"{PATH}/{{slug}}/restoration")
async def restore(request: Request, session: Session, caller: Worker, form: MemberForm, slug: str) -> Response:  # noqa: ARG001
    """Restore an archived preset, unless what it requests is no longer possible."""
    platforms = await _platforms(request, session, caller)
    try:
        await service.restore_preset(session, caller.agency_id, slug, platforms=platforms, actor=caller.member.actor)
    except InvalidInput:
        return await _listed(request, session, caller, refused=_IMPOSSIBLE)
    except TooManyPresets:
        return await _listed(request, session, caller, refused=_TOO_MANY)
    return render.see_other(request, f"{PATH}?saved={slug}")


async def _current(session: AsyncSession, caller: CurrentMember, slug: str) -> Preset:
    if len(slug) > 64:
        raise NotFound
    try:
        return await service.current(session, caller.agency_id, slug)
    except PresetUnknown as unknown:
        raise NotFound from unknown


async def _platforms(request: Request, session: AsyncSession, caller: CurrentMember) -> Platforms:
    """The platforms of which a preset of the agency can request access."""
    return await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)


async def _copied(request: Request, session: AsyncSession, caller: CurrentMember, slug: str) -> PresetDraft:
    """The form of a copy of a preset."""
    draft = preset_form.of_preset(await _current(session, caller, slug))
    name = language.locale_of(request).text(_("Copy of {name}", name=draft.name))
    return replace(draft, name=name, slug="", version=0, built_in=False)


async def _free_slug(session: AsyncSession, caller: CurrentMember, name: str) -> str:
    """A slug made of the name that neither a preset, active or archived, nor a page has."""
    made = url.slug(name, "preset")
    active, archived = await service.every(session, caller.agency_id), await service.archived(session, caller.agency_id)
    taken = {*RESERVED, *(each.slug for each in (*active, *archived))}
    return next(each for number in range(1, 999) if (each := made if number == 1 else f"{made}-{number}") not in taken)


async def _acted(
    request: Request, session: AsyncSession, caller: CurrentMember, form: Form, draft: PresetDraft,
    problems: dict[str, Message] | None = None,
) -> Response:  # fmt: skip
    """The form as it is now, and nothing saved."""
    page, tag = form.line(draft_preview.PAGE), form.line(draft_preview.LANGUAGE)
    return await _page(request, session, caller, draft, page=page, tag=tag, problems=problems)


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, draft: PresetDraft, *, page: str, tag: str,
    problems: dict[str, Message] | None = None,
) -> Response:  # fmt: skip
    platforms = await _platforms(request, session, caller)
    is_new = not draft.version
    preview = await draft_preview.frame(
        request, session, caller, preset_form.in_memory(draft, platforms), page=page, tag=tag
    )
    return desk.page(
        request, caller, "preset", here=PATH, draft=draft, is_new=is_new,
        may_change=caller.may("member") and not draft.built_in, problems=problems or {},
        status=422 if problems else 200, preview=preview, choices=preset_form.choices(platforms),
        with_events=preset_form.with_events(platforms), answers=preset_form.ANSWERS, screens=preset_form.SCREEN_NAMES,
        address=f"{PATH}/new" if is_new else f"{PATH}/{draft.slug}",
    )  # fmt: skip
