"""Partner access: strategy for handshakes, which bring clients' shares in line with access requests."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.call_recorder import PlatformCall
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.connections.token_exchange import LONGEST_HOLD
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.pacing import NextRound
from app.access.reconciler import queries
from app.access.reconciler.action_history import recorded_request
from app.access.reconciler.apply_observation import apply_observation
from app.access.reconciler.observer import ObservationResult, has_permission, observe
from app.access.reconciler.planner import Done, Step, plan
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.sides import BusinessCenterPair
from app.access.reconciler.status import changes_at
from app.access.reconciler.strategy import Act, ActionResult, Decision, ObservedCalls, Rest
from app.kit import clock, ids
from app.links import queries as links
from app.platforms.access import Action, ActionMember, ShareAction
from app.platforms.port import Access, Execution, PlatformFailure, Priority, RecordedCall, Unavailable

#: A person who acted within this time is assumed to wait for the page.
_PERSON_WAITS = timedelta(minutes=2)
#: Period of the Business Center's log that is read after verified access drifted.
_LOG_PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class AgencyLog:
    """Recent changes as the agency's Business Center logs them: evidence of drift."""

    calls: Sequence[ObservedCalls]


@dataclass
class PartnerRound:
    """One round of a handshake. `has_drifted`: verified access was observed to be gone or different."""

    handshake: Handshake
    input: ReconcileInput
    priority: Priority
    has_drifted: bool = False


@dataclass(frozen=True)
class PartnerAccessStrategy:
    """Strategy for handshakes."""

    context: AccessContext

    async def load(self, handshake: Handshake) -> PartnerRound:
        """Load desired access, action history and connections."""
        async with self.context.sessions() as session:
            loaded = await queries.load_input(session, handshake)
        return PartnerRound(handshake, loaded, _priority(handshake, loaded))

    async def observe(self, work: PartnerRound) -> AsyncGenerator[ObservationResult | AgencyLog, None]:
        """Read both sides once; after drift also the agency's log."""
        yield await observe(self.context, work.handshake, work.input, work.priority)
        if work.has_drifted and (log := await self._agency_log(work)):
            yield log

    async def apply(
        self, session: AsyncSession, work: PartnerRound, seen: ObservationResult | AgencyLog
    ) -> Sequence[Decision]:
        """Write statuses and grants, then plan the next action."""
        if isinstance(seen, AgencyLog):
            return ()
        handshake = work.handshake
        await links.lock_links_of_client(session, handshake.agency_id, handshake.client_id)
        # people may have acted during the observation
        now = await queries.load_input(session, handshake, work.input.history)
        # one time for status and plan: both must be on the same side of every limit
        moment = clock.now()
        changes = await apply_observation(session, handshake, now, seen.access, moment, self.context.timing)
        work.has_drifted = changes.drifted
        if seen.discovered is not None and work.input.client is not None:
            await connections.save_discovered(
                session, work.input.client, connections.discovered_columns(seen.discovered)
            )
        if changes.unreadable or seen.agency_is_dead:
            refused = next(
                (call for call in reversed(seen.agency_calls) if call.outcome in ("denied", "changed")), None
            )
            await connections.send_unreadable_email(session, self.context, work.input.agency, refused)
        step = plan(now.desired, seen.access, now.history, moment, self.context.timing)
        if isinstance(step, Action) and now.client is not None and _is_same(work.input.client, now.client):
            await connections.extend_token_use(session, now.client, LONGEST_HOLD)
            return (self._act(work, step, now.client, now),)
        return (self._rest(handshake, step, now, seen, moment, changed=changes.any),)

    def _act(self, work: PartnerRound, action: Action, client: Connection, now: ReconcileInput) -> Act:
        handshake = work.handshake
        intention = PlatformCall(
            agency_id=handshake.agency_id, id=ids.new("call"), handshake_id=handshake.id, connection_id=client.id,
            side="client", purpose="share" if isinstance(action, ShareAction) else "unshare",
            operation=action.kind,
            request={"account_id": handshake.client_account_id, "partner_id": handshake.agency_account_id,
            **recorded_request(action)},
        )  # fmt: skip
        platform = self.context.platforms.connected(handshake.platform)
        pair = BusinessCenterPair(platform, ours=handshake.agency_account_id, theirs=handshake.client_account_id)
        access = connections.access(client, self.context.keyring, work.priority)
        rest = Rest(handshake, NextRound("now", looks=0, setbacks=0), {"watching": False})
        return Act(
            handshake, intention, client, partial(send, pair, access, action, _member(action, now)), rest,
            handshake.setbacks,
        )  # fmt: skip

    def _rest(
        self,
        handshake: Handshake,
        step: Step,
        now: ReconcileInput,
        seen: ObservationResult,
        moment: datetime,
        *,
        changed: bool,
    ) -> Rest:
        """Watch what is done, stop where only a person can act, and observe the rest again soon."""
        changes = changes_at(now.desired, seen.access, now.history, moment, self.context.timing)
        until = [each for each in (getattr(step, "until", None), changes) if each is not None]
        watching, looks = False, 0 if changed else handshake.looks + 1
        if seen.limited is not None:
            watching = handshake.watching
            next_round = NextRound("soon", looks, handshake.setbacks + 1, seen.limited, until)
        elif isinstance(step, Done):
            can_read = now.agency is not None and not seen.agency_is_dead
            watching = can_read and any(each.was_verified or each.is_live for each in now.desired)
            # a watch that could not read is repeated soon: otherwise one busy minute would skip a day
            if not watching:
                next_round = NextRound("never", looks, 0, until=until)
            else:
                next_round = NextRound("soon" if seen.is_unavailable else "watch", looks, 0, until=until)
        else:
            next_round = NextRound("soon", looks, 0, until=until)
        columns = {
            "looked_at": clock.now(), "watching": watching, "unavailable_since": seen.access.unavailable_since,
            "searched_at": seen.searched or handshake.searched_at,
        }  # fmt: skip
        return Rest(handshake, next_round, columns)

    async def _agency_log(self, work: PartnerRound) -> AgencyLog | None:
        """The agency's log, if its token may read it."""
        agency, platform = work.input.agency, self.context.platforms.connected(work.handshake.platform)
        log = platform.activity_log
        if log is None or agency is None or agency.status != "live":
            return None
        if not has_permission(platform, agency, "changes"):
            return None
        calls: list[RecordedCall] = []
        with suppress(PlatformFailure):  # the call is recorded even so
            await log.changes(
                connections.access(agency, self.context.keyring), account_id=work.handshake.agency_account_id,
                since=clock.now() - _LOG_PERIOD, record=calls.append,
            )  # fmt: skip
        return AgencyLog((ObservedCalls(agency, calls, handshake_id=work.handshake.id),))


