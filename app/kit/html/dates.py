"""Dates for people: absolute, with the time zone. Pure."""

from datetime import UTC, date, datetime

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def day(when: date) -> str:
    """`3 March 2026`; for a time, the day in UTC."""
    on = when.astimezone(UTC) if isinstance(when, datetime) else when
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def moment(when: datetime) -> str:
    """`3 March 2026, 14:32 UTC`."""
    return f"{day(when)}, {when.astimezone(UTC):%H:%M} UTC"
