"""The agency's logo: one re-encoded picture, uploaded or downloaded, and shown on its clients' pages."""

import hmac
from datetime import datetime

from sqlalchemy import String, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.events import catalog
from app.events.recorder import record
from app.events.schema import Data
from app.kit.actor import Actor
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult, redirect_host
from app.kit.errors import AppError, NotFound
from app.tenants.agencies import service as agencies
from app.tenants.agencies.logo_image import MOST_BYTES, LogoRefused, Picture
from app.tenants.agencies.models import Agency

SECONDS = 10.0
_ACCEPT = "image/png, image/webp, image/jpeg, image/gif"


class AgencyLogo(CreatedAt, Base):
    """The picture. The agency's `brand` contains hash and size too, so that pages do not read this row."""

    __tablename__ = "agency_logos"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    png: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class LogoUnreachable(AppError):
    """No picture at the URL. The cause is not reported, so that it cannot be used as a port scanner."""

    status = 409
    code = "logo_unreachable"
    detail = "No picture could be fetched from this address."
    hint = "Open the address in a browser; it must show the picture to everybody. Or send the file itself."


async def find(session: AsyncSession, agency_id: str) -> AgencyLogo | None:
    """The agency's logo."""
    return await session.get(AgencyLogo, agency_id)


async def by_address(session: AsyncSession, slug: str, sha256: str) -> bytes:
    """The bytes of the picture served at this address. Raises NotFound."""
    agency = await agencies.by_slug(session, slug)
    logo = await find(session, agency.id) if agency else None
    if logo is None or not hmac.compare_digest(logo.sha256.encode(), sha256.encode()):
        raise NotFound
    return logo.png


async def download(egress: Egress, url: str) -> bytes:
    """Download a picture from a URL that the agency entered. No transaction may be open meanwhile.

    Raises UrlRefused, LogoUnreachable, LogoRefused.
    """
    answer, content = await egress.fetch(await egress.vet(url), accept=_ACCEPT, at_most=MOST_BYTES, seconds=SECONDS)
    if answer.status is None:
        raise LogoUnreachable
    if 300 <= answer.status < 400:
        raise _redirected(answer)
    if answer.status != 200:
        raise LogoUnreachable(f"The address answered {answer.status} instead of a picture.")
    if len(content) >= MOST_BYTES and answer.cut:
        raise LogoRefused("The picture has more than 2 MB.")
    if answer.cut:
        raise LogoUnreachable("The picture did not arrive completely within 10 seconds.")
    return content


def _redirected(answer: HttpResult) -> LogoUnreachable:
    host = redirect_host(answer.headers)
    where = f", on {host[:100]}" if host else ""
    return LogoUnreachable(
        "The address redirects to another one, which is not followed.",
        hint=f"Open it in a browser and give the final address{where}.",
    )


async def set_logo(session: AsyncSession, agency_id: str, made: Picture, *, actor: Actor) -> Agency:
    """Show the picture on the clients' pages, replacing any other."""
    agency = await agencies.find(session, agency_id)
    logo = await find(session, agency_id)
    if logo is None:
        logo = AgencyLogo(agency_id=agency_id)
        session.add(logo)
    logo.png, logo.sha256, logo.width, logo.height = made.png, made.sha256, made.width, made.height
    named = {"sha256": made.sha256, "width": made.width, "height": made.height}
    agency.brand = {**agency.brand, "logo": named}
    await record(session, catalog.AGENCY_LOGO_SET, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data())
    return agency


async def remove_logo(session: AsyncSession, agency_id: str, *, actor: Actor) -> None:
    """Show the first letter of the name again. Raises NotFound if there is no logo."""
    logo = await find(session, agency_id)
    if logo is None:
        raise NotFound("There is no logo.", hint="Nothing to do.")
    await session.delete(logo)
    agency = await agencies.find(session, agency_id)
    agency.brand = {key: value for key, value in agency.brand.items() if key != "logo"}
    await record(
        session, catalog.AGENCY_LOGO_REMOVED, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data()
    )
