"""The agency's side: what arrived there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.access.handshakes.deciding.world import Key, Side, Sight, Unread, Want
from app.access.handshakes.looking.eyes import NO_TOKEN, Eyes
from app.platforms.port import ConnectedPlatform

#: Kinds that one list between partners shows.
LISTED = ("ad_account", "catalog")


@dataclass(frozen=True)
class Pair:
    """The two Business Centers of a handshake at their platform."""

    platform: ConnectedPlatform
    ours: str
    theirs: str


async def agency(eyes: Eyes, pair: Pair, wanted: Sequence[Want]) -> Side:
    """What the agency's token shows of everything wanted."""
    sights: dict[Key, Sight] = {}
    kinds = {want.kind for want in wanted}
    for kind in LISTED:
        if kind in kinds or (kind == "ad_account" and "pixel" in kinds):
            sights |= await _received(eyes, pair, kind, _keys(wanted, kind))
    sights |= await _pixels(eyes, pair, [want.key for want in wanted if want.kind == "pixel" and want.key], sights)
    sights |= {want.key: NO_TOKEN for want in wanted if want.kind == "person" and want.key}
    return Side(sights)


def _keys(wanted: Sequence[Want], kind: str) -> list[Key]:
    keys = [want.key for want in wanted if want.kind == kind and want.key]
    hung = [want.key.account for want in wanted if want.key and want.key.account and kind == "ad_account"]
    return list(dict.fromkeys([*keys, *(key for key in hung if key)]))


async def _received(eyes: Eyes, pair: Pair, kind: str, keys: Sequence[Key]) -> dict[Key, Sight]:
    shares = await eyes.read(
        lambda access, keep: pair.platform.shared_to(
            access, bc_id=pair.ours, partner_id=pair.theirs, kind=kind, keep=keep
        )
    )
    return listed(shares, keys)


def listed(shares: object, keys: Sequence[Key]) -> dict[Key, Sight]:
    """What a list of shares, or the lack of one, says of each thing."""
    if isinstance(shares, Sight):
        return dict.fromkeys(keys, shares)
    assert isinstance(shares, dict)
    return {key: Sight(shares[key.asset_id].role) if key.asset_id in shares else Sight() for key in keys}


async def _pixels(eyes: Eyes, pair: Pair, keys: Sequence[Key], accounts: dict[Key, Sight]) -> dict[Key, Sight]:
    """Pixels, as the ad accounts show them that arrived.

    One list for each ad account. An ad account that is not there shows no pixel. A refusal although the ad account is
    there means that the agency's consent is older than the share: TikTok shows an app the accounts that were ticked.
    """
    sights: dict[Key, Sight] = {}
    for account_id in dict.fromkeys(key.through_id for key in keys if key.through_id):
        here = [key for key in keys if key.through_id == account_id]
        account = accounts.get(Key("ad_account", account_id), NO_TOKEN)
        if account.role is None:
            sights |= dict.fromkeys(here, account if account.why_not else Sight())
            continue
        if not _may_read(eyes, pair):
            sights |= dict.fromkeys(here, Sight(why_not=Unread.DENIED, blocker="scope_not_authorised"))
            continue
        codes = await read_pixels(eyes, pair, account_id)
        if isinstance(codes, Sight):
            refused = codes.why_not is Unread.DENIED and codes.blocker != "platform_changed"
            sights |= dict.fromkeys(here, replace(codes, blocker="agency_must_reauthorise") if refused else codes)
        else:
            sights |= {key: Sight("LINK") if key.asset_id in codes else Sight() for key in here}
    return sights


def _may_read(eyes: Eyes, pair: Pair) -> bool:
    connection = eyes.connection
    return connection is None or pair.platform.may([int(scope) for scope in connection.scopes], "pixels")


async def read_pixels(eyes: Eyes, pair: Pair, account_id: str) -> frozenset[str] | Sight:
    """The codes of the pixels an ad account can use."""
    pixels = await eyes.read(lambda access, keep: pair.platform.pixels_of(access, account_id=account_id, keep=keep))
    return pixels if isinstance(pixels, Sight) else frozenset(pixels)
