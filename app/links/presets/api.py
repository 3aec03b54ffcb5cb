"""JSON routes: presets, also as TOML files."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Body, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import Session
from app.kit.errors import InvalidInput, NotFound
from app.kit.input.validation_errors import checked
from app.kit.web.paging import Page
from app.links import queries
from app.links.own_platforms import service as own_platforms
from app.links.presets import preset, service, validation
from app.links.presets.preset import Preset
from app.links.presets.schemas import NewPreset, PresetFields, PresetUseView, PresetView
from app.links.presets.service import PresetUnknown
from app.links.queries import PresetUse
from app.platforms.port import Platform
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/presets")

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]

TOML = "application/toml"
_EXAMPLE = """slug = "reports"
name = "Reports"
sentence = "Read the results."
screens = ["contacts"]

[[access_requests]]
kind = "ad_account"
role = "ANALYST"
reason = "To report on your campaigns."
"""
_FILE = {200: {"description": "The file.", "content": {TOML: {"schema": {"type": "string", "examples": [_EXAMPLE]}}}}}


@router.get("")
async def list_presets(
    caller: Reader,
    session: Session,
    archived: Annotated[bool, Query(description="True: those of yours that are archived instead.")] = False,
) -> Page[PresetView]:
    """List the presets that links can use: Keyturn's own, then yours. There is no second page."""
    found = await (service.archived if archived else service.every)(session, caller.agency_id)
    return Page(data=[PresetView.of(preset) for preset in found])


@router.post("", status_code=201)
async def create_preset(request: Request, caller: Writer, session: Session, given: NewPreset) -> PresetView:
    """Create a preset. The slug of an archived one continues with its next version."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    made = await service.create_preset(
        session, caller.agency_id, given.slug, given.body(), platforms=platforms, actor=caller.actor
    )
    return PresetView.of(made)


@router.post("/file")
async def import_preset(
    request: Request, caller: Writer, session: Session,
    file: Annotated[bytes, Body(media_type=TOML, description="A preset as a TOML file.", examples=[_EXAMPLE])],
) -> PresetView:  # fmt: skip
    """Create a preset, or a new version of it, from a TOML file. An unchanged file changes nothing."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    given = _described(file, platforms)
    made = await service.save_preset(
        session, caller.agency_id, given.slug, given.body(), platforms=platforms, actor=caller.actor
    )
    return PresetView.of(made)


@router.get("/{slug}/file", response_class=Response, responses=_FILE)  # type: ignore[arg-type]  # as `get_sample`
async def export_preset(caller: Reader, session: Session, slug: str) -> Response:
    """Export the current version of a preset as a TOML file, which can be imported again."""
    found = await _current(session, caller.agency_id, slug)
    return Response(preset.to_toml(found), media_type=TOML)


@router.get("/{slug}/use")
async def get_preset_use(caller: Reader, session: Session, slug: str) -> PresetUseView:
    """Return how many active links and open public links keep a version of a preset."""
    found = await _current(session, caller.agency_id, slug)
    uses = await queries.preset_uses(session, caller.agency_id)
    return PresetUseView.model_validate(uses.get(found.slug, PresetUse()))


@router.get("/{slug}")
async def get_preset(
    caller: Reader,
    session: Session,
    slug: str,
    version: Annotated[int | None, Query(ge=1, le=100_000, description="By default the current version.")] = None,
) -> PresetView:
    """Return one preset: the current version, or the given one."""
    if version is not None:
        return PresetView.of(await service.version(session, caller.agency_id, _possible(slug), version))
    return PresetView.of(await _current(session, caller.agency_id, slug))


@router.put("/{slug}")
async def update_preset(
    request: Request, caller: Writer, session: Session, slug: str, given: PresetFields
) -> PresetView:
    """Create a new version of your preset. Existing links keep theirs; an unchanged preset gets no new version."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    changed = await service.change_preset(
        session, caller.agency_id, _possible(slug), given.body(), platforms=platforms, actor=caller.actor
    )
    return PresetView.of(changed)


@router.delete("/{slug}", status_code=204)
async def archive_preset(caller: Writer, session: Session, slug: str) -> Response:
    """Archive your preset: new links cannot use it. Existing links keep it."""
    await service.archive_preset(session, caller.agency_id, _possible(slug), actor=caller.actor)
    return Response(status_code=204)


@router.post("/{slug}/restoration")
async def restore_preset(request: Request, caller: Writer, session: Session, slug: str) -> PresetView:
    """Restore an archived preset of yours: new links can use its newest version again."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    restored = await service.restore_preset(
        session, caller.agency_id, _possible(slug), platforms=platforms, actor=caller.actor
    )
    return PresetView.of(restored)


def _described(file: bytes, platforms: Mapping[str, Platform]) -> NewPreset:
    """The preset of a file. Raises InvalidInput with all its problems."""
    found = preset.parse_toml(file)
    fields = validation.problems_of_file(found, platforms)
    try:
        made = checked(NewPreset, **found)
    except InvalidInput as problem:
        fields = {**fields, **problem.fields}
    if fields:
        raise InvalidInput(hint="Correct them and import the file again.", fields=preset.readable_places(fields))
    return made


async def _current(session: AsyncSession, agency_id: str, slug: str) -> Preset:
    try:
        return await service.current(session, agency_id, _possible(slug))
    except PresetUnknown as problem:
        raise NotFound from problem


def _possible(slug: str) -> str:
    """The slug, unless it is too long to exist. Raises NotFound."""
    if len(slug) > 64:
        raise NotFound
    return slug
