"""One look at both sides: the agency's first, and the client's for what the agency does not show as agreed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.reconciler import agency_side, client_side, other_business_centers
from app.access.reconciler.agency_side import BusinessCenterPair
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, Observation, ObservedAccess, ObservedSide, ReadFailure
from app.kit import clock
from app.platforms.port import EVENTS_WITHIN, ConnectedPlatform, Priority, RecordedCall
from app.platforms.resources import DiscoveredAssets, PartnerInfo


@dataclass
class ObservationResult:
    """What was seen, with the calls it took, whose token is dead, and what was read anew of the client's lists.

    `away`: not everything could be looked at, because the platform was out of reach or its budget full. `searched`: the
    request for a look for which the agency's other partners were searched.
    """

    seen: ObservedAccess = field(default_factory=ObservedAccess)
    calls: dict[str, list[RecordedCall]] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    limited: float | None = None
    away: bool = False
    found: DiscoveredAssets | None = None
    searched: datetime | None = None


async def observe(
    tools: AccessContext, handshake: Handshake, situation: ReconcileInput, urgency: Priority
) -> ObservationResult:
    """Reads the agency's side, and the client's where we hold its token. No transaction is open meanwhile."""
    platform = tools.platforms.connected(handshake.platform)
    pair = BusinessCenterPair(platform, ours=handshake.agency_bc_id, theirs=handshake.bc_id)
    agency, client = PlatformReader(tools, situation.agency, urgency), PlatformReader(tools, situation.client, urgency)
    wanted = [want for want in situation.wanted if want.key is not None and not want.declined and not want.over]
    ours = await agency_side.observe_agency(agency, pair, wanted)
    found, lists = await client_side.client_lists(client, pair, situation)
    open_ones = [want for want in wanted if _needs_client(want, ours)]
    theirs = await client_side.observe_client(client, pair, open_ones, ours, lists.center, every=wanted)
    events, events_unread = await _events(agency, pair, wanted, ours)
    partners = await _partners(agency, pair, wanted, ours)
    elsewhere, searched = await _elsewhere(agency, pair, handshake, situation, wanted, ours, partners)
    away = agency.is_away or client.is_away
    seen = ObservedAccess(
        client=theirs,
        agency=ours,
        problems=client_side.asset_problems(lists, pair, wanted, situation.client),
        center=lists.center,
        client_can_write=client.closed is None and client.connection is not None,
        partnered=_partnered(pair, ours, partners),
        trip=situation.trip,
        events=events,
        events_unread=events_unread,
        elsewhere=elsewhere,
        away_since=(situation.away_since or clock.now()) if away else None,
    )
    return ObservationResult(
        seen=seen,
        calls={"agency": agency.calls, "client": client.calls},
        dead=frozenset(name for name, eyes in (("agency", agency), ("client", client)) if eyes.is_dead),
        limited=max((each for each in (agency.limited, client.limited) if each is not None), default=None),
        away=away,
        found=found,
        searched=searched,
    )


def _needs_client(want: DesiredAccess, ours: ObservedSide) -> bool:
    """True if the agency's side does not answer for it: nothing seen as agreed, or something to take away."""
    if want.key is None or want.unwanted or want.reduce_at is not None:
        return True
    return ours.of(want.key).role != want.role


async def _partners(
    agency: PlatformReader, pair: BusinessCenterPair, wanted: Iterable[DesiredAccess], ours: ObservedSide
) -> tuple[PartnerInfo, ...] | None:
    """The agency's partners; None if unknown.

    Read only if they add to the list of shares: steps by hand had no effect, proved access is gone, or the list is
    refused.
    """
    if any(sight.role for sight in ours.sights.values()) or not any(_tells_more(want, ours) for want in wanted):
        return None
    partners = await agency.read(lambda access, keep: pair.platform.partners(access, bc_id=pair.ours, keep=keep))
    return None if isinstance(partners, Observation) else partners


def _partnered(pair: BusinessCenterPair, ours: ObservedSide, partners: Sequence[PartnerInfo] | None) -> bool | None:
    """True if the client is among the agency's partners; None if unknown."""
    if any(sight.role for sight in ours.sights.values()):
        return True
    return None if partners is None else any(partner.bc_id == pair.theirs for partner in partners)


async def _elsewhere(
    agency: PlatformReader,
    pair: BusinessCenterPair,
    handshake: Handshake,
    situation: ReconcileInput,
    wanted: Sequence[DesiredAccess],
    ours: ObservedSide,
    partners: Sequence[PartnerInfo] | None,
) -> tuple[Mapping[AssetKey, str], datetime | None]:
    """Business Centers that share what is missing, and the request for which the agency's partners were searched."""
    keys = other_business_centers.missing(wanted, situation, ours)
    asked = other_business_centers.requested_at(wanted, situation)
    if keys and partners is not None and asked is not None:
        found = await other_business_centers.search(agency, pair, handshake, keys, partners)
        if found is not None:
            return found, asked
    return {want.key: want.shared_from for want in wanted if want.key in keys and want.shared_from}, None


def _tells_more(want: DesiredAccess, ours: ObservedSide) -> bool:
    if want.key is None or want.unwanted or want.kind == "person":
        return False
    sight = ours.of(want.key)
    if sight.why_not is ReadFailure.DENIED:
        return True
    done_by_hand = want.lane == "guided" and want.says_done
    return sight.is_read and sight.role is None and (done_by_hand or want.was_verified)


async def _events(
    agency: PlatformReader, pair: BusinessCenterPair, wanted: Iterable[DesiredAccess], ours: ObservedSide
) -> tuple[dict[AssetKey, int], dict[AssetKey, Observation]]:
    """Event counts of the pixels that should receive events, and the reasons why other counts are unknown."""
    counted: dict[AssetKey, int] = {}
    unread: dict[AssetKey, Observation] = {}
    since = clock.now() - EVENTS_WITHIN
    for want in wanted:
        key = want.key
        if (
            key is None
            or not key.parent_asset_id
            or not want.needs_events
            or want.was_verified
            or not ours.of(key).role
        ):
            continue
        if not has_permission(pair.platform, agency.connection, "events"):
            unread[key] = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")
            continue
        account_id, code = key.parent_asset_id, key.asset_id
        count = await agency.read(
            lambda access, keep, account_id=account_id, code=code: pair.platform.pixel_events(  # type: ignore[misc]
                access, account_id=account_id, code=code, since=since, keep=keep
            )
        )
        if isinstance(count, Observation):
            unread[key] = count
        else:
            counted[key] = count
    return counted, unread


def has_permission(platform: ConnectedPlatform, connection: Connection | None, what: str) -> bool:
    """True if a connection's permissions reach that far."""
    return connection is not None and platform.may([int(scope) for scope in connection.scopes], what)
