"""The platforms of this installation, by key."""

from collections.abc import Iterator, Mapping

from app.platforms.port import Platform


class Platforms(Mapping[str, Platform]):
    """Made by assembly from the settings."""

    def __init__(self, *platforms: Platform) -> None:
        self._by_key = {platform.key: platform for platform in platforms}

    def __getitem__(self, key: str) -> Platform:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)
