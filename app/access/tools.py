"""What work on access needs at hand; made by assembly."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.access.patience import Patience
from app.kit.database import Sessions
from app.kit.vault import Vault
from app.mail.actions import Outbox
from app.platforms.catalog import Platforms


@dataclass(frozen=True)
class Tools:
    """Database, keys, platforms, and how patient to be."""

    sessions: Sessions
    vault: Vault
    platforms: Platforms
    patience: Patience = field(default_factory=Patience)
    #: where e-mails are owed; None where this installation sends none
    outbox: Outbox | None = None
    lease: timedelta = timedelta(seconds=60)
    #: how often access that is as agreed is looked at again
    watch: timedelta = timedelta(hours=24)
