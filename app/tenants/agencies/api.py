"""JSON routes: the agency itself, its TikTok app and its Business Centers."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from app.kit.database import Session
from app.kit.input.fields import BusinessCenterId, Digits, Email, Line120, Line200, RequestShape, Secret
from app.kit.web.paging import Page
from app.services import services_of
from app.tenants.agencies import queries, service
from app.tenants.agencies.models import PlatformApp
from app.tenants.agencies.schemas import AgencyView, BusinessCenterView, PlatformAppView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/agency", route_class=ApiRoute)

Reader = Annotated[Principal, requires("agency:read")]
Writer = Annotated[Principal, requires("agency:write")]
TIKTOK = "tiktok"


class AgencyChanges(RequestShape):
    """Changes to the agency; omitted fields stay as they are."""

    name: Line120 = Field(default_factory=str, examples=["North Agency"])
    contact_name: Line120 = Field(default_factory=str, examples=["Ana Agent"])
    contact_email: Email = Field(default_factory=str, examples=["ana@north.example"])
    colour: str = Field(default_factory=str, max_length=7, description="`#` and six hex digits.", examples=["#0b5cad"])


class NewApp(RequestShape):
    """A TikTok app from My Apps of TikTok API for Business."""

    app_id: Digits = Field(description="Digits only.", examples=["7400000000000000001"])
    secret: Secret = Field(
        max_length=200, description="Kept sealed and never shown again.", examples=["d41d8cd98f00b204e9800998ecf8427e"]
    )


class NewBusinessCenter(RequestShape):
    """A Business Center of your own."""

    bc_id: BusinessCenterId = Field(description="The id, or an address of TikTok’s with it.")
    name: Line200 = Field(examples=["North Agency"])


@router.get("")
async def get_agency(caller: Reader, session: Session) -> AgencyView:
    """Your agency."""
    return AgencyView.of(await queries.find(session, caller.agency_id))


@router.patch("")
async def update_agency(caller: Writer, session: Session, given: AgencyChanges) -> AgencyView:
    """Change what clients see of your agency: name, contact, colour."""
    changes = given.model_dump(exclude_unset=True)
    agency = await service.update_agency(session, caller.agency_id, actor=caller.actor, **changes)
    return AgencyView.of(agency)


@router.get("/platform-apps/tiktok")
async def get_platform_app(request: Request, caller: Reader, session: Session) -> PlatformAppView:
    """Return the TikTok app in use, and the redirect URL to register for it."""
    return _app_view(request, await queries.platform_app(session, caller.agency_id, TIKTOK))


@router.put("/platform-apps/tiktok")
async def set_platform_app(request: Request, caller: Writer, session: Session, given: NewApp) -> PlatformAppView:
    """Set or replace your TikTok app. Its secret is stored encrypted and never shown again."""
    app = await service.set_platform_app(
        session, caller.agency_id, platform=TIKTOK, app_id=given.app_id, secret=given.secret,
        keyring=services_of(request).keyring, actor=caller.actor,
    )  # fmt: skip
    return _app_view(request, app)


@router.get("/business-centers")
async def list_business_centers(caller: Reader, session: Session) -> Page[BusinessCenterView]:
    """List your Business Centers in the order they were added. There is no second page."""
    rows = await queries.business_centers(session, caller.agency_id, TIKTOK)
    return Page(data=[BusinessCenterView.model_validate(row) for row in rows])


@router.post("/business-centers", status_code=201)
async def add_business_center(caller: Writer, session: Session, given: NewBusinessCenter) -> BusinessCenterView:
    """Add a Business Center. With several, each new link names one of them."""
    center = await service.add_business_center(
        session, caller.agency_id, platform=TIKTOK, bc_id=given.bc_id, name=given.name, actor=caller.actor
    )
    return BusinessCenterView.model_validate(center)


def _app_view(request: Request, own: PlatformApp | None) -> PlatformAppView:
    services = services_of(request)
    default = services.platforms.connected(TIKTOK).default_app
    return PlatformAppView.of(TIKTOK, own, default.app_id if default else None, services.redirect_uri)
