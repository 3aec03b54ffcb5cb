"""Kinds of assets by platform: what the rest of the application asks instead of comparing names. Pure."""

from collections.abc import Callable, Mapping

from app.platforms.port import AssetKind
from app.platforms.tiktok.kinds import KINDS as TIKTOK

#: Kinds of each platform with an API; a kind that is not listed, such as that of manual platforms, is by hand.
BY_PLATFORM: Mapping[str, Mapping[str, AssetKind]] = {"tiktok": TIKTOK}
#: Platform of access requests that name none.
DEFAULT_PLATFORM = next(iter(BY_PLATFORM))


def find(platform: str, key: str) -> AssetKind:
    """A kind of a platform; without declarations if it is not known."""
    return BY_PLATFORM.get(platform, {}).get(key) or AssetKind(key, key, key, ())


def keys(is_meant: Callable[[AssetKind], bool], platform: str | None = None) -> tuple[str, ...]:
    """Keys of the kinds with a property, of one platform or of all."""
    return tuple(
        dict.fromkeys(
            kind.key
            for name, kinds in BY_PLATFORM.items()
            if platform in (None, name)
            for kind in kinds.values()
            if is_meant(kind)
        )
    )


def invite_operations() -> frozenset[str]:
    """Operations of the calls that invite people, of all platforms."""
    every = (kind.invite_operation for kinds in BY_PLATFORM.values() for kind in kinds.values())
    return frozenset(operation for operation in every if operation)
