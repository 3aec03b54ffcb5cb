"""The class of the last answer, read from the last attempt's code."""

from typing import Literal

from sqlalchemy import ColumnElement, Integer, any_, case, cast, func, null, select
from sqlalchemy.dialects.postgresql import array

from app.webhooks.models import Attempt, Delivery

StatusClass = Literal["2xx", "3xx", "4xx", "5xx", "none"]
#: Codes of attempts to which no HTTP answer came.
_SILENT = ("connect_%", "dns_%", "tls_%", "timeout_%", "blocked_address", "protocol")


def answered(wanted: StatusClass) -> ColumnElement[bool]:
    """True for deliveries whose last attempt got an answer of this class; `none`: it got none at all."""
    if wanted == "none":
        return Delivery.last_code.is_not(None) & _hundreds().is_(None)
    return _hundreds() == int(wanted[0])


def _hundreds() -> ColumnElement[int | None]:
    """Most codes say it; of the few others (`throttled` is 429 or 503) the attempt itself is looked at."""
    code = Delivery.last_code
    return case(
        (code.is_(None), null()),
        (code.regexp_match("^http_[1-5]"), cast(func.substr(code, 6, 1), Integer)),
        (code == "redirect", 3),
        (code == "gone", 4),
        (code.like(any_(array(_SILENT))), null()),
        else_=_status_of_last_attempt() // 100,
    )


def _status_of_last_attempt() -> ColumnElement[int | None]:
    return (
        select(Attempt.status)
        .where(Attempt.agency_id == Delivery.agency_id, Attempt.delivery_id == Delivery.id)
        .order_by(Attempt.id.desc())
        .limit(1)
        .correlate(Delivery)
        .scalar_subquery()
    )
