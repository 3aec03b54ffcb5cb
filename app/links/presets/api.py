"""JSON routes: presets, Keyturn's own and yours, also as TOML files."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import Session
from app.kit.errors import InvalidInput, NotFound
from app.kit.input.validation_errors import checked
from app.kit.web.paging import Page
from app.links.presets import queries, service, toml_files, validation
from app.links.presets.preset import Preset
from app.links.presets.queries import PresetUnknown
from app.links.presets.schemas import NewPreset, PresetFields, PresetView
from app.platforms.port import Platform
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/presets", route_class=ApiRoute)

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
async def list_presets(caller: Reader, session: Session) -> Page[PresetView]:
    """Lists the presets that links can use: Keyturn's own, then yours. There is no second page."""
    return Page(data=[PresetView.of(preset) for preset in await queries.every(session, caller.agency_id)])


@router.post("", status_code=201)
async def create_preset(request: Request, caller: Writer, session: Session, given: NewPreset) -> PresetView:
    """Makes a preset of your own. The slug of an archived one goes on with its next version."""
    made = await service.create_preset(
        session, caller.agency_id, given.slug, given.body(), platforms=services_of(request).platforms,
        actor=caller.actor,
    )  # fmt: skip
    return PresetView.of(made)


@router.post("/file")
async def import_preset(
    request: Request, caller: Writer, session: Session,
    file: Annotated[bytes, Body(media_type=TOML, description="A preset as a TOML file.", examples=[_EXAMPLE])],
) -> PresetView:  # fmt: skip
    """Makes the preset that a TOML file describes, or a new version of it. Without a difference nothing is made."""
    platforms = services_of(request).platforms
    given = _described(file, platforms)
    made = await service.save_preset(
        session, caller.agency_id, given.slug, given.body(), platforms=platforms, actor=caller.actor
    )
    return PresetView.of(made)


@router.get("/{slug}/file", response_class=Response, responses=_FILE)  # type: ignore[arg-type]  # as `get_sample`
async def export_preset(caller: Reader, session: Session, slug: str) -> Response:
    """The current version of a preset as a TOML file, to be kept, changed and imported here or elsewhere."""
    found = await _current(session, caller.agency_id, slug)
    return Response(toml_files.written(found), media_type=TOML)


@router.get("/{slug}")
async def get_preset(
    caller: Reader,
    session: Session,
    slug: str,
    version: Annotated[int | None, Query(ge=1, le=100_000, description="The current one unless given.")] = None,
) -> PresetView:
    """One preset: the version new links are made with, or the one named."""
    if version is not None:
        return PresetView.of(await queries.version(session, caller.agency_id, _text(slug), version))
    return PresetView.of(await _current(session, caller.agency_id, slug))


@router.put("/{slug}")
async def update_preset(
    request: Request, caller: Writer, session: Session, slug: str, given: PresetFields
) -> PresetView:
    """Makes a new version of a preset of yours. Links made before keep theirs; without a difference nothing is made."""
    changed = await service.change_preset(
        session,
        caller.agency_id,
        _text(slug),
        given.body(),
        platforms=services_of(request).platforms,
        actor=caller.actor,
    )
    return PresetView.of(changed)


@router.delete("/{slug}", status_code=204)
async def archive_preset(caller: Writer, session: Session, slug: str) -> Response:
    """Puts a preset of yours away: no new links with it. Links there are keep it."""
    await service.archive_preset(session, caller.agency_id, _text(slug), actor=caller.actor)
    return Response(status_code=204)


def _described(file: bytes, platforms: Mapping[str, Platform]) -> NewPreset:
    """The preset of a file. Raises InvalidInput with all that is wrong with it at once."""
    found = toml_files.parsed(file)
    fields = validation.problems_of_file(found, platforms)
    try:
        made = checked(NewPreset, **found)
    except InvalidInput as problem:
        fields = {**fields, **problem.fields}
    if fields:
        raise InvalidInput(hint="Correct them and import the file again.", fields=toml_files.counted(fields))
    return made


async def _current(session: AsyncSession, agency_id: str, slug: str) -> Preset:
    try:
        return await queries.current(session, agency_id, _text(slug))
    except PresetUnknown as problem:
        raise NotFound from problem


def _text(slug: str) -> str:
    """The slug, if one can be as long. Raises NotFound."""
    if len(slug) > 64:
        raise NotFound
    return slug
