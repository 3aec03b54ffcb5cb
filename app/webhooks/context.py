"""Contexts of the background work of webhooks, provided by assembly."""

import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.jobs import WakeUp
from app.mail.service import MailQueue
from app.webhooks.message import Destination
from app.webhooks.metrics import Heartbeat

#: Maximum number of deliveries in flight per worker.
SLOTS = 512


@dataclass(frozen=True)
class WebhookContext:
    """Shared by the loops of one worker. `alarm` wakes the dispatcher, `happened` wakes fan-out."""

    sessions: Sessions
    keyring: Keyring
    egress: Egress
    public_url: str
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    alarm: WakeUp = field(default_factory=WakeUp)
    happened: WakeUp = field(default_factory=WakeUp)
    pulse: Heartbeat = field(default_factory=Heartbeat)
    slots: int = SLOTS
    worker: str = f"{socket.gethostname()[:48]}:{os.getpid()}"


@dataclass(frozen=True)
class MaintenanceContext:
    """`outbox` is None without mail. `at_once`: maximum number of rows per statement and of e-mails per round."""

    sessions: Sessions
    outbox: MailQueue | None = None
    #: retention of deliveries, bodies and attempts in days, and of stored responses
    days: int = 30
    body_days: int = 14
    #: maximum number of open deliveries of an endpoint
    most_pending: int = 100_000
    at_once: int = 1000
    #: periodic tasks of other rooms by key; each returns the delay until it is due again
    tasks: Mapping[str, Callable[[], Awaitable[timedelta]]] = field(default_factory=dict)
    #: pruning functions of other rooms: (sessions, now, maximum of rows) -> number of rows
    others: tuple[Callable[[Sessions, datetime, int], Awaitable[int]], ...] = ()
