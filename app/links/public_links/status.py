"""Status of a public link: open, or the reason why it takes no other client. Pure."""

from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
#: From one address of the internet, in one hour; an office behind one address stays below it.
MOST_PER_ADDRESS = 5


def of(
    *, revoked_at: datetime | None, expires_at: datetime | None, uses: int, most_uses: int | None, now: datetime
) -> str:
    """`open`, `revoked`, `expired` or `used_up`."""
    if revoked_at is not None:
        return "revoked"
    if expires_at is not None and expires_at <= now:
        return "expired"
    return "used_up" if most_uses is not None and uses >= most_uses else "open"


def is_too_busy(*, in_all: int, most_per_hour: int, from_here: int) -> bool:
    """True if the uses of the last hour leave no room for one more."""
    return in_all >= most_per_hour or from_here >= MOST_PER_ADDRESS
