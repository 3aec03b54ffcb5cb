"""Contexts of the background work of webhooks, provided by assembly."""

import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.jobs import WakeUp
from app.mail.service import MailQueue
from app.webhooks.message import Destination

#: Seconds without a beat after which a loop is stuck, and without an attempt after which the queue is checked.
SILENCE = 60.0


@dataclass
class Heartbeat:
    """Heartbeat of one process, in memory. `loops` are expected from the start, others from their first beat."""

    loops: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    _attempt: float = 0.0

    def __post_init__(self) -> None:
        self._attempt = self.clock()
        self._beats = dict.fromkeys(self.loops, self._attempt)

    def beat(self, loop: str) -> None:
        """Record one run of a loop."""
        self._beats[loop] = self.clock()

    def attempt(self) -> None:
        """Record an attempt with any outcome."""
        self._attempt = self.clock()

    def stopped(self) -> list[str]:
        """Loops without a beat for SILENCE seconds."""
        return [loop for loop, at in self._beats.items() if self.clock() - at > SILENCE]

    def is_quiet(self) -> bool:
        """True if there was no attempt for SILENCE seconds: check whether deliveries are due."""
        return self.clock() - self._attempt > SILENCE


#: Maximum number of deliveries in flight per worker.
SLOTS = 512


@dataclass(frozen=True)
class WebhookContext:
    """Shared by the loops of one worker. `alarm` wakes the dispatcher, `happened` wakes fan-out."""

    sessions: Sessions
    keyring: Keyring
    egress: Egress
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
    #: pruning functions of other rooms: (sessions, now, maximum of rows) -> number of rows
    others: tuple[Callable[[Sessions, datetime, int], Awaitable[int]], ...] = ()
