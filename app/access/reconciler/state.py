"""Values that decisions about access are made from: desired access, observed access, action history. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

#: The call with which a person is invited; a member is given ad accounts by others.
INVITE = "bc/member/invite"


class ReadFailure(StrEnum):
    """Why one side could not be read."""

    NO_TOKEN = "no_token"  # noqa: S105 - no secret: the name of a reason
    DEAD = "connection_dead"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    WAITS = "waits_for_account"


@dataclass(frozen=True)
class PlatformAnswer:
    """The platform's own words on one call, as far as people and its support need them."""

    operation: str
    code: int | None
    message: str
    request_id: str | None


class AssetKey(NamedTuple):
    """One thing of the client's: an asset of a kind; a pixel is meant on one ad account (`parent_asset_id`)."""

    kind: str
    asset_id: str
    parent_asset_id: str | None = None

    @property
    def account(self) -> "AssetKey | None":
        """The ad account this hangs on."""
        return AssetKey("ad_account", self.parent_asset_id) if self.parent_asset_id else None


@dataclass(frozen=True)
class DesiredAccess:
    """One access request, or a grant to be taken away. `approved_at` is the client's yes; without it nothing is done.

    `link_ended`: nothing more is shared. `over`: nothing is looked for either, because nothing can be on its way.
    `unwanted`: to be taken away, said at `unwanted_at`. `reduce_at`: the wish to have a role lowered that is higher
    than agreed.
    `proved_by_client`: what was verified was observed by the client's token alone.
    `connected_at`: when the client's connection was made. `seen_at`: when it was last read as agreed; `drifted_at`:
    since when it is no longer. `listed_at`: when the client's own list began to show what waits for the agency.
    `held_by_others`: other client records of the agency have it, so that it is not taken away nor lowered.
    `needs_events`: a pixel that has received nothing does not do its job. `email`: whom an access request of kind
    `person` invites.
    `center_typed`: the client typed its Business Center, so it may be wrong; `shared_from`: the one from which the
    agency was last observed to have it instead.
    """

    access_request_id: str | None
    kind: str
    asset_id: str | None
    role: str
    lane: Literal["connected", "guided"]
    parent_asset_id: str | None = None
    approved_at: datetime | None = None
    declined: bool = False
    link_ended: bool = False
    over: bool = False
    unwanted: bool = False
    unwanted_at: datetime | None = None
    attested: bool = False
    was_verified: bool = False
    proved_by_client: bool = False
    recheck_at: datetime | None = None
    reduce_at: datetime | None = None
    connected_at: datetime | None = None
    seen_at: datetime | None = None
    drifted_at: datetime | None = None
    listed_at: datetime | None = None
    held_by_others: bool = False
    needs_events: bool = False
    email: str | None = field(default=None, repr=False)
    center_typed: bool = False
    shared_from: str | None = None

    @property
    def key(self) -> AssetKey | None:
        """The asset that is desired; None until the client has chosen."""
        return AssetKey(self.kind, self.asset_id, self.parent_asset_id) if self.asset_id else None

    @property
    def is_live(self) -> bool:
        """True if it is agreed to and still counts."""
        return self.approved_at is not None and not self.declined and not self.over and self.asset_id is not None

    @property
    def acts(self) -> tuple[datetime, ...]:
        """Times of actions after which a refused attempt is repeated: agreed, requested a check, authorized."""
        moments = (self.approved_at, self.recheck_at, self.reduce_at, self.unwanted_at, self.connected_at)
        return tuple(moment for moment in moments if moment is not None)

    @property
    def says_done(self) -> bool:
        """True if somebody said "look now" after the client's yes: by hand that means the steps were done."""
        return self.recheck_at is not None and self.approved_at is not None and self.recheck_at > self.approved_at


