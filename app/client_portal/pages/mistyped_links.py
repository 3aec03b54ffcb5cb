"""Addresses that nearly are a link: with a full stop or a bracket behind, a word before, a slash too many."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.errors import LinkUnknown
from app.client_portal.link_token_converter import STRAY
from app.kit.database import Session
from app.kit.html import render
from app.kit.web.problem import PathUnknown
from app.links import queries as links
from app.links import url
from app.links.public_links import service as public_links
from app.tenants.agencies import service as agencies

router = APIRouter(include_in_schema=False)

#: A link's address has so many.
_PARTS = 3


@router.get(STRAY)
async def find(request: Request, session: Session, path: str) -> Response:
    """Leads to the link that is meant; its secret alone decides. Raises LinkUnknown, PathUnknown."""
    return render.see_other(request, await meant(session, path))


async def meant(session: AsyncSession, path: str) -> str:
    """The path of the link whose secret stands somewhere in an address. Raises LinkUnknown, PathUnknown."""
    secrets = url.secrets_in(path)
    for secret in secrets:
        if aggregate := await links.load_by_token(session, secret):
            return url.of_link("", aggregate.agency.slug, aggregate.client.name, secret)
        if public_link := await public_links.by_token(session, secret):
            agency = await agencies.find(session, public_link.agency_id)
            return url.of_public_link("", agency.slug, secret)
    if secrets or path.count("/") >= _PARTS - 1:
        raise LinkUnknown
    raise PathUnknown
