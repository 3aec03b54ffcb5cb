"""Buyer access: ad accounts for the agency's own people in its own Business Center, observed and assigned."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.buyers.models import BuyerAccess
from app.access.call_recorder import PlatformCall
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.grants.models import Grant
from app.access.pacing import NextRound
from app.access.reconciler.action_history import buyer_history_of
from app.access.reconciler.buyer_planner import (
    AssignAction,
    BuyerAction,
    BuyerStatus,
    DesiredBuyer,
    ObservedBuyer,
    plan_buyer,
)
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import recorded_actions
from app.access.reconciler.strategy import Act, ActionResult, Decision, ObservedCalls, Rest
from app.kit import clock, ids, jobs
from app.platforms import declarations
from app.platforms.access import Observation, ReadFailure
from app.platforms.port import ConnectedPlatform, PlatformFailure, Priority, RecordedCall
from app.platforms.resources import AccountMember, AssetHolder

#: Rows of one round: together they take a few seconds of the rate limit.
MOST_ROWS = 12
NO_SCOPE = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")


@dataclass(frozen=True)
class BuyerRound:
    """Rows of one Business Center that are observed together, with their grants and the agency's connection."""

    rows: Sequence[BuyerAccess]
    grants: Mapping[str, Grant]
    connection: Connection | None
    priority: Priority

    @property
    def agency_id(self) -> str:
        """The agency of all rows."""
        return self.rows[0].agency_id

    @property
    def platform(self) -> str:
        """The platform of all rows."""
        return self.grants[self.rows[0].grant_id].platform

    @property
    def account_id(self) -> str:
        """The agency's Business Center of all rows."""
        return self.rows[0].agency_account_id


@dataclass(frozen=True)
class BuyerObservation:
    """Observed buyers by the id of their buyer access. `limited`: seconds without calls."""

    buyers: Mapping[str, ObservedBuyer]
    calls: Sequence[ObservedCalls]
    limited: float | None = None


@dataclass(frozen=True)
class BuyerAccessStrategy:
    """Strategy for rows of buyer access."""

    context: AccessContext

    async def load(self, row: BuyerAccess) -> BuyerRound:
        """Claim the other due rows of the same Business Center, and load the grants of all."""
        beside = (BuyerAccess.agency_id == row.agency_id) & (BuyerAccess.agency_account_id == row.agency_account_id)
        others = await jobs.claim(
            self.context.sessions, BuyerAccess, limit=MOST_ROWS - 1, lease=self.context.lease, where=beside
        )
        rows = sorted([row, *others], key=lambda each: (each.grant_id, each.id))
        async with self.context.sessions() as session:
            granted = select(Grant).where(
                Grant.agency_id == row.agency_id, Grant.id.in_({each.grant_id for each in rows})
            )
            grants = {grant.id: grant for grant in await session.scalars(granted)}
            platform = grants[row.grant_id].platform
            connection = await connections.last_of_agency(session, row.agency_id, platform)
        is_watch = all(each.status == "open" for each in rows)
        return BuyerRound(rows, grants, connection, Priority.BACKGROUND if is_watch else Priority.HANDSHAKE)

    async def observe(self, work: BuyerRound) -> AsyncGenerator[BuyerObservation, None]:
        """Read the holders of each ad account once, and the members of the Business Center at most once."""
        platform = self.context.platforms.connected(work.platform)
        reader = PlatformReader(self.context, work.connection, work.priority)
        yield await observe_buyers(reader, platform, work.account_id, work.rows, work.grants)

    async def apply(self, session: AsyncSession, work: BuyerRound, seen: BuyerObservation) -> Sequence[Decision]:
        """Plan for the rows as they are now: people may have changed them during the observation."""
        locked = select(BuyerAccess).where(
            BuyerAccess.agency_id == work.agency_id, BuyerAccess.id.in_({row.id for row in work.rows})
        )
        now = {row.id: row for row in await session.scalars(locked.order_by(BuyerAccess.id).with_for_update())}
        calls = await call_recorder.of_grants(
            session, work.agency_id, list(work.grants), purposes=("assign", "unassign")
        )
        history = buyer_history_of(recorded_actions(calls))
        decisions: list[Decision] = []
        for row in sorted(work.rows, key=lambda row: row.id):
            current, observed = now[row.id], seen.buyers[row.id]
            if current.status == "ended":
                step: BuyerAction | BuyerStatus = BuyerStatus("ended")
            else:
                step = plan_buyer(_desired(current, work), observed, history, clock.now(), self.context.timing)
            if isinstance(step, BuyerStatus):
                decisions.append(_rest(row, current, observed.held, step, seen.limited))
            else:
                assert work.connection is not None  # nothing is observed without one
                _start(current, step, observed.held)
                decisions.append(self._act(work, work.connection, row, step))
        return decisions

    def _act(self, work: BuyerRound, connection: Connection, row: BuyerAccess, action: BuyerAction) -> Act:
        purpose = "assign" if isinstance(action, AssignAction) else "unassign"
        request = {"account_id": work.account_id, "user_id": action.user_id, "buyer_access_id": row.id}
        if isinstance(action, AssignAction):
            request["role"] = action.role
        intention = PlatformCall(
            agency_id=row.agency_id, id=ids.new("call"), grant_id=row.grant_id, connection_id=connection.id,
            side="agency", purpose=purpose, operation=purpose, request=request,
        )  # fmt: skip
        rest = Rest(row, NextRound("now", looks=0))
        return Act(row, intention, connection, partial(self._send, work, connection, row, action), rest)

    async def _send(
        self, work: BuyerRound, connection: Connection, row: BuyerAccess, action: BuyerAction
    ) -> ActionResult:
        assignments = self.context.platforms.connected(work.platform).assignments
        assert assignments is not None  # no other platform has assignable kinds
        access = connections.access(connection, self.context.keyring, work.priority)
        target = {
            "account_id": work.account_id, "user_id": action.user_id, "asset_id": work.grants[row.grant_id].asset_id,
        }  # fmt: skip
        calls: list[RecordedCall] = []
        failure: PlatformFailure | None = None
        try:
            if isinstance(action, AssignAction):
                await assignments.assign(access, **target, role=action.role, record=calls.append)
            else:
                await assignments.unassign(access, **target, record=calls.append)
        except PlatformFailure as problem:
            failure = problem
        return ActionResult(calls[-1] if calls else None, failure)


