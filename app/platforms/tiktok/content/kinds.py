"""The kinds of assets that can be asked for at TikTok, with their roles from the smallest to the largest. Pure."""

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
    """The role's place among those of the kind, from 1; 0 where it is none of them."""
    known = KINDS.get(kind)
    return known.roles.index(role) + 1 if known and role in known.roles else 0
