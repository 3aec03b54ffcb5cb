"""Another role for an ask: what was agreed wider is lowered by the handshake, what is wider waits for the client."""

from collections.abc import Mapping

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.reconciler import service as handshakes
from app.kit.input.fields import Asked500, RequestShape, Word
from app.links import queries as links
from app.links.access_requests import service
from app.links.models import Ask
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
    ask_id: str,
    wanted: NewRole,
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Ask:
    """Asks for it, and lets the handshakes look. Raises as `ask_for_role`."""
    ask = await service.ask_for_role(
        session, agency_id, ask_id, role=wanted.role, reason=wanted.reason, platforms=platforms, actor=actor
    )
    link = await links.find(session, agency_id, ask.link_id)
    await handshakes.wake_client(session, agency_id, link.client_id)
    return ask
