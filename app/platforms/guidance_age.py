"""Guidance for clients that was compared with the platforms' own help too long ago. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from app.kit.i18n.message import ContentDate
from app.platforms import declarations
from app.platforms.manual import library

#: Menus change: guidance that is older is compared again.
STALE_AFTER = timedelta(days=180)


class StaleGuidance(NamedTuple):
    """The oldest guidance of a platform in one language."""

    platform: str
    language: str
    compared_on: date


def stale(today: date) -> tuple[StaleGuidance, ...]:
    """All guidance that is too old, by platform and language."""
    oldest: dict[tuple[str, str], date] = {}
    for name, dated in _dates():
        for language, day in dated.by_language:
            oldest[name, language] = min(day, oldest.get((name, language), day))
    return tuple(StaleGuidance(*key, day) for key, day in oldest.items() if today - day > STALE_AFTER)


def _dates() -> Iterator[tuple[str, ContentDate]]:
    for declared in declarations.every().values():
        yield from ((declared.name, dated) for dated in declared.guidance_dates())
    for platform in library.every().values():
        if platform.compared_on:
            yield platform.name, platform.compared_on
