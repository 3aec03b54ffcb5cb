"""Observation of each side of a handshake: assets that the agency received, and the client's own lists.

The client's lists also show problems that prevent sharing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.access.connections import selectable_assets
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.reconciler.platform_reader import NO_TOKEN, PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, Observation, ObservedSide, ReadFailure
from app.kit import clock
from app.platforms.port import ConnectedPlatform
from app.platforms.resources import DiscoveredAssets, Member

#: Kinds that one list between partners shows.
LISTED_KINDS = ("ad_account", "catalog")
#: A pixel whose ad account is not shared yet: nothing to observe, and nothing to do.
WAITING_FOR_ACCOUNT = Observation(why_not=ReadFailure.WAITS)
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
    """Observe the desired access with the agency's token."""
    observations: dict[AssetKey, Observation] = {}
    kinds = {desired.kind.key for desired in all_desired}
    for kind in LISTED_KINDS:
        if kind in kinds or (kind == "ad_account" and "pixel" in kinds):
            observations |= await _received(reader, pair, kind, _keys(all_desired, kind))
    pixels = [desired.key for desired in all_desired if desired.kind.key == "pixel" and desired.key]
    observations |= await _pixels(reader, pair, pixels, observations)
    observations |= {desired.key: NO_TOKEN for desired in all_desired if desired.kind.key == "person" and desired.key}
    return ObservedSide(observations)


def _keys(all_desired: Sequence[DesiredAccess], kind: str) -> list[AssetKey]:
    keys = [desired.key for desired in all_desired if desired.kind.key == kind and desired.key]
    accounts = [desired.parent for desired in all_desired] if kind == "ad_account" else []
    return list(dict.fromkeys([*keys, *(account for account in accounts if account)]))


async def _received(
    reader: PlatformReader, pair: BusinessCenterPair, kind: str, keys: Sequence[AssetKey]
) -> dict[AssetKey, Observation]:
    shares = await reader.read(
        lambda access, record: pair.platform.shared_to(
            access, bc_id=pair.ours, partner_id=pair.theirs, kind=kind, record=record
        )
    )
    return listed_observations(shares, keys)


def listed_observations(shares: object, keys: Sequence[AssetKey]) -> dict[AssetKey, Observation]:
    """Observation of each asset in a list of shares, or in the failure to read one."""
    if isinstance(shares, Observation):
        return dict.fromkeys(keys, shares)
    assert isinstance(shares, dict)
    return {key: Observation(shares[key.asset_id].role) if key.asset_id in shares else Observation() for key in keys}