def _desired(row: BuyerAccess, work: BuyerRound) -> DesiredBuyer:
    kind = declarations.find(work.platform, work.grants[row.grant_id].kind)
    return DesiredBuyer(row.id, kind, row.role, row.wanted, row.ours, row.requested_at, row.seen_at)


def _start(row: BuyerAccess, action: BuyerAction, held: Observation) -> None:
    """Show the action as in progress. `ours`: assigned by us to a buyer without access before."""
    assigns = isinstance(action, AssignAction)
    row.status, row.code = "waiting" if assigns else "leaving", None
    row.ours = row.ours or (assigns and held.role is None)
    row.role_seen = held.role


def _rest(row: BuyerAccess, now: BuyerAccess, held: Observation, status: BuyerStatus, limited: float | None) -> Rest:
    """Write the status. Rows that are open, or that only a person can correct, are watched."""
    is_changed = (status.status, status.code) != (now.status, now.code)
    looks = 0 if is_changed else now.looks + 1
    if status.status == "ended":
        next_round = NextRound("never", looks)
    elif limited is not None:
        next_round = NextRound("soon", looks, delay=limited)
    elif status.until is not None or status.pending:
        next_round = NextRound("soon", looks, until=[status.until] if status.until else ())
    else:
        next_round = NextRound("watch", looks)
    is_taken = held.is_read and held.role is None and now.status == "open"
    columns: dict[str, Any] = {
        "status": status.status, "code": status.code, "ours": now.ours and not is_taken,
        "role_seen": held.role if held.is_read else now.role_seen,
    }  # fmt: skip
    if status.status == "open" and held.is_read:
        columns["seen_at"] = func.now()
    return Rest(row, next_round, columns)


async def observe_buyers(
    reader: PlatformReader,
    platform: ConnectedPlatform,
    account_id: str,
    rows: Sequence[BuyerAccess],
    grants: Mapping[str, Grant],
) -> BuyerObservation:
    """Read the holders of each ad account once, and the members at most once. No transaction is open meanwhile."""
    buyers: dict[str, ObservedBuyer] = {}
    calls: list[ObservedCalls] = []
    members: Sequence[AccountMember] | Observation | None = None
    for grant_id in dict.fromkeys(row.grant_id for row in rows):
        of_grant = [row for row in rows if row.grant_id == grant_id]
        before = len(reader.calls)
        holders = await _holders(reader, platform, account_id, grants[grant_id].asset_id)
        if members is None and any(row.wanted and _is_missing(row, holders) for row in of_grant):
            members = await _members(reader, platform, account_id)
        buyers |= {row.id: _observed_buyer(row.email, holders, members) for row in of_grant}
        if reader.connection is not None:
            calls.append(ObservedCalls(reader.connection, reader.calls[before:], reader.is_dead, grant_id=grant_id))
    return BuyerObservation(buyers, calls, reader.limited)


async def _holders(
    reader: PlatformReader, platform: ConnectedPlatform, account_id: str, asset_id: str
) -> Sequence[AssetHolder] | Observation:
    if reader.closed is None and platform.missing_scopes(_scopes(reader), ()):
        return NO_SCOPE
    assignments = platform.assignments
    assert assignments is not None  # no other platform has assignable kinds
    return await reader.read(
        lambda access, record: assignments.holders(access, account_id=account_id, asset_id=asset_id, record=record)
    )


async def _members(
    reader: PlatformReader, platform: ConnectedPlatform, account_id: str
) -> Sequence[AccountMember] | Observation:
    if reader.closed is None and not platform.may(_scopes(reader), "members"):
        return NO_SCOPE
    assignments = platform.assignments
    assert assignments is not None  # as for the holders
    return await reader.read(lambda access, record: assignments.members(access, account_id=account_id, record=record))


def _scopes(reader: PlatformReader) -> Sequence[str]:
    return reader.connection.scopes if reader.connection else []


def _is_missing(row: BuyerAccess, holders: Sequence[AssetHolder] | Observation) -> bool:
    return not isinstance(holders, Observation) and _holder(row.email, holders) is None


def _observed_buyer(
    email: str, holders: Sequence[AssetHolder] | Observation, members: Sequence[AccountMember] | Observation | None
) -> ObservedBuyer:
    if isinstance(holders, Observation):
        return ObservedBuyer(holders)
    holder = _holder(email, holders)
    if holder is not None:
        return ObservedBuyer(Observation(holder.role), holder.user_id, "member")
    if members is None or isinstance(members, Observation):
        return ObservedBuyer(Observation(), person=members or Observation(why_not=ReadFailure.UNAVAILABLE))
    known = [each for each in members if each.email.casefold() == email.casefold()]
    bound = next((each for each in known if each.is_bound), None)
    if bound is not None:
        return ObservedBuyer(Observation(), bound.user_id, "member")
    is_invited = any(each.is_invited for each in known)
    return ObservedBuyer(Observation(), person="invited" if is_invited else "nobody")


def _holder(email: str, holders: Sequence[AssetHolder]) -> AssetHolder | None:
    return next((each for each in holders if each.email.casefold() == email.casefold()), None)
