"""What the chores need, given by assembly."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.kit.database import Sessions
from app.mail.service import MailQueue


@dataclass(frozen=True)
class MaintenanceContext:
    """`outbox` is None where mail is off. `at_once`: as many rows a statement, and as many e-mails a round, at most."""

    sessions: Sessions
    outbox: MailQueue | None = None
    #: how long deliveries, their bodies and attempts are kept, and how long what receivers answered
    days: int = 30
    body_days: int = 14
    #: what may be pending for one endpoint
    most_pending: int = 100_000
    at_once: int = 1000
    #: what rooms above have to be tidied, at most so many rows a call: how many it were
    others: tuple[Callable[[Sessions, datetime, int], Awaitable[int]], ...] = ()
