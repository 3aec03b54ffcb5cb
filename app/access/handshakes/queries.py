"""Reading handshakes and the situation one of them is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
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

#: How long after a share its arrival is looked for although the link has ended.
LONGEST_WAY = timedelta(hours=24)


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
    tried = await _tried(session, handshake)
    return Situation(
        wanted=[want(link, ask, tried) for link, ask in await asks(session, handshake)],
        tried=tried,
        client=await connections.of_client(
            session, agency_id, handshake.client_id, handshake.platform, handshake.bc_id
        ),
        agency=await connections.of_agency(session, agency_id, handshake.platform),
    )


async def lock(session: AsyncSession, handshake: Handshake) -> None:
    """Takes the locks of the client's links, in their order: what people do meanwhile waits, and is seen afterwards."""
    rows = select(Link.id).where(Link.agency_id == handshake.agency_id, Link.client_id == handshake.client_id)
    await session.execute(rows.order_by(Link.id).with_for_update())


async def maybe_shared(session: AsyncSession, agency_id: str, client_id: str) -> set[str]:
    """The assets of a client that we may have shared, whatever we were told: they are not let out of sight."""
    found: set[str] = set()
    for handshake in await of_client(session, agency_id, client_id):
        tried = await _tried(session, handshake)
        found |= {asset_id for asset_id, last in tried.items() if last.may_have_happened}
    return found


async def _tried(session: AsyncSession, handshake: Handshake) -> Tried:
    shares = await evidence.of_handshake(session, handshake.agency_id, handshake.id, purpose="share")
    return from_attempts([Attempt(row.started_at, row.request, row.outcome, row.blocker) for row in shares])


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


def want(link: Link, ask: Ask, tried: Tried) -> Want:
    """An ask as a decision needs it. Where a link ended, what was proved or may be on its way is still looked at."""
    now = clock.now()
    ended = link_status.is_dead(link_status.as_of(link.status, link.expires_at, now))
    last = tried.get(ask.asset_id or "")
    on_its_way = last is not None and last.may_have_happened and now - last.at < LONGEST_WAY
    return Want(
        ask_id=ask.id,
        asset_id=ask.asset_id,
        role=ask.role,
        lane=cast(Literal["connected", "guided"], link.lane or "guided"),
        approved_at=ask.approved_at,
        declined=ask.declined_at is not None,
        link_ended=ended,
        over=ended and ask.verified_at is None and not on_its_way,
        attested=ask.attested_at is not None,
        was_verified=ask.verified_at is not None,
        proved_by_client=ask.verified_at is not None and ask.seen_by == "client",
        recheck_at=ask.recheck_at,
    )
