"""The client's side: what its own lists show, and what of them stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.access.connections import platform_apps, selectable_assets
from app.access.connections import queries as connections
from app.access.connections.models import Connection
from app.access.reconciler.agency_side import LISTED_KINDS, BusinessCenterPair, observations, pixel_codes
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, Observation, ObservedSide, ReadFailure, rank
from app.kit import clock
from app.platforms.resources import DiscoveredAssets, Member

#: What stands in the way and passes by itself is looked at anew this often.
_REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class ClientLists:
    """What the client can choose from, as last read, and what is wrong with the Business Center itself."""

    found: DiscoveredAssets | None = None
    center: str | None = None


async def client_lists(
    eyes: PlatformReader, pair: BusinessCenterPair, situation: ReconcileInput
) -> tuple[DiscoveredAssets | None, ClientLists]:
    """The client's lists; read anew (and then given first) where something in them stands in the way.

    Whoever acts, or an hour, is a reason to read again; without one the lists of the consent are good enough. So is
    a refusal: what changed since may tell why.
    """
    connection = situation.client
    if connection is None or eyes.closed is not None:
        return None, ClientLists()
    known = connections.discovered(connection)
    kept = ClientLists(known, center_problem(known, pair))
    in_the_way = kept.center or asset_problems(kept, pair, situation.wanted, connection)
    if not (in_the_way and _is_stale(connection, situation)) and not _was_refused(connection, situation):
        return None, kept
    async with eyes.tools.sessions() as session:
        app = await platform_apps.of_connection(
            session, connection.agency_id, pair.platform, eyes.tools.keyring, connection.app_id
        )
    if app is None:
        return None, kept
    fresh = await eyes.read(lambda access, keep: pair.platform.discover(app, access, keep))
    if isinstance(fresh, Observation):
        return None, kept
    return fresh, ClientLists(fresh, center_problem(fresh, pair))


def _was_refused(connection: Connection, situation: ReconcileInput) -> bool:
    tries = situation.tried.given.values()
    return any(each.outcome == "denied" and each.at > connection.found_at for each in tries)


def _is_stale(connection: Connection, situation: ReconcileInput) -> bool:
    acted = [moment for want in situation.wanted for moment in (want.recheck_at, want.approved_at) if moment]
    return any(moment > connection.found_at for moment in acted) or clock.now() - connection.found_at > _REFRESH


def center_problem(found: DiscoveredAssets, pair: BusinessCenterPair) -> str | None:
    """What is wrong with the client's Business Center, for whoever authorized."""
    if pair.theirs == pair.ours:
        return "agencys_own_center"
    if not found.business_centers:
        return "no_business_center"
    here = next((center for center in found.business_centers if center.bc_id == pair.theirs), None)
    return selectable_assets.center_problem(here) if here else "wrong_bc_selected"


def asset_problems(
    known: ClientLists, pair: BusinessCenterPair, wanted: Sequence[DesiredAccess], connection: Connection | None
) -> dict[AssetKey, str]:
    """Why each thing cannot be shared from the Business Center; a blocker's code."""
    if known.found is None or connection is None:
        return {}
    scopes = [int(scope) for scope in connection.scopes]
    found: dict[AssetKey, str] = {}
    for want in wanted:
        if want.key is None:
            continue
        code = _problem(known.found, pair.theirs, want.key)
        if code is None and pair.platform.missing_scopes(scopes, [want.kind]) and want.kind == "person":
            code = "scope_not_authorized"
        if code:
            found[want.key] = code
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
    eyes: PlatformReader,
    pair: BusinessCenterPair,
    wanted: Sequence[DesiredAccess],
    ours: ObservedSide,
    center: str | None,
    *,
    every: Sequence[DesiredAccess],
) -> ObservedSide:
    """What the client's token shows of these, of `every` one there is."""
    if eyes.closed is None and center is not None:
        return ObservedSide(otherwise=Observation(why_not=ReadFailure.DENIED, blocker=center))
    sights: dict[AssetKey, Observation] = {}
    for kind in LISTED_KINDS:
        keys = [want.key for want in wanted if want.kind == kind and want.key]
        if keys:
            sights |= observations(await _given(eyes, pair, kind), keys)
    there = ObservedSide(sights, otherwise=Observation())
    for want in wanted:
        if want.kind == "pixel" and want.key and want.key.account:
            is_there = there.of(want.key.account).role or ours.of(want.key.account).role
            look = is_there or want.unwanted
            sights[want.key] = await _pixel(eyes, pair, want.key) if look else eyes.closed or WAITING_FOR_ACCOUNT
    sights |= await _people(eyes, pair, wanted, every)
    return ObservedSide(sights, otherwise=eyes.closed or WAITING_FOR_ACCOUNT)


