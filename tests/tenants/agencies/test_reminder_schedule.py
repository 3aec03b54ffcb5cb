"""Schedule of reminders: days of a turn, quiet hours and days, and the client's time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.tenants.agencies import reminder_schedule
from app.tenants.agencies.reminder_schedule import ReminderSettings

PARIS = ZoneInfo("Europe/Paris")
ALWAYS = ReminderSettings(quiet_from=0, quiet_until=0, on_weekends=True)


def _at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("since", "sent", "expected"),
    [
        ("2026-12-07 10:00", 0, "2026-12-08 10:00"),  # Monday
        ("2026-12-07 10:00", 1, "2026-12-10 10:00"),
        ("2026-12-07 22:30", 0, "2026-12-09 08:00"),  # at night: the next morning
        ("2026-12-07 03:00", 0, "2026-12-08 08:00"),  # before the morning: the same day
        ("2026-12-07 20:00", 0, "2026-12-09 08:00"),
        ("2026-12-07 19:59", 0, "2026-12-08 19:59"),
        ("2026-12-04 10:00", 0, "2026-12-07 08:00"),  # Saturday: Monday morning
        ("2026-12-05 23:00", 0, "2026-12-07 08:00"),
        ("2026-10-23 12:00", 0, "2026-10-26 08:00"),  # clocks go back on Sunday
    ],
)
def test_a_reminder_waits_for_the_morning_of_a_working_day(since: str, sent: int, expected: str) -> None:
    found = reminder_schedule.following(_at(since), sent, (1, 3, 7), ReminderSettings(), PARIS)
    assert found == _at(expected)


def test_quiet_hours_are_those_of_the_client() -> None:
    since = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)  # morning in Vietnam
    found = reminder_schedule.following(since, 0, (1,), ReminderSettings(), ZoneInfo("Asia/Ho_Chi_Minh"))
    assert found == datetime(2026, 12, 9, 1, 0, tzinfo=UTC)


def test_without_quiet_hours_every_time_is_good() -> None:
    assert reminder_schedule.following(_at("2026-12-04 23:00"), 0, (1,), ALWAYS, PARIS) == _at("2026-12-05 23:00")


def test_quiet_hours_within_a_day() -> None:
    settings = ReminderSettings(quiet_from=12, quiet_until=14)
    assert reminder_schedule.following(_at("2026-12-07 12:30"), 0, (1,), settings, PARIS) == _at("2026-12-08 14:00")


@pytest.mark.parametrize(("sent", "days"), [(3, (1, 3, 7)), (0, ())])
def test_none_follows_the_last(sent: int, days: tuple[int, ...]) -> None:
    assert reminder_schedule.following(_at("2026-12-07 10:00"), sent, days, ALWAYS, PARIS) is None


@pytest.mark.parametrize(
    ("own", "markets", "expected"),
    [
        ("Asia/Tokyo", ["FR"], "Asia/Tokyo"),
        (None, ["FR"], "Europe/Paris"),
        (None, ["DE"], "Europe/Berlin"),
        (None, ["US"], "Europe/Rome"),
        (None, ["FR", "VN"], "Europe/Rome"),
        (None, [], "Europe/Rome"),
    ],
)
def test_the_time_zone_of_a_client(own: str | None, markets: list[str], expected: str) -> None:
    settings = ReminderSettings(time_zone="Europe/Rome")
    assert reminder_schedule.zone(own, markets, settings).key == expected


@pytest.mark.parametrize("days", [[0], [61], [1, 2, 3, 4, 5, 6, 7]])
def test_days_that_are_refused(days: list[int]) -> None:
    with pytest.raises(ValueError, match="at most 6 days"):
        reminder_schedule.checked_days(days)


def test_days_are_sorted_once_each() -> None:
    assert reminder_schedule.checked_days([7, 1, 1]) == [1, 7]
