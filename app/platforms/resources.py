"""Resources of a platform, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: `limited`: works with restrictions.
State = Literal["pass", "limited", "fail", "cannot_tell"]


@dataclass(frozen=True)
class BusinessCenterInfo:
    """A Business Center of the person who authorized; `role` is ADMIN or STANDARD, `status` ENABLE or another.

    `status` is empty if unknown. `company`: its legal name, if known. `verification`: VERIFIED or another status.
    `area`: the country of registration.
    """

    account_id: str
    name: str
    role: str
    status: str
    verification: str = ""
    area: str = ""
    company: str = ""

    @property
    def usable(self) -> bool:
        """True if this person can share from it now."""
        return self.role == "ADMIN" and self.status in ("ENABLE", "")


@dataclass(frozen=True)
class AdAccount:
    """An ad account in a Business Center. `owned`: owned by it, so that it can be shared from there.

    `owner`: name of the owning Business Center, if known; `owned_by_person`: no Business Center owns it. `relation`:
    BOUND, or PENDING while the owner has not accepted the request. `ticked`: the person included it when authorizing.
    `status` and the coarser `listed_status` are the platform's values. Status, currency, time zone and country are
    known for ticked accounts only.
    """

    account_id: str
    asset_id: str
    name: str
    owned: bool
    ticked: bool
    status: str
    listed_status: str = ""
    owner: str = ""
    owned_by_person: bool = False
    relation: str = "BOUND"
    currency: str = ""
    timezone: str = ""
    country: str = ""


@dataclass(frozen=True)
class Pixel:
    """A pixel in a Business Center: `code` as in Events Manager, `number` as its asset id."""

    account_id: str
    code: str
    number: str
    name: str
    owned: bool


@dataclass(frozen=True)
class DiscoveredAssets:
    """The assets that a person who authorized can choose from."""

    person: str
    business_centers: tuple[BusinessCenterInfo, ...]
    accounts: tuple[AdAccount, ...]
    pixels: tuple[Pixel, ...] = ()


@dataclass(frozen=True)
class AssetShare:
    """One asset shared between two Business Centers, with its role."""

    asset_id: str
    role: str
    name: str = ""


@dataclass(frozen=True)
class PartnerInfo:
    """A Business Center that is partner of another."""

    account_id: str
    name: str


@dataclass(frozen=True)
class Member:
    """A member or invited person of a Business Center: `relation` BOUND or PENDING; no `user_id` while invited."""

    user_id: str
    name: str
    email: str
    role: str
    relation: str

    @property
    def is_bound(self) -> bool:
        """True for a member, who accepted the invitation."""
        return self.relation == "BOUND"

    @property
    def is_invited(self) -> bool:
        """True while the invitation is open."""
        return self.relation == "PENDING"


@dataclass(frozen=True)
class AssetHolder:
    """A member who can open an asset, with their role."""

    user_id: str
    email: str
    role: str


@dataclass(frozen=True)
class ActivityEntry:
    """A line of a Business Center's activity log; `at` as the platform returns it, UTC."""

    at: str
    kind: str
    operator_id: str
    text: str


@dataclass(frozen=True)
class ProbeResult:
    """A small diagnostic call with its evidence.

    `outcome` as for every call; `skipped` if it was not made, with the reason in `message`. `blocker` of a refusal.
    `is_token_unknown`, `is_app_refused`: the refusal is about the token, or about the app or its secret.
    """

    what: str
    outcome: str
    message: str
    operation: str = ""
    code: int | None = None
    request_id: str | None = None
    took_ms: int | None = None
    blocker: str | None = None
    is_token_unknown: bool = False
    is_app_refused: bool = False


@dataclass(frozen=True)
class DiagnosticFinding:
    """One line; `tried` is the call that it rests on."""

    what: str
    status: State
    words: str
    do: str | None = None
    tried: ProbeResult | None = None


@dataclass(frozen=True)
class Connected:
    """The agency's newest connection, live or not."""

    status: str
    app_id: str
    person: str
    made_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class MissingPermission:
    """A permission that a token lacks, and the effect of its absence. `is_core`: without it almost nothing works.

    `kinds`: the kinds of access requests that need it.
    """

    name: str
    cost: str
    kinds: tuple[str, ...] = ()
    is_core: bool = False


@dataclass(frozen=True)
class RateLimitStatus:
    """Rate limit: calls per second and minute, calls per second allowed now, seconds until the next call."""

    qps: int
    qpm: int
    allowed: int
    closed_for: float


@dataclass(frozen=True)
class DiagnosticReport:
    """Diagnostics of an app and a token. `token`: the first call with it, if there is one.

    `center`: the Business Center that was checked, if it was found.
    """

    sandbox: bool
    app: ProbeResult
    token: ProbeResult | None
    reads: tuple[ProbeResult, ...]
    center: BusinessCenterInfo | None
    lacking: tuple[MissingPermission, ...]
    rate_limit: RateLimitStatus


#: Asset id -> shares of it with one partner.
Shares = Mapping[str, AssetShare]
