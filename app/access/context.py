"""What work on access needs at hand; made by assembly."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.access.retry_policy import RetryTiming
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.mail.service import MailQueue
from app.platforms.registry import Platforms


@dataclass(frozen=True)
class AccessContext:
    """Database, keys, platforms, and how patient to be."""

    sessions: Sessions
    keyring: Keyring
    platforms: Platforms
    patience: RetryTiming = field(default_factory=RetryTiming)
    #: where e-mails are owed; None where this installation sends none
    outbox: MailQueue | None = None
    lease: timedelta = timedelta(seconds=60)
    #: how often access that is as agreed is looked at again
    watch: timedelta = timedelta(hours=24)
