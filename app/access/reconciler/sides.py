"""Observation of each side of a handshake: assets that the agency received, and the client's own lists.

The handlers of the kinds read; here it is decided what they read. The client's lists also show problems that prevent
sharing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import DesiredAccess, ObservedSide
from app.kit import clock
from app.platforms.access import AssetKey, Observation, ReadFailure, WantedAccess
from app.platforms.port import ClientAssets, ConnectedPlatform, Reading
from app.platforms.resources import DiscoveredAssets

#: An asset whose parent is not shared yet: nothing to observe, and nothing to do.
WAITING_FOR_PARENT = Observation(why_not=ReadFailure.WAITS)
#: Interval for reading a problem again that may pass by itself.
_REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class BusinessCenterPair:
    """The two Business Centers of a handshake at their platform."""

    platform: ConnectedPlatform
    ours: str
    theirs: str


@dataclass(frozen=True)
class ClientLists:
    """Assets that the client can select, as of the last read, and the problem of the Business Center itself."""

    found: DiscoveredAssets | None = None
    center_problem: str | None = None


async def observe_agency(
    reader: PlatformReader, pair: BusinessCenterPair, all_desired: Sequence[DesiredAccess]
) -> ObservedSide:
    """Observe the desired access with the agency's token, and the assets that it depends on."""
    observations: dict[AssetKey, Observation] = {}
    for kind, handler in pair.platform.handlers.items():
        keys = [desired.key for desired in all_desired if desired.kind.key == kind and desired.key]
        keys += [desired.parent for desired in all_desired if desired.kind.through == kind and desired.parent]
        if keys:
            observations |= await handler.observe_agency(
                Reading(reader, pair, before=observations), list(dict.fromkeys(keys))
            )
    return ObservedSide(observations)


async def client_lists(
    reader: PlatformReader, pair: BusinessCenterPair, loaded: ReconcileInput
) -> tuple[DiscoveredAssets | None, ClientLists]:
    """The client's lists; the first value is None if they were not read again.

    Lists with a problem are read again after a person's action or an hour, and all lists after a refusal, whose reason
    they may show. Otherwise those of the consent are used.
    """
    connection = loaded.client
    if connection is None or reader.closed is not None:
        return None, ClientLists()
    known = connections.discovered(connection)
    kept = ClientLists(known, center_problem(known, pair))
    in_the_way = kept.center_problem or asset_problems(kept, pair, loaded.desired, connection)
    if not (in_the_way and _is_stale(connection, loaded)) and not _was_refused(connection, loaded):
        return None, kept
    async with reader.context.sessions() as session:
        app = await connections.app_of_connection(
            session, connection.agency_id, pair.platform, reader.context.keyring, connection.app_id
        )
    if app is None:
        return None, kept
    fresh = await reader.read(lambda access, record: pair.platform.discover(app, access, record))
    if isinstance(fresh, Observation):
        return None, kept
    return fresh, ClientLists(fresh, center_problem(fresh, pair))


def _was_refused(connection: Connection, loaded: ReconcileInput) -> bool:
    tries = loaded.history.shared.values()
    return any(each.outcome == "denied" and each.at > connection.found_at for each in tries)


def _is_stale(connection: Connection, loaded: ReconcileInput) -> bool:
    acted = [moment for desired in loaded.desired for moment in (desired.recheck_at, desired.approved_at) if moment]
    return any(moment > connection.found_at for moment in acted) or clock.now() - connection.found_at > _REFRESH


def center_problem(found: DiscoveredAssets, pair: BusinessCenterPair) -> str | None:
    """Blocker code of the client's Business Center, for the person who authorized."""
    if pair.theirs == pair.ours:
        return "agencys_own_center"
    if not found.accounts:
        return "no_business_center"
    here = found.account(pair.theirs)
    return here.problem if here else "wrong_bc_selected"


def asset_problems(
    known: ClientLists, pair: BusinessCenterPair, all_desired: Sequence[DesiredAccess], connection: Connection | None
) -> dict[AssetKey, str]:
    """Blocker codes of the assets that cannot be shared from the Business Center."""
    if known.found is None or connection is None:
        return {}
    client = ClientAssets(known.found, pair.theirs, connection.scopes)
    found: dict[AssetKey, str] = {}
    for desired in all_desired:
        handler = pair.platform.handlers.get(desired.kind.key)
        if desired.key is not None and handler is not None and (code := handler.problem(client, desired.key)):
            found[desired.key] = code
    return found


async def observe_client(
    reader: PlatformReader,
    pair: BusinessCenterPair,
    unanswered: Sequence[DesiredAccess],
    ours: ObservedSide,
    problem: str | None,
    *,
    all_desired: Sequence[DesiredAccess],
) -> ObservedSide:
    """Observe with the client's token what the agency's side does not show as agreed."""
    if reader.closed is None and problem is not None:
        return ObservedSide(otherwise=Observation(why_not=ReadFailure.DENIED, blocker=problem))
    observations: dict[AssetKey, Observation] = {}
    reading = Reading(reader, pair, observations, [each.key for each in all_desired if each.key and each.is_live])
    for kind, handler in pair.platform.handlers.items():
        here = [desired for desired in unanswered if desired.kind.key == kind and desired.key]
        for desired in (each for each in here if each.parent):
            if desired.unwanted or _is_parent_shared(desired, observations, ours):
                observations |= await handler.observe_client(reading, _wanted([desired]))
            elif desired.key:
                observations[desired.key] = reader.closed or WAITING_FOR_PARENT
        if alone := _wanted([each for each in here if each.kind.through is None]):
            observations |= await handler.observe_client(reading, alone)
    return ObservedSide(observations, otherwise=reader.closed or WAITING_FOR_PARENT)


def _is_parent_shared(desired: DesiredAccess, observations: Mapping[AssetKey, Observation], ours: ObservedSide) -> bool:
    """True if one of the sides shows the asset that it depends on."""
    parent = desired.parent
    return parent is not None and bool(observations.get(parent, Observation()).role or ours.of(parent).role)


def _wanted(all_desired: Sequence[DesiredAccess]) -> list[WantedAccess]:
    return [WantedAccess(each.key, each.role, each.email or "") for each in all_desired if each.key]
