"""JSON routes: manual platforms, and the agency's ids there."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.input.fields import Line200, RequestShape, Word
from app.kit.web.paging import Page
from app.platforms.manual import library
from app.tenants.agencies.platform_ids import queries, service
from app.tenants.agencies.platform_ids.schemas import PlatformView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/agency/platforms", route_class=ApiRoute)

Reader = Annotated[Principal, requires("agency:read")]
Writer = Annotated[Principal, requires("agency:write")]


class Identifiers(RequestShape):
    """Your ids on a platform; they replace the earlier ones."""

    identifiers: dict[Word, Line200] = Field(
        max_length=10, description="By the key of the need.", examples=[{"portfolio_id": "1234567890123456"}]
    )


@router.get("")
async def list_agency_platforms(caller: Reader, session: Session) -> Page[PlatformView]:
    """List the manual platforms and the ids that each needs from you. There is no second page."""
    known = await queries.every(session, caller.agency_id)
    return Page(data=[PlatformView.of(each, known.get(each.key, {})) for each in library.every().values()])


@router.get("/{key}")
async def get_agency_platform(caller: Reader, session: Session, key: str) -> PlatformView:
    """Return one manual platform."""
    platform = library.every().get(key)
    if platform is None:
        raise NotFound
    return PlatformView.of(platform, (await queries.every(session, caller.agency_id)).get(key, {}))


@router.put("/{key}")
async def set_agency_platform(caller: Writer, session: Session, key: str, given: Identifiers) -> PlatformView:
    """Set the ids that your clients copy, such as your Meta business portfolio ID."""
    kept = await service.set_platform(session, caller.agency_id, key, identifiers=given.identifiers, actor=caller.actor)
    return PlatformView.of(library.find(key), kept)