def _priority(handshake: Handshake, loaded: ReconcileInput) -> Priority:
    acts = [
        moment
        for each in loaded.desired
        for moment in (each.recheck_at, each.approved_at, each.reduce_at)
        if moment is not None
    ]
    if any(clock.now() - moment < _PERSON_WAITS for moment in acts):
        return Priority.INTERACTIVE
    return Priority.BACKGROUND if handshake.watching else Priority.HANDSHAKE


def _is_same(observed_with: Connection | None, now: Connection) -> bool:
    """True if the client's connection is the one that was observed with, and may still be used."""
    return observed_with is not None and now.id == observed_with.id and now.is_usable


def _member(action: Action, now: ReconcileInput) -> ActionMember | None:
    """The person of an action, with the assets that the client approved."""
    desired = next(each for each in now.desired if each.key == action.keys[0])
    if not desired.kind.is_person:
        return None
    shared = now.history.shared.get(action.keys[0])
    is_invited = shared is not None and shared.invited
    approved = tuple(each.key for each in now.desired if each.key and each.is_live)
    return ActionMember(desired.email or "", approved, invited=is_invited)


async def send(pair: BusinessCenterPair, access: Access, action: Action, person: ActionMember | None) -> ActionResult:
    """Send it. OK means that the platform accepted it; only an observation proves it."""
    calls: list[RecordedCall] = []
    failure: PlatformFailure | None = None
    handler = pair.platform.handlers[action.kind]
    execution = Execution(access, pair, person, calls.append)
    try:
        if isinstance(action, ShareAction):
            await handler.share(execution, action)
        else:
            await handler.unshare(execution, action)
    except PlatformFailure as problem:
        failure = problem
    if failure is not None and not any(call is failure.call for call in calls):
        # the write itself was not sent: do not record the answers of the reads before it as its own
        return ActionResult(None if isinstance(failure, Unavailable) else failure.call, failure, tuple(calls))
    return ActionResult(calls[-1] if calls else None, failure, tuple(calls[:-1]))
