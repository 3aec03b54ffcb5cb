"""Live reads of a kickoff: the access as the reconciler observes it, who can open it, its state and its events."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.kickoffs.checks import AccessReading, RequestFacts
from app.access.reconciler import observer
from app.access.reconciler.observer import ObservationResult
from app.access.reconciler.platform_reader import UNAVAILABLE, PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.status import Status, statuses
from app.access.reconciler.strategy import ObservedCalls
from app.kit import clock
from app.links.models import AccessRequest
from app.platforms.access import AssetKey, Observation
from app.platforms.port import EVENTS_WITHIN, ConnectedPlatform, Priority
from app.platforms.resources import AssetDetails, AssetHolder

#: No further read begins after this time; what is left counts as not read.
LONGEST = timedelta(seconds=30)
Value = TypeVar("Value")


@dataclass(frozen=True)
class LiveReads:
    """Readings of a kickoff with their calls, for each connection used."""

    readings: Sequence[AccessReading] = ()
    calls: Sequence[ObservedCalls] = ()


@dataclass
class _Platform:
    """Reads at one platform with the agency's connection, after its observation. `until`: end of all reads."""

    platform: ConnectedPlatform
    reader: PlatformReader
    agency_account_id: str
    observed: ObservationResult
    until: datetime
    details: dict[str, AssetDetails | Observation] = field(default_factory=dict)

    async def load_details(self, requests: Sequence[AccessRequest]) -> None:
        """Read the state of the assets in which campaigns run, those of one kind at once."""
        for kind in self.platform.kinds.values():
            assets = [each.asset_id for each in requests if each.kind == kind.key and each.asset_id]
            if not assets or not kind.campaign_roles or kind.key not in self.platform.handlers:
                continue
            found = await self._in_time(partial(self.platform.handlers[kind.key].details, self.reader, assets))
            if isinstance(found, Observation):
                self.details |= dict.fromkeys(assets, found)
            else:
                self.details |= found

    async def read(self, request: AccessRequest, status: Status) -> AccessReading:
        """Read what the checks of an access request need beyond its status."""
        key, kind = _key(request), request.asset_kind
        proving = self.observed.access.agency if kind.seen_by_agency else self.observed.access.client
        seen = status.status == "verified" and status.seen_by is not None
        holders: Sequence[AssetHolder] | Observation | None = None
        if kind.is_assignable and self.platform.assignments is not None:
            holders = await self._holders(request.asset_id) if seen and request.asset_id else Observation()
        events: Mapping[str, int] | Observation | None = None
        if seen and kind.has_events and key is not None:
            events = await self._events(key)
        return AccessReading(
            facts(request), status, proving.of(key) if key else None, holders, events,
            self.details.get(request.asset_id or ""),
        )  # fmt: skip

    async def _holders(self, asset_id: str) -> Sequence[AssetHolder] | Observation:
        assignments = self.platform.assignments
        assert assignments is not None  # asked by the caller
        return await self._in_time(
            lambda: self.reader.read(
                lambda access, record: assignments.holders(
                    access, account_id=self.agency_account_id, asset_id=asset_id, record=record
                )
            )
        )

    async def _events(self, key: AssetKey) -> Mapping[str, int] | Observation:
        since = clock.now() - EVENTS_WITHIN
        return await self._in_time(lambda: self.platform.handlers[key.kind].count_events(self.reader, key, since))

    async def _in_time(self, read: Callable[[], Awaitable[Value | Observation]]) -> Value | Observation:
        return await read() if clock.now() < self.until else UNAVAILABLE


async def read_live(
    context: AccessContext,
    handshakes: Sequence[tuple[Handshake, ReconcileInput]],
    requests: Sequence[AccessRequest],
) -> LiveReads:
    """Read everything about these access requests. No transaction is open meanwhile."""
    until = clock.now() + LONGEST
    readings: dict[str, AccessReading] = {}
    calls: list[ObservedCalls] = []
    for handshake, loaded in handshakes:
        here = [each for each in requests if each.platform == handshake.platform]
        observed = await observer.observe(context, handshake, loaded, Priority.INTERACTIVE)
        reader = PlatformReader(context, loaded.agency, Priority.INTERACTIVE)
        at = _Platform(
            context.platforms.connected(handshake.platform), reader, handshake.agency_account_id, observed, until
        )
        await at.load_details(here)
        now = _statuses(context, loaded, observed)
        for request in here:
            readings[request.id] = await at.read(request, now.get(request.id) or stored(request))
        calls += observed.calls
        if reader.connection is not None:
            calls.append(ObservedCalls(reader.connection, reader.calls, reader.is_dead, handshake_id=handshake.id))
    return LiveReads([readings.get(each.id) or AccessReading(facts(each), stored(each)) for each in requests], calls)


def _statuses(context: AccessContext, loaded: ReconcileInput, observed: ObservationResult) -> Mapping[str, Status]:
    """The status of each access request that the observation shows, as the reconciler would write it."""
    found = statuses(loaded.desired, observed.access, loaded.history, clock.now(), context.timing)
    return {
        desired.access_request_id: status
        for desired, status in zip(loaded.desired, found, strict=True)
        if desired.access_request_id is not None
    }


def stored(request: AccessRequest) -> Status:
    """The status that was written last, where nothing can be read: no side showed it now."""
    return Status(request.status, request.next_actor, request.code, request.role_seen)  # type: ignore[arg-type]


def facts(request: AccessRequest) -> RequestFacts:
    """An access request as a value."""
    return RequestFacts(
        id=request.id, platform=request.platform, kind=request.asset_kind, role=request.role,
        asset_id=request.asset_id, asset_name=request.asset_name or request.person_email,
        parent_asset_id=request.parent_asset_id, attested_by=request.attested_by, attested_at=request.attested_at,
    )  # fmt: skip


def _key(request: AccessRequest) -> AssetKey | None:
    return AssetKey(request.kind, request.asset_id, request.parent_asset_id) if request.asset_id else None
