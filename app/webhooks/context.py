"""Contexts of the background work of webhooks, given by assembly."""

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

#: So long a loop may be silent, and so long there may be no attempt while something is to be sent.
SILENCE = 60.0


@dataclass
class Heartbeat:
    """Of one process, in memory. `loops` must go on from the start, others from their first beat."""

    loops: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    _attempt: float = 0.0

    def __post_init__(self) -> None:
        self._attempt = self.clock()
        self._beats = dict.fromkeys(self.loops, self._attempt)

    def beat(self, loop: str) -> None:
        """A loop went round, with or without work."""
        self._beats[loop] = self.clock()

    def attempt(self) -> None:
        """An attempt was made, whatever came of it."""
        self._attempt = self.clock()

    def stopped(self) -> list[str]:
        """Loops that have been silent for too long."""
        return [loop for loop, at in self._beats.items() if self.clock() - at > SILENCE]

    def is_quiet(self) -> bool:
        """True if there was no attempt for so long that somebody should look whether anything is to be sent."""
        return self.clock() - self._attempt > SILENCE


#: Deliveries that one worker has in flight at most.
SLOTS = 512


@dataclass(frozen=True)
class WebhookContext:
    """Shared by the loops of one worker. `alarm` wakes the one that sends, `happened` the one that fans out."""

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
