"""The platforms of this installation, by key."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.platforms.manual.library import ManualPlatform
from app.platforms.port import ConnectedPlatform, Platform


class Platforms(Mapping[str, Platform]):
    """Platforms of the installation, built from the settings: connected ones first, then manual ones.

    Raises ValueError for a connected platform that has no words for a role of its kinds, or no handler of a kind.
    """

    def __init__(self, *connected: ConnectedPlatform, manual: Iterable[ManualPlatform] = ()) -> None:
        for platform in connected:
            _check(platform)
        self._connected = {platform.key: platform for platform in connected}
        self._manual = {platform.key: platform for platform in manual}
        self._by_key: dict[str, Platform] = {**self._connected, **self._manual}

    def connected(self, key: str) -> ConnectedPlatform:
        """A platform with an API. Raises KeyError for any other."""
        return self._connected[key]

    def has_api(self, key: str) -> bool:
        """True for a platform that `connected` returns."""
        return key in self._connected

    @property
    def with_api(self) -> Iterable[ConnectedPlatform]:
        """The platforms with an API."""
        return self._connected.values()

    @property
    def default(self) -> ConnectedPlatform:
        """The platform of requests that name none: the first with an API."""
        return next(iter(self._connected.values()))

    def manual(self, key: str) -> ManualPlatform:
        """A manual platform. Raises KeyError for any other."""
        return self._manual[key]

    def beside(self, own: Sequence[ManualPlatform]) -> "Platforms":
        """These platforms, and those of an agency's own."""
        return Platforms(*self.with_api, manual=[*self._manual.values(), *own]) if own else self

    def __getitem__(self, key: str) -> Platform:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)


def _check(platform: ConnectedPlatform) -> None:
    for kind in platform.kinds.values():
        if kind.by_api and kind.key not in platform.handlers:
            raise ValueError(f"{platform.name} has no handler for {kind.key}.")
        for role in kind.roles:
            try:
                platform.role_words(kind.key, role)
            except KeyError:
                raise ValueError(f"{platform.name} has no words for the role {role} of {kind.key}.") from None
