"""Schedule of reminders: days after the client's turn began, outside of quiet hours in the client's time zone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

#: Reminders of one turn, and the last day after its beginning.
MOST, LONGEST = 6, 60
DEFAULT_DAYS = (1, 3, 7)
_SATURDAY = 5
_SEASONS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))


@dataclass(frozen=True)
class ReminderSettings:
    """Schedule of the links of an agency that have none of their own. `days` empty: no reminders.

    No reminder is sent from the hour `quiet_from` until the hour `quiet_until`; without quiet hours they are equal.
    """

    days: tuple[int, ...] = DEFAULT_DAYS
    quiet_from: int = 20
    quiet_until: int = 8
    on_weekends: bool = False
    #: of clients whose own is not known
    time_zone: str = "UTC"

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "ReminderSettings":
        """From the column of the agency; what it lacks is as by default."""
        return cls(**{**kept, "days": tuple(kept.get("days", DEFAULT_DAYS))})

    def to_json(self) -> dict[str, Any]:
        """For the column of the agency."""
        return {**asdict(self), "days": list(self.days)}


def checked_days(days: Sequence[int]) -> list[int]:
    """The days in order. Raises ValueError."""
    found = sorted(set(days))
    if len(found) > MOST or any(not 1 <= each <= LONGEST for each in found):
        raise ValueError(f"Give at most {MOST} days from 1 to {LONGEST}.")
    return found


def checked_time_zone(name: str) -> str:
    """A name of the time zone database, such as Europe/Paris. Raises ValueError."""
    if name not in _zones():
        raise ValueError("Give a name of the time zone database, such as Europe/Paris.")
    return name


def zone(own: str | None, markets: Sequence[str], settings: ReminderSettings) -> ZoneInfo:
    """The client's time zone: the link's own, else that of its only market if it has only one, else the agency's."""
    of_market = _by_country().get(markets[0]) if len(markets) == 1 else None
    return ZoneInfo(own or of_market or settings.time_zone)


def following(
    since: datetime, sent: int, days: Sequence[int], settings: ReminderSettings, where: ZoneInfo
) -> datetime | None:
    """Time of the next reminder of a turn that began at `since`; None if `sent` were all."""
    if sent >= len(days):
        return None
    return _after_quiet(since + timedelta(days=days[sent]), settings, where)


def _after_quiet(at: datetime, settings: ReminderSettings, where: ZoneInfo) -> datetime:
    """The time itself, or the end of the quiet hours and days in which it lies."""
    local = at.astimezone(where)
    while True:
        if not settings.on_weekends and local.weekday() >= _SATURDAY:
            local = _at_hour(local + timedelta(days=1), 0)
        elif _is_quiet(local.hour, settings.quiet_from, settings.quiet_until):
            ends_later = local.hour >= settings.quiet_until
            local = _at_hour(local + timedelta(days=1 if ends_later else 0), settings.quiet_until)
        else:
            return local


def _is_quiet(hour: int, start: int, end: int) -> bool:
    return start <= hour < end if start <= end else hour >= start or hour < end


def _at_hour(day: datetime, hour: int) -> datetime:
    return datetime.combine(day.date(), time(hour), day.tzinfo)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _by_country() -> Mapping[str, str]:
    """The time zone of each country whose clocks all show the same time, in winter and in summer."""
    found: dict[str, list[str]] = {}
    for name, country in get_global("zone_territories").items():
        if name in _zones():
            found.setdefault(country, []).append(name)
    return {
        country: names[0]
        for country, names in found.items()
        if all(len({day.astimezone(ZoneInfo(each)).utcoffset() for each in names}) == 1 for day in _SEASONS)
    }
