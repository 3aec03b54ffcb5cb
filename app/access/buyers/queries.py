"""What a round has to go by before it looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import evidence
from app.access.buyers.plan import Wish
from app.access.connections import queries as connections
from app.access.connections.model import Connection
from app.access.evidence import Exchange
from app.access.grants.model import Grant
from app.access.handshakes.deciding.tried import as_outcome
from app.access.handshakes.deciding.world import Try
from app.access.openings.model import Opening


@dataclass(frozen=True)
class Place:
    """Where the openings of a round are: one Business Center of one agency at one platform."""

    agency_id: str
    platform: str
    bc_id: str


@dataclass(frozen=True)
class Situation:
    """The grants of a round by id, and by whose token we can look."""

    place: Place
    grants: Mapping[str, Grant]
    connection: Connection | None


@dataclass
class Tries:
    """The last attempts on each opening, by its id."""

    given: dict[str, Try] = field(default_factory=dict)
    taken: dict[str, Try] = field(default_factory=dict)


async def situation(session: AsyncSession, rows: Sequence[Opening]) -> Situation:
    """Of openings in one Business Center."""
    agency_id = rows[0].agency_id
    wanted = select(Grant).where(Grant.agency_id == agency_id, Grant.id.in_({row.grant_id for row in rows}))
    grants = {grant.id: grant for grant in await session.scalars(wanted)}
    platform = grants[rows[0].grant_id].platform
    connection = await connections.last_of_agency(session, agency_id, platform)
    return Situation(Place(agency_id, platform, rows[0].agency_bc_id), grants, connection)


async def locked(session: AsyncSession, rows: Sequence[Opening]) -> dict[str, Opening]:
    """The rows as they are now, in the order in which everybody locks them."""
    wanted = select(Opening).where(Opening.agency_id == rows[0].agency_id, Opening.id.in_({row.id for row in rows}))
    found = await session.scalars(wanted.order_by(Opening.id).with_for_update())
    return {row.id: row for row in found}


async def tries(session: AsyncSession, agency_id: str, grant_ids: Sequence[str]) -> Tries:
    """What was tried, as the exchanges tell. A call that did nothing does not count as one."""
    found = Tries()
    for row in await evidence.of_grants(session, agency_id, grant_ids, purposes=("assign", "unassign")):
        into = found.given if row.purpose == "assign" else found.taken
        opening_id = str(row.request["opening_id"])
        before = into.get(opening_id)
        into[opening_id] = _try(row, before.times if before else 0)
    return found


def _try(row: Exchange, times: int) -> Try:
    return Try(
        at=row.started_at,
        role=str(row.request.get("role", "")),
        outcome=as_outcome(row.outcome),
        times=times + (row.outcome != "unavailable"),
        blocker=row.blocker,
    )


def wish(row: Opening) -> Wish:
    """A row as a decision needs it."""
    return Wish(row.role, row.wanted, row.ours, row.asked_at, row.seen_at)
