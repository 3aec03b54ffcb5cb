"""Another role for an access request:
what was agreed wider is lowered by the handshake, what is wider waits for the client.
"""

from collections.abc import Mapping

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.kit.input.fields import Asked500, RequestShape, Word
from app.links import queries as links
from app.links.access_requests import service
from app.links.models import AccessRequest
from app.platforms.port import Platform


class NewRole(RequestShape):
    """Another role than was asked for."""

    role: Word = Field(examples=["OPERATOR"])
    reason: Asked500 | None = Field(
        None, description="Why; a wider role needs one, and the client reads it.", examples=["To run the campaigns."]
    )


async def change_role(
    session: AsyncSession,
    agency_id: str,
    access_request_id: str,
    wanted: NewRole,
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> AccessRequest:
    """Asks for it, and lets the handshakes look. Raises as `request_role`."""
    access_request = await service.request_role(
        session, agency_id, access_request_id, role=wanted.role, reason=wanted.reason, platforms=platforms, actor=actor
    )
    link = await links.find(session, agency_id, access_request.link_id)
    await handshakes.wake_client(session, agency_id, link.client_id)
    return access_request
