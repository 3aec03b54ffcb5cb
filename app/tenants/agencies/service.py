"""Use cases of agencies, their app and their Business Centers."""

import re

from sqlalchemy import delete, func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit import ids
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.tenants.agencies import branding, queries
from app.tenants.agencies.models import Agency, BusinessCenter, PlatformApp

SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
#: First path segments of Keyturn itself: an agency with such a slug would hide them.
TAKEN_BY_US = frozenset(
    {
        "api",
        "static",
        "l",
        "connect",
        "callbacks",
        "healthz",
        "readyz",
        "metrics",
        "docs",
        "openapi.json",
        "desk",
        "logo",
    }
)
_APP_ID = re.compile(r"^[0-9]{5,20}$")


class SlugTaken(AppError):
    """Another agency, or Keyturn itself, uses this slug."""

    status = 409
    code = "slug_taken"
    detail = "This slug is in use."
    hint = "Choose another; it is the first part of the agency's link addresses."


class BusinessCenterKnown(AppError):
    """The Business Center was added before."""

    status = 409
    code = "business_center_known"
    detail = "This Business Center is on the agency's list already."
    hint = "Nothing to do; read the list with GET /api/v1/agency/business-centers."


async def create_agency(
    session: AsyncSession, *, name: str, slug: str, contact_name: str, contact_email: str, actor: str
) -> Agency:
    """Create an agency. Raises InvalidInput for a slug that cannot be part of a URL, SlugTaken for a used one."""
    if not SLUG.fullmatch(slug):
        raise InvalidInput(fields={"slug": "Use 1 to 40 lower-case letters, digits and hyphens."})
    if slug in TAKEN_BY_US or await queries.by_slug(session, slug):
        raise SlugTaken
    agency = Agency(id=ids.new("agency"), name=name, slug=slug, contact_name=contact_name, contact_email=contact_email)
    session.add(agency)
    await session.flush()
    await record(session, catalog.AGENCY_CREATED, agency_id=agency.id, subject_id=agency.id, actor=actor)
    return agency


async def update_agency(
    session: AsyncSession,
    agency_id: str,
    *,
    actor: str,
    name: str | None = None,
    contact_name: str | None = None,
    contact_email: str | None = None,
    colour: str | None = None,
) -> Agency:
    """Change the given fields and leave the rest. Raises InvalidInput for an invalid colour."""
    if colour is not None and not branding.is_colour(colour):
        raise InvalidInput(fields={"colour": "Give the colour as # and six hex digits, e.g. #0b5cad."})
    agency = await queries.find(session, agency_id)
    agency.name = name or agency.name
    agency.contact_name = contact_name or agency.contact_name
    agency.contact_email = contact_email or agency.contact_email
    if colour is not None:
        agency.brand = {**agency.brand, "colour": colour.lower()}
    await record(session, catalog.AGENCY_UPDATED, agency_id=agency_id, subject_id=agency_id, actor=actor)
    return agency


async def set_platform_app(
    session: AsyncSession,
    agency_id: str,
    *,
    platform: str,
    app_id: str,
    secret: str,
    keyring: Keyring,
    actor: str,
) -> PlatformApp:
    """Set or replace the agency's own app; the secret is stored encrypted and never shown again."""
    if not _APP_ID.fullmatch(app_id):
        raise InvalidInput(
            fields={"app_id": "A TikTok app id has digits only: you find it in My Apps of TikTok API for Business. "
                    "A client key with letters is from TikTok for Developers and does not work here."}
        )  # fmt: skip
    app = await queries.platform_app(session, agency_id, platform)
    if app is not None and app.app_id != app_id:
        app.replaced_at = func.now()
        await session.flush()
        app = None
    if app is None:
        app = PlatformApp(agency_id=agency_id, id=ids.new("app"), platform=platform)
        session.add(app)
    app.app_id = app_id
    app.secret_encrypted = keyring.encrypt(secret, bound_to=secret_place(agency_id, app.id))
    await record(session, catalog.PLATFORM_APP_SET, agency_id=agency_id, subject_id=agency_id, actor=actor)
    return app


def secret_place(agency_id: str, app_row_id: str) -> str:
    """The row that an encrypted app secret is bound to."""
    return f"platform_apps.secret_encrypted:{agency_id}:{app_row_id}"


async def add_business_center(
    session: AsyncSession, agency_id: str, *, platform: str, bc_id: str, name: str, actor: str
) -> BusinessCenter:
    """Add a Business Center of the agency. Raises BusinessCenterKnown."""
    center = BusinessCenter(agency_id=agency_id, id=ids.new("bc"), platform=platform, bc_id=bc_id, name=name)
    try:
        async with session.begin_nested():
            session.add(center)
    except IntegrityError as problem:
        raise BusinessCenterKnown from problem
    await record(
        session, catalog.BUSINESS_CENTER_ADDED, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data={"tiktok_bc_id": bc_id},
    )  # fmt: skip
    return center


async def remove_business_center(session: AsyncSession, agency_id: str, center_id: str, *, actor: str) -> None:
    """Remove a Business Center from the list; access shared with it remains. Raises NotFound."""
    removed = delete(BusinessCenter).where(BusinessCenter.agency_id == agency_id, BusinessCenter.id == center_id)
    bc_id = (await session.execute(removed.returning(BusinessCenter.bc_id))).scalar_one_or_none()
    if bc_id is None:
        raise NotFound
    await record(
        session, catalog.BUSINESS_CENTER_REMOVED, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data={"tiktok_bc_id": bc_id},
    )  # fmt: skip
