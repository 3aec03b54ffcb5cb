"""Observation of both sides: the agency's first, the client's for what the agency's does not show as agreed.

Assets of a mistyped Business Center are searched among those that other partners share with the agency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.reconciler import queries, sides
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.sides import BusinessCenterPair
from app.access.reconciler.state import DesiredAccess, ObservedAccess, ObservedSide
from app.access.reconciler.strategy import ObservedCalls
from app.kit import clock
from app.platforms.access import AssetKey, Observation, ReadFailure
from app.platforms.port import EVENTS_WITHIN, ConnectedPlatform, Priority, RecordedCall
from app.platforms.resources import DiscoveredAssets, PartnerInfo

#: Maximum number of other partners that are searched for one request for a check.
MOST_CENTERS = 20


@dataclass(frozen=True)
class ObservationResult:
    """Observed access with its calls.

    `limited`: seconds for which the platform must not be called. `is_unavailable`: not everything could be read,
    because the platform did not answer or its rate limit was reached. `discovered`: the client's lists, if they were
    read again. `searched`: the request for a check for which the agency's other partners were searched.
    """

    access: ObservedAccess
    calls: Sequence[ObservedCalls] = ()
    limited: float | None = None
    is_unavailable: bool = False
    discovered: DiscoveredAssets | None = None
    searched: datetime | None = None

    @property
    def agency_is_dead(self) -> bool:
        """True if the platform no longer accepts the agency's token."""
        return any(each.is_dead for each in self.calls if each.connection.side == "agency")

    @property
    def agency_calls(self) -> list[RecordedCall]:
        """Calls with the agency's token, in order."""
        return [call for each in self.calls if each.connection.side == "agency" for call in each.calls]


async def observe(
    context: AccessContext, handshake: Handshake, loaded: ReconcileInput, priority: Priority
) -> ObservationResult:
    """Read the agency's side, and the client's if we hold its token. No transaction is open during the calls."""
    platform = context.platforms.connected(handshake.platform)
    pair = BusinessCenterPair(platform, ours=handshake.agency_account_id, theirs=handshake.client_account_id)
    agency = PlatformReader(context, loaded.agency, priority)
    client = PlatformReader(context, loaded.client, priority)
    observable = [each for each in loaded.desired if each.key is not None and not each.declined and not each.over]
    ours = await sides.observe_agency(agency, pair, observable)
    discovered, lists = await sides.client_lists(client, pair, loaded)
    unanswered = [each for each in observable if _needs_client(each, ours)]
    theirs = await sides.observe_client(client, pair, unanswered, ours, lists.center_problem, all_desired=observable)
    events, events_unread = await _events(agency, pair, observable, ours)
    partners = await _partners(agency, pair, observable, ours)
    shared_elsewhere, searched = await _shared_elsewhere(agency, pair, handshake, loaded, observable, ours, partners)
    is_unavailable = agency.is_unavailable or client.is_unavailable
    access = ObservedAccess(
        client=theirs,
        agency=ours,
        asset_problems=sides.asset_problems(lists, pair, observable, loaded.client),
        center_problem=lists.center_problem,
        client_can_write=client.closed is None and client.connection is not None,
        partnered=_partnered(pair, ours, partners),
        authorization_blocker=loaded.authorization_blocker,
        events=events,
        events_unread=events_unread,
        shared_elsewhere=shared_elsewhere,
        unavailable_since=(loaded.unavailable_since or clock.now()) if is_unavailable else None,
    )
    return ObservationResult(
        access=access,
        calls=[
            ObservedCalls(reader.connection, reader.calls, reader.is_dead, handshake_id=handshake.id)
            for reader in (agency, client)
            if reader.connection is not None
        ],
        limited=max((each for each in (agency.limited, client.limited) if each is not None), default=None),
        is_unavailable=is_unavailable,
        discovered=discovered,
        searched=searched,
    )


def _needs_client(desired: DesiredAccess, ours: ObservedSide) -> bool:
    """True if the agency's side does not show it as agreed, or if something is to be removed."""
    if desired.key is None or desired.unwanted or desired.reduce_at is not None:
        return True
    return ours.of(desired.key).role != desired.role


async def _partners(
    agency: PlatformReader, pair: BusinessCenterPair, all_desired: Iterable[DesiredAccess], ours: ObservedSide
) -> tuple[PartnerInfo, ...] | None:
    """The agency's partners; None if unknown.

    Read only if they add to the list of shares: guided steps had no effect, verified access is gone, or the list is
    refused.
    """
    lists = pair.platform.partnerships
    if lists is None or any(each.role for each in ours.observations.values()):
        return None
    if not any(_needs_partners(each, ours) for each in all_desired):
        return None
    partners = await agency.read(lambda access, record: lists.partners(access, account_id=pair.ours, record=record))
    return None if isinstance(partners, Observation) else partners


