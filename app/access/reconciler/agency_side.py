"""Observation of the agency's side: access that has arrived there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.access.reconciler.platform_reader import NO_TOKEN, PlatformReader
from app.access.reconciler.state import AssetKey, DesiredAccess, Observation, ObservedSide, ReadFailure
from app.platforms.port import ConnectedPlatform

#: Kinds that one list between partners shows.
LISTED_KINDS = ("ad_account", "catalog")


@dataclass(frozen=True)
class BusinessCenterPair:
    """The two Business Centers of a handshake at their platform."""

    platform: ConnectedPlatform
    ours: str
    theirs: str


async def observe_agency(
    reader: PlatformReader, pair: BusinessCenterPair, all_desired: Sequence[DesiredAccess]
) -> ObservedSide:
    """Observe with the agency's token what is desired."""
    observations: dict[AssetKey, Observation] = {}
    kinds = {desired.kind for desired in all_desired}
    for kind in LISTED_KINDS:
        if kind in kinds or (kind == "ad_account" and "pixel" in kinds):
            observations |= await _received(reader, pair, kind, _keys(all_desired, kind))
    pixels = [desired.key for desired in all_desired if desired.kind == "pixel" and desired.key]
    observations |= await _pixels(reader, pair, pixels, observations)
    observations |= {desired.key: NO_TOKEN for desired in all_desired if desired.kind == "person" and desired.key}
    return ObservedSide(observations)


def _keys(all_desired: Sequence[DesiredAccess], kind: str) -> list[AssetKey]:
    keys = [desired.key for desired in all_desired if desired.kind == kind and desired.key]
    accounts = [desired.key.account for desired in all_desired if desired.key] if kind == "ad_account" else []
    return list(dict.fromkeys([*keys, *(account for account in accounts if account)]))


async def _received(
    reader: PlatformReader, pair: BusinessCenterPair, kind: str, keys: Sequence[AssetKey]
) -> dict[AssetKey, Observation]:
    shares = await reader.read(
        lambda access, record: pair.platform.shared_to(
            access, bc_id=pair.ours, partner_id=pair.theirs, kind=kind, keep=record
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
    """Pixels, as the ad accounts show them that arrived.

    One list for each ad account. An ad account that is not there shows no pixel. A refusal although the ad account is
    there means that the agency's consent is older than the share: TikTok shows an app the accounts that were ticked.
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
    """The codes of the pixels an ad account can use."""
    pixels = await reader.read(
        lambda access, record: pair.platform.pixels_of(access, account_id=account_id, keep=record)
    )
    return pixels if isinstance(pixels, Observation) else frozenset(pixels)
