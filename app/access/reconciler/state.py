"""Values for decisions about access: desired access, observed access, and the history of actions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.platforms.access import NO_TOKEN, AssetKey, Observation, PlatformAnswer
from app.platforms.port import AssetKind


@dataclass(frozen=True)
class DesiredAccess:
    """One access request, or a grant to remove. `approved_at`: the client's consent; without it nothing is done.

    `link_ended`: nothing more is shared. `over`: nothing is observed either, because no share can be in progress.
    `unwanted`: to be removed, requested at `unwanted_at`. `reduce_at`: request to lower a role that is higher than
    agreed. `proved_by_client`: the verification was made with the client's token alone.
    `connected_at`: time of the client's connection. `seen_at`: last read as agreed; `drifted_at`: time from which it is
    not. `listed_at`: when the client's own list began to show the access that waits for the agency.
    `held_by_others`: other client records of the agency have it, so that it is neither removed nor lowered.
    `needs_events`: the asset must receive events. `email`: address of the person to invite.
    `center_typed`: the client typed its Business Center, which may be wrong; `shared_from`: the Business Center that
    was last observed to share it instead.
    """

    access_request_id: str | None
    kind: AssetKind
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
        """The desired asset; None until the client has selected it."""
        return AssetKey(self.kind.key, self.asset_id, self.parent_asset_id) if self.asset_id else None

    @property
    def parent(self) -> AssetKey | None:
        """The asset that it depends on, such as the ad account of a pixel."""
        return AssetKey(self.kind.through, self.parent_asset_id) if self.kind.through and self.parent_asset_id else None

    @property
    def is_live(self) -> bool:
        """True if it is approved and still applies."""
        return self.approved_at is not None and not self.declined and not self.over and self.asset_id is not None

    @property
    def acts(self) -> tuple[datetime, ...]:
        """Times of actions after which a refused attempt is repeated: agreed, requested a check, authorized."""
        moments = (self.approved_at, self.recheck_at, self.reduce_at, self.unwanted_at, self.connected_at)
        return tuple(moment for moment in moments if moment is not None)

    @property
    def says_done(self) -> bool:
        """True if a check was requested after the client's consent: by hand that means the steps were done."""
        return self.recheck_at is not None and self.approved_at is not None and self.recheck_at > self.approved_at


@dataclass(frozen=True)
class ObservedSide:
    """Observations of one side, by asset; `otherwise` is that of all other assets."""

    observations: Mapping[AssetKey, Observation] = field(default_factory=dict)
    otherwise: Observation = NO_TOKEN

    def of(self, key: AssetKey) -> Observation:
        """Observation of one asset."""
        return self.observations.get(key, self.otherwise)


@dataclass(frozen=True)
class ObservedAccess:
    """Observed access of both sides.

    `asset_problems`: blocker codes of the client's assets that cannot be shared from its Business Center.
    `center_problem`: blocker code of the client's Business Center, or of the person who authorized.
    `partnered`: true if the agency's side lists the client as its partner, so that both agreed; None if unknown.
    `authorization_blocker`: blocker code of the client's last authorization if it led to no connection.
    `events`: number of events that a pixel received in the last days; `events_unread`: reasons of unknown numbers.
    `shared_elsewhere`: the Business Center that shares an asset with the agency instead of the client's.
    `unavailable_since`: time from which the platform has not answered.
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
    """The last attempt on one asset. `outcome` open: no answer was recorded; `batch`: assets of the same call.

    `times`: number of attempts since the last attempt at the opposite. `since`: time from which nothing could be sent.
    `invited`: a person became a member by it, now or before; `operation` is the platform's name of the call.
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
        """True if the platform may have executed it, with or without an answer."""
        return self.outcome in ("ok", "unclear", "open")


@dataclass(frozen=True)
class ActionHistory:
    """The last attempts to share and to unshare, by asset."""

    shared: Mapping[AssetKey, PastAction] = field(default_factory=dict)
    unshared: Mapping[AssetKey, PastAction] = field(default_factory=dict)