#: A pixel whose ad account is not there yet: nothing to look for, and nothing to do.
WAITING_FOR_ACCOUNT = Observation(why_not=ReadFailure.WAITS)


async def _given(eyes: PlatformReader, pair: BusinessCenterPair, kind: str) -> object:
    return await eyes.read(
        lambda access, keep: pair.platform.shared_by(
            access, bc_id=pair.theirs, partner_id=pair.ours, kind=kind, keep=keep
        )
    )


async def _pixel(eyes: PlatformReader, pair: BusinessCenterPair, key: AssetKey) -> Observation:
    """Link of the pixel to the ad account; where its links may not be read, the ad account is asked.

    `/bc/pixel/link/get/` is known to refuse even Admins now and then.
    """
    assert key.parent_asset_id is not None
    accounts = await eyes.read(
        lambda access, keep: pair.platform.pixel_accounts(access, bc_id=pair.theirs, code=key.asset_id, keep=keep)
    )
    if not isinstance(accounts, Observation):
        return Observation("LINK") if key.parent_asset_id in accounts else Observation()
    if accounts.why_not is not ReadFailure.DENIED:
        return accounts
    codes = await pixel_codes(eyes, pair, key.parent_asset_id)
    if isinstance(codes, Observation):
        return accounts
    return Observation("LINK") if key.asset_id in codes else Observation()


def membership_rank(member: Member) -> int:
    """Which of several rows about one person counts: the smallest."""
    order = ("BOUND", "PENDING", "REJECTED")
    return order.index(member.relation) if member.relation in order else len(order)


async def _people(
    eyes: PlatformReader, pair: BusinessCenterPair, wanted: Sequence[DesiredAccess], every: Sequence[DesiredAccess]
) -> dict[AssetKey, Observation]:
    people = [want for want in wanted if want.kind == "person" and want.key]
    if not people:
        return {}
    if eyes.connection and not pair.platform.may([int(scope) for scope in eyes.connection.scopes], "members"):
        refused = eyes.closed or Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")
        return {want.key: refused for want in people if want.key}
    members = await eyes.read(lambda access, keep: pair.platform.members(access, bc_id=pair.theirs, keep=keep))
    sights: dict[AssetKey, Observation] = {}
    for want in people:
        assert want.key is not None
        if isinstance(members, Observation):
            sights[want.key] = members
            continue
        email = (want.email or "").casefold()
        known = [each for each in members if email and each.email.casefold() == email]
        # who said no once and came later may stand there twice
        member = min(known, key=membership_rank, default=None)
        if member is None or member.relation not in ("BOUND", "PENDING"):
            sights[want.key] = Observation(rejected=member is not None and member.relation == "REJECTED")
        elif member.relation == "PENDING":
            sights[want.key] = Observation(pending=True)
        else:
            is_admin = member.role == "ADMIN"
            sights[want.key] = (
                Observation("ADMIN", everything=True) if is_admin else await _opens(eyes, pair, want, every)
            )
    return sights


async def _opens(
    eyes: PlatformReader, pair: BusinessCenterPair, want: DesiredAccess, wanted: Sequence[DesiredAccess]
) -> Observation:
    """The role a standard member has on all the ad accounts agreed to; none as long as one of them is missing.

    Without ad accounts to open, being a member is all that was asked for.
    """
    roles: list[str | None] = []
    for account_id in approved_accounts(wanted):
        holders = await eyes.read(
            lambda access, keep, account_id=account_id: pair.platform.holders(  # type: ignore[misc]
                access, bc_id=pair.theirs, account_id=account_id, keep=keep
            )
        )
        if isinstance(holders, Observation):
            return holders
        email = (want.email or "").casefold()
        roles.append(next((each.role for each in holders if each.email.casefold() == email), None))
    other = [role for role in roles if role != want.role]
    if None in other:
        return Observation(member=True)
    return Observation(max(other, key=rank) if other else want.role)


def approved_accounts(wanted: Sequence[DesiredAccess]) -> tuple[str, ...]:
    """The ad accounts the client agreed to share, at most as many as one invitation names."""
    accounts = [want.asset_id for want in wanted if want.kind == "ad_account" and want.is_live and want.asset_id]
    return tuple(dict.fromkeys(accounts))[:50]
