"""Limit of system checks of an agency: each check calls a server or two."""

from datetime import timedelta

from app.kit import throttle
from app.kit.database import Sessions
from app.kit.i18n.message import _
from app.kit.throttle import Limit, LimitReached

CHECKS_OF_AGENCY = Limit("system-check", 30, timedelta(minutes=10))


class TooManySystemChecks(LimitReached):
    """The agency has the system checked too often."""

    code = "too_many_system_checks"
    message = _("The system was checked very often in the last minutes.")


async def count_check(sessions: Sessions, agency_id: str) -> None:
    """Count a check, in a transaction of its own. Raises TooManySystemChecks."""
    async with sessions.begin() as session:
        await throttle.take_or_refuse(session, TooManySystemChecks, (CHECKS_OF_AGENCY, agency_id))
