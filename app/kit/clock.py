"""Local time, and times as text; due times use the database's clock. Pure."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`, as in every body; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def long_date(when: date) -> str:
    """`3 March 2026`; for a time, the day in UTC."""
    on = when.astimezone(UTC) if isinstance(when, datetime) else when
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
