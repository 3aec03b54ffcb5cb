"""What a decision about access is made from: what is wanted, what is seen, what was tried. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Unread(StrEnum):
    """Why one side could not be read."""

    NO_TOKEN = "no_token"  # noqa: S105 - no secret: the name of a reason
    DEAD = "connection_dead"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Want:
    """One ask. `approved_at` is the client's yes; without it nothing is done.

    `link_ended`: nothing more is shared. `over`: nothing is looked for either, because nothing can be on its way.
    `proved_by_client`: what was verified was seen by the client's token alone.
    """

    ask_id: str
    asset_id: str | None
    role: str
    lane: Literal["connected", "guided"]
    approved_at: datetime | None = None
    declined: bool = False
    link_ended: bool = False
    over: bool = False
    attested: bool = False
    was_verified: bool = False
    proved_by_client: bool = False
    recheck_at: datetime | None = None


@dataclass(frozen=True)
class Side:
    """What one side's token shows of the shares between client and agency, or why it shows nothing.

    `blocker` is the platform's reason where the read was denied.
    """

    shares: Mapping[str, str] | None = None
    why_not: Unread | None = None
    blocker: str | None = None


@dataclass(frozen=True)
class Seen:
    """One look at the world. `owned` maps ad accounts known in the client's Business Center to whether it owns them."""

    client: Side
    agency: Side
    owned: Mapping[str, bool] = field(default_factory=dict)
    client_can_write: bool = False


@dataclass(frozen=True)
class Try:
    """The last attempt to share one asset. `outcome` open: no answer was recorded; `batch`: how many went with it."""

    at: datetime
    role: str
    outcome: Literal["ok", "unclear", "open", "denied", "unavailable"]
    times: int = 1
    blocker: str | None = None
    batch: int = 1

    @property
    def may_have_happened(self) -> bool:
        """Whether the platform may have done it, whatever we were told."""
        return self.outcome in ("ok", "unclear", "open")


Tried = Mapping[str, Try]

ROLE_RANK: Mapping[str, int] = {"ANALYST": 1, "OPERATOR": 2, "ADMIN": 3}
