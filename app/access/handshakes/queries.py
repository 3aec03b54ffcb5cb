"""Reading handshakes and the situation one of them is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import evidence
from app.access.connections import queries as connections
from app.access.connections.model import Connection
from app.access.handshakes.model import Handshake
from app.access.handshakes.tried import Attempt, from_attempts
from app.access.handshakes.world import Tried, Want
from app.kit import clock
from app.links import queries as links
from app.links import status as link_status
from app.links.model import Ask, Intake, Link


@dataclass(frozen=True)
class Situation:
    """What a handshake has to go by before it looks."""

    wanted: Sequence[Want]
    tried: Tried
    client: Connection | None
    agency: Connection | None


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[Handshake]:
    """The handshakes of a client."""
    rows = select(Handshake).where(Handshake.agency_id == agency_id, Handshake.client_id == client_id)
    return (await session.scalars(rows.order_by(Handshake.id))).all()


async def situation(session: AsyncSession, handshake: Handshake) -> Situation:
    """What is wanted, what was tried, and by whose tokens we can look."""
    agency_id = handshake.agency_id
    shares = await evidence.of_handshake(session, agency_id, handshake.id, purpose="share")
    attempts = [Attempt(row.started_at, row.request, row.outcome, row.blocker) for row in shares]
    return Situation(
        wanted=[want(link, ask) for link, ask in await asks(session, handshake)],
        tried=from_attempts(attempts),
        client=await connections.latest_of_client(session, agency_id, handshake.client_id, handshake.platform),
        agency=await connections.of_agency(session, agency_id, handshake.platform),
    )


async def asks(session: AsyncSession, handshake: Handshake) -> Sequence[tuple[Link, Ask]]:
    """The asks this handshake answers: of the client's links that name its two Business Centers."""
    every = await links.asks_of_client(session, handshake.agency_id, handshake.client_id, handshake.platform)
    rows = select(Intake.id).where(
        Intake.agency_id == handshake.agency_id,
        Intake.id.in_({link.id for link, _ in every}),
        Intake.bc_id == handshake.bc_id,
    )
    here = set((await session.scalars(rows)).all())
    return [(link, ask) for link, ask in every if link.id in here and link.agency_bc_id == handshake.agency_bc_id]


def want(link: Link, ask: Ask) -> Want:
    """An ask as a decision needs it. Where a link ended, only what was proved is still looked at."""
    dead = link_status.is_dead(link_status.as_of(link.status, link.expires_at, clock.now()))
    return Want(
        ask_id=ask.id,
        asset_id=ask.asset_id,
        role=ask.role,
        lane=cast(Literal["connected", "guided"], link.lane or "guided"),
        approved_at=ask.approved_at,
        declined=ask.declined_at is not None,
        over=dead and ask.verified_at is None,
        attested=ask.attested_at is not None,
        was_verified=ask.verified_at is not None,
        recheck_at=ask.recheck_at,
    )
