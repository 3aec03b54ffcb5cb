"""Access to assets as values: keys, observations and actions. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


class ReadFailure(StrEnum):
    """Reasons for which one side could not be read."""

    NO_TOKEN = "no_token"  # noqa: S105 - no secret: the name of a reason
    DEAD = "connection_dead"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    WAITS = "waits_for_account"


@dataclass(frozen=True)
class PlatformAnswer:
    """The platform's own message about one call, for people and for its support."""

    operation: str
    code: int | None
    message: str
    request_id: str | None


class AssetKey(NamedTuple):
    """An asset of the client, with its kind; some are used on one other asset (`parent_asset_id`)."""

    kind: str
    asset_id: str
    parent_asset_id: str | None = None


@dataclass(frozen=True)
class Observation:
    """Observation of one asset with one side's token: its role, its absence, or the reason why that is unknown.

    `blocker` is the code of a failed read, `answer` the platform's message about it. For a person, `pending`: the
    invitation is open; `rejected`: they declined it; `member`: they accepted it and lack the assets;
    `everything`: they may do everything at the client.
    """

    role: str | None = None
    why_not: ReadFailure | None = None
    blocker: str | None = None
    pending: bool = False
    rejected: bool = False
    member: bool = False
    everything: bool = False
    answer: PlatformAnswer | None = field(default=None, compare=False)

    @property
    def is_read(self) -> bool:
        """True if the read succeeded."""
        return self.why_not is None


NO_TOKEN = Observation(why_not=ReadFailure.NO_TOKEN)


class AccountPair(Protocol):
    """The accounts of agency and client between which access is shared, by their ids at the platform."""

    @property
    def ours(self) -> str:
        """The agency's."""

    @property
    def theirs(self) -> str:
        """The client's."""


@dataclass(frozen=True)
class WantedAccess:
    """Access whose observation is needed; `email` is that of a person."""

    key: AssetKey
    role: str
    email: str = field(default="", repr=False)


@dataclass(frozen=True)
class ActionMember:
    """Person of an action. `approved`: the assets that the client approved.

    `invited`: invited by us; a person who was a member before stays one.
    """

    email: str
    approved: tuple[AssetKey, ...] = ()
    invited: bool = False


@dataclass(frozen=True)
class ShareAction:
    """Share these assets of one kind in one role: at most as many as one call of that kind takes."""

    kind: str
    role: str
    keys: tuple[AssetKey, ...]


@dataclass(frozen=True)
class UnshareAction:
    """Remove these assets of one kind: at most as many as one call of that kind takes."""

    kind: str
    keys: tuple[AssetKey, ...]


Action = ShareAction | UnshareAction
