"""JSON routes: the agency's logo, by URL or as a file."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from pydantic import Field

from app.kit.database import Session
from app.kit.input.fields import RequestShape, Verbatim
from app.services import services_of
from app.tenants.agencies.logos import service
from app.tenants.agencies.logos.download import fetch
from app.tenants.agencies.logos.image import picture
from app.tenants.agencies.schemas import AgencyView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/agency/logo", route_class=ApiRoute)

Writer = Annotated[Principal, requires("agency:write")]
Sent = Annotated[UploadFile, File(description="PNG, JPEG, WebP or GIF, at most 2 MB.", examples=["logo.png"])]


class NewLogo(RequestShape):
    """The current URL of the picture. It is fetched once; Keyturn serves it from then on."""

    url: Verbatim = Field(
        max_length=2048,
        description="The final address of a PNG, JPEG, WebP or GIF of at most 2 MB; never SVG.",
        examples=["https://north.example/logo.png"],
    )


@router.put("")
async def set_logo(request: Request, caller: Writer, given: NewLogo) -> AgencyView:
    """Fetch your logo and show it on your clients' pages. Redirects are not followed."""
    return await _set(request, caller, await fetch(services_of(request).egress, given.url))


@router.put("/file")
async def upload_logo(request: Request, caller: Writer, file: Sent) -> AgencyView:
    """Upload your logo as a file."""
    return await _set(request, caller, await file.read())


@router.delete("", status_code=204)
async def remove_logo(caller: Writer, session: Session) -> None:
    """Remove your logo; your clients' pages show your name again."""
    await service.remove_logo(session, caller.agency_id, actor=caller.actor)


async def _set(request: Request, caller: Principal, content: bytes) -> AgencyView:
    made = await asyncio.to_thread(picture, content)
    async with services_of(request).sessions.begin() as session:
        return AgencyView.of(await service.set_logo(session, caller.agency_id, made, actor=caller.actor))
