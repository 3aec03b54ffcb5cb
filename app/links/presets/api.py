"""JSON routes: presets, Keyturn's own and yours."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.web.paging import Page
from app.links.presets import queries, service
from app.links.presets.queries import PresetUnknown
from app.links.presets.schemas import NewPreset, PresetFields, PresetView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/presets", tags=["presets"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]


@router.get("")
async def list_presets(caller: Reader, session: Session) -> Page[PresetView]:
    """What links can ask for: Keyturn's own presets, then yours. There is no second page."""
    return Page(data=[PresetView.of(preset) for preset in await queries.every(session, caller.agency_id)])


@router.post("", status_code=201)
async def create_preset(request: Request, caller: Writer, session: Session, given: NewPreset) -> PresetView:
    """Makes a preset of your own. The slug of an archived one goes on with its next version."""
    made = await service.create_preset(
        session, caller.agency_id, given.slug, given.body(), platforms=request.app.state.platforms,
        actor=caller.actor,
    )  # fmt: skip
    return PresetView.of(made)


@router.get("/{slug}")
async def read_preset(
    caller: Reader, session: Session, slug: str, version: Annotated[int | None, Query(ge=1, le=100_000)] = None
) -> PresetView:
    """One preset: the version new links are made with, or the one named."""
    if version is not None:
        return PresetView.of(await queries.version(session, caller.agency_id, _text(slug), version))
    try:
        return PresetView.of(await queries.current(session, caller.agency_id, _text(slug)))
    except PresetUnknown as problem:
        raise NotFound from problem


@router.put("/{slug}")
async def change_preset(
    request: Request, caller: Writer, session: Session, slug: str, given: PresetFields
) -> PresetView:
    """Makes a new version of a preset of yours. Links made before keep theirs; without a difference nothing is made."""
    changed = await service.change_preset(
        session, caller.agency_id, _text(slug), given.body(), platforms=request.app.state.platforms, actor=caller.actor
    )
    return PresetView.of(changed)


@router.delete("/{slug}", status_code=204)
async def archive_preset(caller: Writer, session: Session, slug: str) -> Response:
    """Puts a preset of yours away: no new links with it. Links there are keep it."""
    await service.archive_preset(session, caller.agency_id, _text(slug), actor=caller.actor)
    return Response(status_code=204)


def _text(slug: str) -> str:
    """The slug, if one can be as long. Raises NotFound."""
    if len(slug) > 64:
        raise NotFound
    return slug
