"""The kinds of TikTok assets that can be requested, with their roles from lowest to highest. Pure."""

from collections.abc import Mapping

from app.platforms.port import AssetKind
from app.platforms.roles import AD_ACCOUNT_NAMES

_ADVERTISER = ("ANALYST", "OPERATOR", "ADMIN")

KINDS: Mapping[str, AssetKind] = {
    kind.key: kind
    for kind in (
        AssetKind("ad_account", "ad account", "ad accounts", _ADVERTISER, by_api=True, names=AD_ACCOUNT_NAMES),
        # TikTok has no roles for pixels: a pixel is linked to an ad account, or not
        AssetKind("pixel", "pixel", "pixels", ("LINK",), by_api=True, through="ad_account"),
        AssetKind("catalog", "catalog", "catalogs", ("AD_PROMOTE", "ADMIN")),
        AssetKind("person", "person", "people", _ADVERTISER, by_api=True, names=AD_ACCOUNT_NAMES),
    )
}


def rank(kind: str, role: str) -> int:
    """Rank among the roles of the kind, from 1; 0 for an unknown role."""
    known = KINDS.get(kind)
    return known.roles.index(role) + 1 if known and role in known.roles else 0
