"""What is usual in a country: the currencies money is counted in, and the hours the clocks show. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_territory_currencies

#: How far from UTC clocks are in winter and in summer: time zones are alike where both agree.
Hours = tuple[float, float]


def currencies(markets: Iterable[str], on: date) -> frozenset[str]:
    """ISO 4217 codes of what is legal tender in these countries (ISO 3166 alpha-2) that day."""
    return frozenset(
        code for market in markets for code in get_territory_currencies(market, start_date=on, end_date=on)
    )


def same_hours(timezone: str, markets: Iterable[str], on: date) -> bool | None:
    """Whether the clocks of a time zone (IANA name) show the hour of one of these countries; None for no such zone."""
    hours = _hours(timezone, on.year)
    if hours is None:
        return None
    return any(hours == _hours(zone, on.year) for market in markets for zone in _zones(market))


@cache
def _zones(market: str) -> tuple[str, ...]:
    return tuple(zone for zone, territory in get_global("zone_territories").items() if territory == market)


@cache
def _hours(timezone: str, year: int) -> Hours | None:
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # unknown here, or no name at all
        return None
    winter, summer = (datetime.combine(date(year, month, 1), time(12), zone).utcoffset() for month in (1, 7))
    return (winter.total_seconds(), summer.total_seconds()) if winter is not None and summer is not None else None