@dataclass(frozen=True)
class Observation:
    """What one side's token shows of one thing: its role, or that it is not there, or why that is unknown.

    `blocker` is what stood in the way of the read, `answer` the platform's words on it. Of a person, `pending`: the
    invitation waits for them; `rejected`: they said no; `member`: they came and lack the ad accounts; `everything`:
    they are Admin of the whole Business Center.
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
        """True if the answer is known."""
        return self.why_not is None


@dataclass(frozen=True)
class ObservedSide:
    """One side's view, thing by thing; `otherwise` of everything that is not named."""

    observations: Mapping[AssetKey, Observation] = field(default_factory=dict)
    otherwise: Observation = Observation(why_not=ReadFailure.NO_TOKEN)

    def of(self, key: AssetKey) -> Observation:
        """What it shows of one thing."""
        return self.observations.get(key, self.otherwise)


@dataclass(frozen=True)
class ObservedAccess:
    """One look at the world.

    `problems`: for each thing of the client's, why it cannot be shared from its Business Center (a blocker's code).
    `center`: what is wrong with the client's Business Center or with whoever authorized.
    `partnered`: whether the agency's side lists the client as its partner, so that both agreed; None where nobody
    looked.
    `trip`: how the client's last way to the platform ended where there is no connection from it (a blocker's code).
    `events`: how many events a pixel received lately, where that was asked; `events_unread`: why that is unknown.
    `elsewhere`: the Business Center that shares it with the agency, where that is another than the client gave.
    `unavailable_since`: since when the platform gives no answer to work with.
    """

    client: ObservedSide = ObservedSide()
    agency: ObservedSide = ObservedSide()
    asset_problems: Mapping[AssetKey, str] = field(default_factory=dict)
    center_problem: str | None = None
    client_can_write: bool = False
    partnered: bool | None = None
    authorization_blocker: str | None = None
    events: Mapping[AssetKey, int] = field(default_factory=dict)
    events_unread: Mapping[AssetKey, Observation] = field(default_factory=dict)
    shared_elsewhere: Mapping[AssetKey, str] = field(default_factory=dict)
    unavailable_since: datetime | None = None


@dataclass(frozen=True)
class PastAction:
    """The last attempt on one thing. `outcome` open: no answer was recorded; `batch`: how many went with it.

    `times`: how often it was tried since the last attempt at the opposite. `since`: since when nothing could be sent at
    all. `invited`: a person became a member by it, now or before; `operation` is the platform's name of the call.
    """

    at: datetime
    role: str
    outcome: Literal["ok", "unclear", "open", "denied", "unavailable"]
    times: int = 1
    blocker: str | None = None
    batch: int = 1
    invited: bool = False
    operation: str = ""
    since: datetime | None = None
    answer: PlatformAnswer | None = field(default=None, compare=False)

    @property
    def may_have_happened(self) -> bool:
        """True if the platform may have done it, whatever we were told."""
        return self.outcome in ("ok", "unclear", "open")


@dataclass(frozen=True)
class ActionHistory:
    """The last attempts to share and to unshare, by asset."""

    shared: Mapping[AssetKey, PastAction] = field(default_factory=dict)
    unshared: Mapping[AssetKey, PastAction] = field(default_factory=dict)


ROLE_RANK: Mapping[str, int] = {"LINK": 1, "AD_PROMOTE": 1, "ANALYST": 1, "OPERATOR": 2, "ADMIN": 3}


def rank(role: str | None) -> int:
    """How much a role may do; 0 for none."""
    return ROLE_RANK.get(role or "", 0)


@dataclass(frozen=True)
class ShareAction:
    """Share these, at most 50, in one role; a pixel with ad accounts; one person."""

    kind: str
    role: str
    keys: tuple[AssetKey, ...]


@dataclass(frozen=True)
class UnshareAction:
    """Take these away, at most 50 of one kind; of pixels and people one at a time."""

    kind: str
    keys: tuple[AssetKey, ...]


Action = ShareAction | UnshareAction
