"""The agency's side: what arrived there."""

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
    eyes: PlatformReader, pair: BusinessCenterPair, wanted: Sequence[DesiredAccess]
) -> ObservedSide:
    """What the agency's token shows of everything wanted."""
    sights: dict[AssetKey, Observation] = {}
    kinds = {want.kind for want in wanted}
    for kind in LISTED_KINDS:
        if kind in kinds or (kind == "ad_account" and "pixel" in kinds):
            sights |= await _received(eyes, pair, kind, _keys(wanted, kind))
    sights |= await _pixels(eyes, pair, [want.key for want in wanted if want.kind == "pixel" and want.key], sights)
    sights |= {want.key: NO_TOKEN for want in wanted if want.kind == "person" and want.key}
    return ObservedSide(sights)


def _keys(wanted: Sequence[DesiredAccess], kind: str) -> list[AssetKey]:
    keys = [want.key for want in wanted if want.kind == kind and want.key]
    hung = [want.key.account for want in wanted if want.key and want.key.account and kind == "ad_account"]
    return list(dict.fromkeys([*keys, *(key for key in hung if key)]))


async def _received(
    eyes: PlatformReader, pair: BusinessCenterPair, kind: str, keys: Sequence[AssetKey]
) -> dict[AssetKey, Observation]:
    shares = await eyes.read(
        lambda access, keep: pair.platform.shared_to(
            access, bc_id=pair.ours, partner_id=pair.theirs, kind=kind, keep=keep
        )
    )
    return observations(shares, keys)


def observations(shares: object, keys: Sequence[AssetKey]) -> dict[AssetKey, Observation]:
    """What a list of shares, or the lack of one, says of each thing."""
    if isinstance(shares, Observation):
        return dict.fromkeys(keys, shares)
    assert isinstance(shares, dict)
    return {key: Observation(shares[key.asset_id].role) if key.asset_id in shares else Observation() for key in keys}


async def _pixels(
    eyes: PlatformReader, pair: BusinessCenterPair, keys: Sequence[AssetKey], accounts: dict[AssetKey, Observation]
) -> dict[AssetKey, Observation]:
    """Pixels, as the ad accounts show them that arrived.

    One list for each ad account. An ad account that is not there shows no pixel. A refusal although the ad account is
    there means that the agency's consent is older than the share: TikTok shows an app the accounts that were ticked.
    """
    sights: dict[AssetKey, Observation] = {}
    for account_id in dict.fromkeys(key.parent_asset_id for key in keys if key.parent_asset_id):
        here = [key for key in keys if key.parent_asset_id == account_id]
        account = accounts.get(AssetKey("ad_account", account_id), NO_TOKEN)
        if account.role is None:
            sights |= dict.fromkeys(here, account if account.why_not else Observation())
            continue
        if not _may_read(eyes, pair):
            sights |= dict.fromkeys(here, Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized"))
            continue
        codes = await pixel_codes(eyes, pair, account_id)
        if isinstance(codes, Observation):
            refused = codes.why_not is ReadFailure.DENIED and codes.blocker != "platform_changed"
            sights |= dict.fromkeys(here, replace(codes, blocker="agency_must_reauthorize") if refused else codes)
        else:
            sights |= {key: Observation("LINK") if key.asset_id in codes else Observation() for key in here}
    return sights


def _may_read(eyes: PlatformReader, pair: BusinessCenterPair) -> bool:
    connection = eyes.connection
    return connection is None or pair.platform.may([int(scope) for scope in connection.scopes], "pixels")


async def pixel_codes(eyes: PlatformReader, pair: BusinessCenterPair, account_id: str) -> frozenset[str] | Observation:
    """The codes of the pixels an ad account can use."""
    pixels = await eyes.read(lambda access, keep: pair.platform.pixels_of(access, account_id=account_id, keep=keep))
    return pixels if isinstance(pixels, Observation) else frozenset(pixels)
