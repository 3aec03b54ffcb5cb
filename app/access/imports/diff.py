"""Lists of a platform: valid entries, and their difference to what was known. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.platforms.resources import AssetShare, PartnerInfo

_ID = re.compile(r"[0-9]{1,32}", re.ASCII)
_ROLE = re.compile(r"[A-Z][A-Z0-9_]{0,31}", re.ASCII)
_LONGEST_NAME = 200


@dataclass(frozen=True)
class KnownGrant:
    """A grant as of the last read."""

    grant_id: str
    role: str
    name: str | None


@dataclass(frozen=True)
class Difference:
    """Difference between a read and the stored grants. `renamed` keep their role; `gone` are ids of assets."""

    new: tuple[AssetShare, ...]
    changed: tuple[AssetShare, ...]
    renamed: tuple[AssetShare, ...]
    gone: tuple[str, ...]


def valid_partners(seen: Iterable[PartnerInfo], own_account_id: str) -> tuple[list[PartnerInfo], int]:
    """Each partner once, with a name of one line, and the number of invalid ids; without `own_account_id`."""
    everything = list(seen)
    fit = {
        each.account_id: PartnerInfo(each.account_id, one_line(each.name) or f"Business Center {each.account_id}")
        for each in everything
        if _ID.fullmatch(each.account_id) and each.account_id != own_account_id
    }
    return list(fit.values()), sum(1 for each in everything if not _ID.fullmatch(each.account_id))


def valid_shares(shares: Mapping[str, AssetShare]) -> tuple[dict[str, AssetShare], frozenset[str]]:
    """The shares with valid ids and roles, names on one line; and the ids of the others."""
    fit = {
        asset_id: AssetShare(asset_id, share.role, one_line(share.name))
        for asset_id, share in shares.items()
        if _ID.fullmatch(asset_id) and _ROLE.fullmatch(share.role)
    }
    return fit, frozenset(shares.keys() - fit.keys())


def one_line(name: str) -> str:
    """A name without control characters and lone surrogates, at most 200 characters; may be empty."""
    shown = (" " if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") else each for each in name)
    return " ".join("".join(shown).split())[:_LONGEST_NAME].strip()


def compare(
    seen: Mapping[str, AssetShare], known: Mapping[str, KnownGrant], unreadable: Collection[str] = ()
) -> Difference:
    """Compare: new assets, changed roles, changed names, and assets that are gone.

    Unreadable assets are not gone. An empty name is no change.
    """
    both = [(share, known[asset_id]) for asset_id, share in seen.items() if asset_id in known]
    return Difference(
        new=tuple(share for asset_id, share in seen.items() if asset_id not in known),
        changed=tuple(share for share, before in both if share.role != before.role),
        renamed=tuple(
            share for share, before in both if share.role == before.role and share.name not in ("", before.name)
        ),
        gone=tuple(asset_id for asset_id in known if asset_id not in seen and asset_id not in unreadable),
    )
