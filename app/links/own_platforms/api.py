"""JSON routes: own platforms of the agency, and the pictures of their steps."""

import asyncio
from typing import Annotated

from fastapi import File, Query, Request, Response, UploadFile

from app.kit.database import Session
from app.kit.web.paging import Page
from app.links.own_platforms import pictures, service
from app.links.own_platforms.schemas import (
    NewOwnPlatform,
    OwnPlatformFields,
    OwnPlatformUseView,
    OwnPlatformView,
    PictureView,
)
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/own-platforms")

Reader = Annotated[Principal, requires("agency:read")]
Writer = Annotated[Principal, requires("agency:write")]
Archived = Annotated[bool, Query(description="True: those that are archived instead.")]
Version = Annotated[int | None, Query(ge=1, le=100_000, description="By default the current version.")]
Sent = Annotated[UploadFile, File(description="PNG, JPEG or WebP, at most 2 MB.", examples=["step.png"])]


@router.get("")
async def list_own_platforms(caller: Reader, session: Session, archived: Archived = False) -> Page[OwnPlatformView]:
    """List the platforms that you have defined yourself. There is no second page."""
    rows = await service.every(session, caller.agency_id, archived=archived)
    return Page(data=[OwnPlatformView.of(row) for row in rows])


@router.post("", status_code=201)
async def create_own_platform(
    request: Request, caller: Writer, session: Session, given: NewOwnPlatform
) -> OwnPlatformView:
    """Define a platform that Keyturn does not know. Presets and links can request access there from then on."""
    agency = await agencies.find(session, caller.agency_id)
    definition = given.definition(agency.language, services_of(request).languages)
    return OwnPlatformView.of(
        await service.create(session, caller.agency_id, given.key, definition, actor=caller.actor)
    )


@router.put("/pictures")
async def upload_picture(request: Request, caller: Writer, file: Sent) -> PictureView:
    """Upload a picture for a step. It is re-encoded; one that no step has is deleted after a day."""
    made = await asyncio.to_thread(pictures.read, await file.read())
    async with services_of(request).sessions.begin() as session:
        await pictures.add(session, caller.agency_id, made)
        return PictureView.of(await pictures.find(session, caller.agency_id, made.sha256))


@router.get("/{platform_key}")
async def get_own_platform(
    caller: Reader, session: Session, platform_key: str, version: Version = None
) -> OwnPlatformView:
    """Return one platform of your own, archived or not: the current version, or the given one."""
    if version is not None:
        return OwnPlatformView.of(await service.version(session, caller.agency_id, platform_key, version))
    return OwnPlatformView.of(await service.find(session, caller.agency_id, platform_key))


@router.get("/{platform_key}/use")
async def get_own_platform_use(caller: Reader, session: Session, platform_key: str) -> OwnPlatformUseView:
    """Return which links, public links and presets have a platform of your own."""
    return OwnPlatformUseView.model_validate(await service.use(session, caller.agency_id, platform_key))


@router.put("/{platform_key}")
async def update_own_platform(
    request: Request, caller: Writer, session: Session, platform_key: str, given: OwnPlatformFields
) -> OwnPlatformView:
    """Create a new version of a platform of your own. Existing links keep theirs; if nothing differs, there is none."""
    agency = await agencies.find(session, caller.agency_id)
    definition = given.definition(agency.language, services_of(request).languages)
    return OwnPlatformView.of(
        await service.change(session, caller.agency_id, platform_key, definition, actor=caller.actor)
    )


@router.delete("/{platform_key}", status_code=204)
async def archive_own_platform(caller: Writer, session: Session, platform_key: str) -> Response:
    """Archive a platform of your own that no preset requests. Existing links keep it."""
    await service.archive(session, caller.agency_id, platform_key, actor=caller.actor)
    return Response(status_code=204)


@router.post("/{platform_key}/restoration")
async def restore_own_platform(caller: Writer, session: Session, platform_key: str) -> OwnPlatformView:
    """Restore an archived platform of your own: presets and links can request it again."""
    return OwnPlatformView.of(await service.restore(session, caller.agency_id, platform_key, actor=caller.actor))
