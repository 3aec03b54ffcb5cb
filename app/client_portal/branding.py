"""Branding of client pages: the agency's name and contact, and routes of its logo and its colour as a style sheet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.html import forms
from app.links.aggregate import LinkAggregate
from app.links.own_platforms import pictures
from app.links.own_platforms.models import PICTURES
from app.tenants.agencies import branding, hosts, logos, own_words
from app.tenants.agencies.models import Agency
from app.tenants.agencies.own_words import ReturnAddress

router = forms.page_router()

#: The content of these URLs never changes.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_PICTURE = FOR_EVER | {"Content-Security-Policy": "default-src 'none'"}
_HEX = re.compile(r"[0-9a-f]{6}")


@dataclass(frozen=True)
class Host:
    """The agency as shown to its client."""

    name: str
    contact_name: str
    contact_email: str
    logo: branding.Logo | None = None
    logo_path: str | None = None
    #: as in its row
    brand: Mapping[str, Any] = field(default_factory=dict)

    def note(self, language: str, place: str) -> str:
        """Its note for a page, in exactly this language; empty if there is none."""
        return own_words.notes(self.brand, language).get(place, "")

    @property
    def back(self) -> ReturnAddress | None:
        """Its page where the client may go on when all is done."""
        return own_words.return_address(self.brand)


def brand_of(aggregate: LinkAggregate) -> dict[str, Any]:
    """Branding for the client's layout on every page; the values outlive the transaction."""
    return {**brand_of_agency(aggregate.agency), "client": aggregate.client.name}


def brand_of_agency(agency: Agency) -> dict[str, Any]:
    """Branding of pages without a known client."""
    colour = branding.readable(agency.brand.get("colour", branding.DEFAULT_COLOUR))
    logo = branding.logo_of(agency.brand)
    path = branding.logo_path(agency.slug, logo) if logo else None
    return {
        "agency": Host(agency.name, agency.contact_name, agency.contact_email, logo, path, agency.brand),
        "colour": colour.removeprefix("#"),
    }


@router.get("/l/brand/{colour}.css")
async def style_sheet(colour: str) -> Response:
    """One colour as a style sheet, so that no page needs inline style. Raises NotFound for anything else."""
    if not _HEX.fullmatch(colour):
        raise NotFound
    light = branding.readable(f"#{colour}")
    text, on_dark = branding.readable(light, enough=branding.ENOUGH_ON_TINT), branding.on_dark(light)
    rule = f":root {{ --brand: {light}; --on-light: {text}; --on-dark: {on_dark}; }}\n"
    return Response(rule, media_type="text/css", headers=FOR_EVER)


@router.get(f"{PICTURES}/{{agency_id}}/{{sha256}}.png")
async def step_picture(request: Request, session: Session, agency_id: str, sha256: str) -> Response:
    """Return a picture of a step on an own platform of an agency, by its hash. Raises NotFound."""
    if not hosts.serves(request, agency_id):
        raise NotFound
    png = (await pictures.find(session, agency_id, sha256)).png
    return Response(png, media_type="image/png", headers=_PICTURE)


@router.get("/logo/{slug}/{sha256}.png")
async def logo(session: Session, slug: str, sha256: str) -> Response:
    """Return an agency's logo by its hash. Raises NotFound for a logo that was replaced."""
    png = await logos.by_address(session, slug, sha256)
    return Response(png, media_type="image/png", headers=_PICTURE)