def _needs_partners(desired: DesiredAccess, ours: ObservedSide) -> bool:
    if desired.key is None or desired.unwanted or not desired.kind.seen_by_agency:
        return False
    observation = ours.of(desired.key)
    if observation.why_not is ReadFailure.DENIED:
        return True
    done_by_hand = desired.lane == "guided" and desired.says_done
    return observation.is_read and observation.role is None and (done_by_hand or desired.was_verified)


def _partnered(pair: BusinessCenterPair, ours: ObservedSide, partners: Sequence[PartnerInfo] | None) -> bool | None:
    """True if the client is among the agency's partners; None if unknown."""
    if any(each.role for each in ours.observations.values()):
        return True
    return None if partners is None else any(partner.account_id == pair.theirs for partner in partners)


async def _shared_elsewhere(
    agency: PlatformReader,
    pair: BusinessCenterPair,
    handshake: Handshake,
    loaded: ReconcileInput,
    all_desired: Sequence[DesiredAccess],
    ours: ObservedSide,
    partners: Sequence[PartnerInfo] | None,
) -> tuple[Mapping[AssetKey, str], datetime | None]:
    """Business Centers that share what is missing, and the request for which the agency's partners were searched."""
    keys = missing_assets(all_desired, loaded, ours)
    requested = search_requested_at(all_desired, loaded)
    if keys and partners is not None and requested is not None:
        found = await search_partners(agency, pair, handshake, keys, partners)
        if found is not None:
            return found, requested
    return {each.key: each.shared_from for each in all_desired if each.key in keys and each.shared_from}, None


def missing_assets(all_desired: Sequence[DesiredAccess], loaded: ReconcileInput, ours: ObservedSide) -> list[AssetKey]:
    """Assets that were shared by hand according to people, while the typed Business Center shares nothing.

    None if anything was observed from it, now or before, or sent by us: then it is the right one.
    """
    if any(not desired.center_typed or desired.was_verified for desired in all_desired):
        return []
    if any(observation.role for observation in ours.observations.values()):
        return []
    if any(each.may_have_happened for each in loaded.history.shared.values()):
        return []
    return [
        desired.key
        for desired in all_desired
        if desired.key
        and desired.kind.between_partners
        and desired.is_live
        and desired.says_done
        and ours.of(desired.key).is_read
    ]


def search_requested_at(all_desired: Sequence[DesiredAccess], loaded: ReconcileInput) -> datetime | None:
    """The last request for a check, if the other partners were not searched for it yet."""
    asked = max((desired.recheck_at for desired in all_desired if desired.recheck_at is not None), default=None)
    last = loaded.searched_at
    return asked if asked is not None and (last is None or asked > last) else None


async def search_partners(
    reader: PlatformReader,
    pair: BusinessCenterPair,
    handshake: Handshake,
    keys: Sequence[AssetKey],
    partners: Sequence[PartnerInfo],
) -> Mapping[AssetKey, str] | None:
    """The other partner that shares each of these assets, if any; None if not all could be read.

    Business Centers of other clients are left out: their shares are neither shown nor used.
    """
    lists = pair.platform.partnerships
    assert lists is not None  # they listed these partners
    others = [each.account_id for each in partners if each.account_id not in (pair.ours, pair.theirs)]
    async with reader.context.sessions() as session:
        order = await queries.centers_to_search(session, handshake, others, [key.asset_id for key in keys])
    found: dict[AssetKey, str] = {}
    for account_id in order[:MOST_CENTERS]:
        for kind in dict.fromkeys(key.kind for key in keys):
            shares = await reader.read(
                lambda access, record, account_id=account_id, kind=kind: lists.shared_to(  # type: ignore[misc]
                    access, account_id=pair.ours, partner_id=account_id, kind=kind, record=record
                )
            )
            if reader.closed is not None:
                return None
            if not isinstance(shares, Observation):
                found |= {
                    key: account_id for key in keys if key.kind == kind and key.asset_id in shares and key not in found
                }
        if len(found) == len(keys):
            break
    return found


async def _events(
    agency: PlatformReader, pair: BusinessCenterPair, all_desired: Iterable[DesiredAccess], ours: ObservedSide
) -> tuple[dict[AssetKey, int], dict[AssetKey, Observation]]:
    """Event counts of the assets that should receive events, and the reasons why other counts are unknown."""
    counted: dict[AssetKey, int] = {}
    unread: dict[AssetKey, Observation] = {}
    since = clock.now() - EVENTS_WITHIN
    for desired in all_desired:
        key = desired.key
        if key is None or not key.parent_asset_id or not desired.needs_events or desired.was_verified:
            continue
        if not ours.of(key).role:
            continue
        count = await pair.platform.handlers[desired.kind.key].count_events(agency, key, since)
        if isinstance(count, Observation):
            unread[key] = count
        else:
            counted[key] = sum(count.values())
    return counted, unread


def has_permission(platform: ConnectedPlatform, connection: Connection | None, what: str) -> bool:
    """True if the scopes of a connection allow a kind of read."""
    return connection is not None and platform.may(connection.scopes, what)
