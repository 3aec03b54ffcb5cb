"""What a round has to go by before it looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.buyers.models import BuyerAccess
from app.access.call_recorder import PlatformCall
from app.access.connections import queries as connections
from app.access.connections.models import Connection
from app.access.grants.models import Grant
from app.access.reconciler.action_history import as_outcome
from app.access.reconciler.buyer_planner import DesiredBuyer
from app.access.reconciler.state import PastAction


@dataclass(frozen=True)
class BuyersScope:
    """Where the rows of buyer access of a round are: one Business Center of one agency at one platform."""

    agency_id: str
    platform: str
    bc_id: str


@dataclass(frozen=True)
class BuyersInput:
    """The grants of a round by id, and by whose token we can look."""

    place: BuyersScope
    grants: Mapping[str, Grant]
    connection: Connection | None


@dataclass
class BuyerAttempts:
    """The last attempts on each buyer_access, by its id."""

    given: dict[str, PastAction] = field(default_factory=dict)
    taken: dict[str, PastAction] = field(default_factory=dict)


async def load_buyers(session: AsyncSession, rows: Sequence[BuyerAccess]) -> BuyersInput:
    """Of rows of buyer access in one Business Center."""
    agency_id = rows[0].agency_id
    wanted = select(Grant).where(Grant.agency_id == agency_id, Grant.id.in_({row.grant_id for row in rows}))
    grants = {grant.id: grant for grant in await session.scalars(wanted)}
    platform = grants[rows[0].grant_id].platform
    connection = await connections.last_of_agency(session, agency_id, platform)
    return BuyersInput(BuyersScope(agency_id, platform, rows[0].agency_bc_id), grants, connection)


async def lock_buyers(session: AsyncSession, rows: Sequence[BuyerAccess]) -> dict[str, BuyerAccess]:
    """The rows as they are now, in the order in which everybody locks them."""
    wanted = select(BuyerAccess).where(
        BuyerAccess.agency_id == rows[0].agency_id, BuyerAccess.id.in_({row.id for row in rows})
    )
    found = await session.scalars(wanted.order_by(BuyerAccess.id).with_for_update())
    return {row.id: row for row in found}


async def buyer_attempts(session: AsyncSession, agency_id: str, grant_ids: Sequence[str]) -> BuyerAttempts:
    """What was tried, as the platform calls tell. A call that did nothing does not count as one."""
    found = BuyerAttempts()
    for row in await call_recorder.of_grants(session, agency_id, grant_ids, purposes=("assign", "unassign")):
        into = found.given if row.purpose == "assign" else found.taken
        opening_id = str(row.request["opening_id"])
        before = into.get(opening_id)
        into[opening_id] = _try(row, before.times if before else 0)
    return found


def _try(row: PlatformCall, times: int) -> PastAction:
    return PastAction(
        at=row.started_at,
        role=str(row.request.get("role", "")),
        outcome=as_outcome(row.outcome),
        times=times + (row.outcome != "unavailable"),
        blocker=row.blocker,
    )


def desired_buyer(row: BuyerAccess) -> DesiredBuyer:
    """A row as a decision needs it."""
    return DesiredBuyer(row.role, row.wanted, row.ours, row.requested_at, row.seen_at)
