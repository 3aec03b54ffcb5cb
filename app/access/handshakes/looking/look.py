"""One look at both sides: the agency's first, and the client's for what the agency does not show as agreed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.access.connections.model import Connection
from app.access.handshakes.deciding.world import Key, Seen, Side, Sight, Unread, Want
from app.access.handshakes.looking import client_side, other_centers, sides
from app.access.handshakes.looking.eyes import Eyes
from app.access.handshakes.looking.sides import Pair
from app.access.handshakes.model import Handshake
from app.access.handshakes.queries import Situation
from app.access.tools import Tools
from app.kit import clock
from app.platforms.port import EVENTS_WITHIN, Call, ConnectedPlatform, Urgency
from app.platforms.seen import Found, PartnerSeen


@dataclass
class Look:
    """What was seen, with the calls it took, whose token is dead, and what was read anew of the client's lists.

    `away`: not everything could be looked at, because the platform was out of reach or its budget full. `searched`: the
    request for a look for which the agency's other partners were searched.
    """

    seen: Seen = field(default_factory=Seen)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    limited: float | None = None
    away: bool = False
    found: Found | None = None
    searched: datetime | None = None


async def observe(tools: Tools, handshake: Handshake, situation: Situation, urgency: Urgency) -> Look:
    """Reads the agency's side, and the client's where we hold its token. No transaction is open meanwhile."""
    platform = tools.platforms.connected(handshake.platform)
    pair = Pair(platform, ours=handshake.agency_bc_id, theirs=handshake.bc_id)
    agency, client = Eyes(tools, situation.agency, urgency), Eyes(tools, situation.client, urgency)
    wanted = [want for want in situation.wanted if want.key is not None and not want.declined and not want.over]
    ours = await sides.agency(agency, pair, wanted)
    found, lists = await client_side.lists(client, pair, situation)
    open_ones = [want for want in wanted if _needs_client(want, ours)]
    theirs = await client_side.read(client, pair, open_ones, ours, lists.center, every=wanted)
    events, events_unread = await _events(agency, pair, wanted, ours)
    partners = await _partners(agency, pair, wanted, ours)
    elsewhere, searched = await _elsewhere(agency, pair, handshake, situation, wanted, ours, partners)
    away = agency.is_away or client.is_away
    seen = Seen(
        client=theirs,
        agency=ours,
        problems=client_side.problems(lists, pair, wanted, situation.client),
        center=lists.center,
        client_can_write=client.closed is None and client.connection is not None,
        partnered=_partnered(pair, ours, partners),
        trip=situation.trip,
        events=events,
        events_unread=events_unread,
        elsewhere=elsewhere,
        away_since=(situation.away_since or clock.now()) if away else None,
    )
    return Look(
        seen=seen,
        calls={"agency": agency.calls, "client": client.calls},
        dead=frozenset(name for name, eyes in (("agency", agency), ("client", client)) if eyes.is_dead),
        limited=max((each for each in (agency.limited, client.limited) if each is not None), default=None),
        away=away,
        found=found,
        searched=searched,
    )


def _needs_client(want: Want, ours: Side) -> bool:
    """Whether the agency's side does not answer for it: nothing seen as agreed, or something to take away."""
    if want.key is None or want.unwanted or want.reduce_at is not None:
        return True
    return ours.of(want.key).role != want.role


async def _partners(agency: Eyes, pair: Pair, wanted: Iterable[Want], ours: Side) -> tuple[PartnerSeen, ...] | None:
    """The agency's partners; None if unknown.

    Read only if they add to the list of shares: steps by hand had no effect, proved access is gone, or the list is
    refused.
    """
    if any(sight.role for sight in ours.sights.values()) or not any(_tells_more(want, ours) for want in wanted):
        return None
    partners = await agency.read(lambda access, keep: pair.platform.partners(access, bc_id=pair.ours, keep=keep))
    return None if isinstance(partners, Sight) else partners


def _partnered(pair: Pair, ours: Side, partners: Sequence[PartnerSeen] | None) -> bool | None:
    """True if the client is among the agency's partners; None if unknown."""
    if any(sight.role for sight in ours.sights.values()):
        return True
    return None if partners is None else any(partner.bc_id == pair.theirs for partner in partners)


async def _elsewhere(
    agency: Eyes,
    pair: Pair,
    handshake: Handshake,
    situation: Situation,
    wanted: Sequence[Want],
    ours: Side,
    partners: Sequence[PartnerSeen] | None,
) -> tuple[Mapping[Key, str], datetime | None]:
    """Business Centers that share what is missing, and the request for which the agency's partners were searched."""
    keys = other_centers.missing(wanted, situation, ours)
    asked = other_centers.asked_at(wanted, situation)
    if keys and partners is not None and asked is not None:
        found = await other_centers.search(agency, pair, handshake, keys, partners)
        if found is not None:
            return found, asked
    return {want.key: want.shared_from for want in wanted if want.key in keys and want.shared_from}, None


def _tells_more(want: Want, ours: Side) -> bool:
    if want.key is None or want.unwanted or want.kind == "person":
        return False
    sight = ours.of(want.key)
    if sight.why_not is Unread.DENIED:
        return True
    done_by_hand = want.lane == "guided" and want.says_done
    return sight.is_read and sight.role is None and (done_by_hand or want.was_verified)


async def _events(
    agency: Eyes, pair: Pair, wanted: Iterable[Want], ours: Side
) -> tuple[dict[Key, int], dict[Key, Sight]]:
    """Event counts of the pixels that should receive events, and the reasons why other counts are unknown."""
    counted: dict[Key, int] = {}
    unread: dict[Key, Sight] = {}
    since = clock.now() - EVENTS_WITHIN
    for want in wanted:
        key = want.key
        if key is None or not key.through_id or not want.needs_events or want.was_verified or not ours.of(key).role:
            continue
        if not may(pair.platform, agency.connection, "events"):
            unread[key] = Sight(why_not=Unread.DENIED, blocker="scope_not_authorised")
            continue
        account_id, code = key.through_id, key.asset_id
        count = await agency.read(
            lambda access, keep, account_id=account_id, code=code: pair.platform.pixel_events(  # type: ignore[misc]
                access, account_id=account_id, code=code, since=since, keep=keep
            )
        )
        if isinstance(count, Sight):
            unread[key] = count
        else:
            counted[key] = count
    return counted, unread


def may(platform: ConnectedPlatform, connection: Connection | None, what: str) -> bool:
    """Whether a connection's permissions reach that far."""
    return connection is not None and platform.may([int(scope) for scope in connection.scopes], what)
