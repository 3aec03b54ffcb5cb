"""What the work of webhooks needs at hand, given by assembly."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.jobs import WakeUp
from app.webhooks.message.request_sequence import Destination
from app.webhooks.monitoring.heartbeat import Heartbeat

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
