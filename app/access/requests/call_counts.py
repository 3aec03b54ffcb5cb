"""How many calls to the platform a link has taken."""

from collections.abc import Sequence

from pydantic import BaseModel, Field
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.call_recorder import PlatformCall
from app.access.connections.models import Connection
from app.links import queries as links


class LinkCalls(BaseModel):
    """The calls one onboarding cost of your TikTok app's budget."""

    total: int = Field(description="Calls since the link was made, with the client's consent.", examples=[17])
    by_operation: dict[str, int] = Field(examples=[{"bc/partner/asset/get": 6, "bc/partner/add": 1}])


async def count(session: AsyncSession, agency_id: str, link_id: str) -> LinkCalls:
    """Counts the platform calls of the link's connections and of its handshake since it was made. Raises NotFound."""
    aggregate = await links.load_link(session, agency_id, link_id)
    ours = (aggregate.intake.bc_id, aggregate.link.agency_bc_id)
    every = await handshakes.of_client(session, agency_id, aggregate.client.id)
    here = [each.id for each in every if (each.bc_id, each.agency_bc_id) == ours]
    consents = select(Connection.id).where(Connection.agency_id == agency_id, Connection.link_id == link_id)
    rows = (
        select(PlatformCall.operation, func.count())
        .where(
            PlatformCall.agency_id == agency_id,
            PlatformCall.started_at >= aggregate.link.created_at,
            or_(PlatformCall.handshake_id.in_(here), PlatformCall.connection_id.in_(consents)),
        )
        .group_by(PlatformCall.operation)
        .order_by(PlatformCall.operation)
    )
    found: Sequence[tuple[str, int]] = [(operation, number) for operation, number in await session.execute(rows)]
    return LinkCalls(total=sum(number for _, number in found), by_operation=dict(found))
