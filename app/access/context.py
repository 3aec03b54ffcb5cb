"""Context of background work on access; made by assembly."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.access.pacing import RetryTiming
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.mail.service import MailQueue
from app.platforms.registry import Platforms


@dataclass(frozen=True)
class AccessContext:
    """Database, keys, platforms, and waiting times."""

    sessions: Sessions
    keyring: Keyring
    platforms: Platforms
    timing: RetryTiming = field(default_factory=RetryTiming)
    #: queue of e-mails; None where this installation sends none
    outbox: MailQueue | None = None
    lease: timedelta = timedelta(seconds=60)
    #: interval of observations of access that is as agreed
    watch: timedelta = timedelta(hours=24)