async def _pixels(
    reader: PlatformReader, pair: BusinessCenterPair, keys: Sequence[AssetKey], accounts: dict[AssetKey, Observation]
) -> dict[AssetKey, Observation]:
    """Pixels, from one list for each ad account that the agency received.

    Without the ad account there is no pixel. A refusal although the ad account is there means that the agency's consent
    is older than the share: TikTok shows an app only the accounts that were ticked.
    """
    observations: dict[AssetKey, Observation] = {}
    for account_id in dict.fromkeys(key.parent_asset_id for key in keys if key.parent_asset_id):
        here = [key for key in keys if key.parent_asset_id == account_id]
        account = accounts.get(AssetKey("ad_account", account_id), NO_TOKEN)
        if account.role is None:
            observations |= dict.fromkeys(here, account if account.why_not else Observation())
            continue
        if not _may_read(reader, pair):
            observations |= dict.fromkeys(here, Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized"))
            continue
        codes = await pixel_codes(reader, pair, account_id)
        if isinstance(codes, Observation):
            refused = codes.why_not is ReadFailure.DENIED and codes.blocker != "platform_changed"
            observations |= dict.fromkeys(here, replace(codes, blocker="agency_must_reauthorize") if refused else codes)
        else:
            observations |= {key: Observation("LINK") if key.asset_id in codes else Observation() for key in here}
    return observations


def _may_read(reader: PlatformReader, pair: BusinessCenterPair) -> bool:
    connection = reader.connection
    return connection is None or pair.platform.may([int(scope) for scope in connection.scopes], "pixels")


async def pixel_codes(
    reader: PlatformReader, pair: BusinessCenterPair, account_id: str
) -> frozenset[str] | Observation:
    """The codes of the pixels that an ad account can use."""
    pixels = await reader.read(
        lambda access, record: pair.platform.pixels_of(access, account_id=account_id, record=record)
    )
    return pixels if isinstance(pixels, Observation) else frozenset(pixels)


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
    if not found.business_centers:
        return "no_business_center"
    here = next((center for center in found.business_centers if center.bc_id == pair.theirs), None)
    return selectable_assets.center_problem(here) if here else "wrong_bc_selected"


def asset_problems(
    known: ClientLists, pair: BusinessCenterPair, all_desired: Sequence[DesiredAccess], connection: Connection | None
) -> dict[AssetKey, str]:
    """Blocker codes of the assets that cannot be shared from the Business Center."""
    if known.found is None or connection is None:
        return {}
    scopes = [int(scope) for scope in connection.scopes]
    found: dict[AssetKey, str] = {}
    for desired in all_desired:
        if desired.key is None:
            continue
        code = _problem(known.found, pair.theirs, desired.key)
        if code is None and pair.platform.missing_scopes(scopes, [desired.kind.key]) and desired.kind.key == "person":
            code = "scope_not_authorized"
        if code:
            found[desired.key] = code
    return found


def _problem(found: DiscoveredAssets, bc_id: str, key: AssetKey) -> str | None:
    if key.kind == "ad_account":
        account = next((each for each in found.accounts if (each.bc_id, each.asset_id) == (bc_id, key.asset_id)), None)
        return selectable_assets.account_problem(account) if account else "asset_not_found"
    if key.kind == "pixel":
        pixel = next((each for each in found.pixels if (each.bc_id, each.code) == (bc_id, key.asset_id)), None)
        return selectable_assets.pixel_problem(pixel) if pixel else "asset_not_found"
    return None


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
    for kind in LISTED_KINDS:
        keys = [desired.key for desired in unanswered if desired.kind.key == kind and desired.key]
        if keys:
            observations |= listed_observations(await _shared(reader, pair, kind), keys)
    shared = ObservedSide(observations, otherwise=Observation())
    for desired in unanswered:
        if desired.kind.key != "pixel" or not desired.key or not desired.parent:
            continue
        account = shared.of(desired.parent).role or ours.of(desired.parent).role
        if account or desired.unwanted:
            observations[desired.key] = await _pixel(reader, pair, desired.key)
        else:
            observations[desired.key] = reader.closed or WAITING_FOR_ACCOUNT
    observations |= await _people(reader, pair, unanswered, all_desired)
    return ObservedSide(observations, otherwise=reader.closed or WAITING_FOR_ACCOUNT)


async def _shared(reader: PlatformReader, pair: BusinessCenterPair, kind: str) -> object:
    return await reader.read(
        lambda access, record: pair.platform.shared_by(
            access, bc_id=pair.theirs, partner_id=pair.ours, kind=kind, record=record
        )
    )


async def _pixel(reader: PlatformReader, pair: BusinessCenterPair, key: AssetKey) -> Observation:
    """Link of the pixel to the ad account; if its links cannot be read, the list of the ad account is.

    `/bc/pixel/link/get/` sometimes refuses even Admins.
    """
    assert key.parent_asset_id is not None
    accounts = await reader.read(
        lambda access, record: pair.platform.pixel_accounts(access, bc_id=pair.theirs, code=key.asset_id, record=record)
    )
    if not isinstance(accounts, Observation):
        return Observation("LINK") if key.parent_asset_id in accounts else Observation()
    if accounts.why_not is not ReadFailure.DENIED:
        return accounts
    codes = await pixel_codes(reader, pair, key.parent_asset_id)
    if isinstance(codes, Observation):
        return accounts
    return Observation("LINK") if key.asset_id in codes else Observation()


def membership_rank(member: Member) -> int:
    """Rank of a member row: of several rows of a person the lowest counts."""
    order = ("BOUND", "PENDING", "REJECTED")
    return order.index(member.relation) if member.relation in order else len(order)


async def _people(
    reader: PlatformReader,
    pair: BusinessCenterPair,
    all_desired: Sequence[DesiredAccess],
    every: Sequence[DesiredAccess],
) -> dict[AssetKey, Observation]:
    people = [desired for desired in all_desired if desired.kind.key == "person" and desired.key]
    if not people:
        return {}
    if reader.connection and not pair.platform.may([int(scope) for scope in reader.connection.scopes], "members"):
        refused = reader.closed or Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")
        return {desired.key: refused for desired in people if desired.key}
    members = await reader.read(lambda access, record: pair.platform.members(access, bc_id=pair.theirs, record=record))
    observations: dict[AssetKey, Observation] = {}
    for desired in people:
        assert desired.key is not None
        if isinstance(members, Observation):
            observations[desired.key] = members
            continue
        email = (desired.email or "").casefold()
        known = [each for each in members if email and each.email.casefold() == email]
        # a person who declined and accepted later may be listed twice
        member = min(known, key=membership_rank, default=None)
        if member is None or member.relation not in ("BOUND", "PENDING"):
            observations[desired.key] = Observation(rejected=member is not None and member.relation == "REJECTED")
        elif member.relation == "PENDING":
            observations[desired.key] = Observation(pending=True)
        else:
            is_admin = member.role == "ADMIN"
            observations[desired.key] = (
                Observation("ADMIN", everything=True) if is_admin else await _opens(reader, pair, desired, every)
            )
    return observations


async def _opens(
    reader: PlatformReader, pair: BusinessCenterPair, desired: DesiredAccess, all_desired: Sequence[DesiredAccess]
) -> Observation:
    """The role of a standard member on all approved ad accounts; none while one of them is missing.

    Without approved ad accounts, membership is enough.
    """
    roles: list[str | None] = []
    for account_id in approved_accounts(all_desired):
        holders = await reader.read(
            lambda access, record, account_id=account_id: pair.platform.holders(  # type: ignore[misc]
                access, bc_id=pair.theirs, account_id=account_id, record=record
            )
        )
        if isinstance(holders, Observation):
            return holders
        email = (desired.email or "").casefold()
        roles.append(next((each.role for each in holders if each.email.casefold() == email), None))
    other = [role for role in roles if role != desired.role]
    if None in other:
        return Observation(member=True)
    return Observation(max(other, key=desired.kind.rank) if other else desired.role)


def approved_accounts(all_desired: Sequence[DesiredAccess]) -> tuple[str, ...]:
    """The ad accounts that the client approved, at most as many as one invitation may contain."""
    accounts = [
        desired.asset_id
        for desired in all_desired
        if desired.kind.key == "ad_account" and desired.is_live and desired.asset_id
    ]
    return tuple(dict.fromkeys(accounts))[:50]
