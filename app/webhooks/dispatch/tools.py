"""What the work of webhooks needs at hand, given by assembly."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kit.database import Sessions
from app.kit.due import Alarm
from app.kit.egress.sender import Egress
from app.kit.vault import Vault
from app.webhooks.dispatch.message.conversation import Destination
from app.webhooks.dispatch.seeing.pulse import Pulse

#: Deliveries that one worker has in flight at most.
SLOTS = 512


@dataclass(frozen=True)
class Tools:
    """Shared by the loops of one worker. `alarm` wakes the one that sends, `happened` the one that fans out."""

    sessions: Sessions
    vault: Vault
    egress: Egress
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    alarm: Alarm = field(default_factory=Alarm)
    happened: Alarm = field(default_factory=Alarm)
    pulse: Pulse = field(default_factory=Pulse)
    slots: int = SLOTS
    worker: str = f"{socket.gethostname()[:48]}:{os.getpid()}"
