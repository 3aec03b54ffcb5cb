"""What a look at a platform shows. Values only. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BusinessCenterInfo:
    """A Business Center of the person who authorized; `role` ADMIN or STANDARD, `status` ENABLE or another.

    `status` is empty if unknown. `company`: its legal name, if known. `verification`: its status at the platform
    (VERIFIED or another). `area`: where it is registered.
    """

    bc_id: str
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
    """An ad account in a Business Center. `owned`: by that Business Center, so that it can be shared from there.

    `owner`: the name of the Business Center that owns it, if known; `owned_by_person`: no Business Center does.
    `relation`: BOUND, or PENDING while the Business Center waits for the owner's yes. `ticked`: the person included it
    when authorizing. `status` and the coarser `listed_status` are the platform's words. Status, currency, time zone and
    country are known of ticked accounts only.
    """

    bc_id: str
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
    """A pixel in a Business Center: `code` as Events Manager shows it, `number` as assets are numbered."""

    bc_id: str
    code: str
    number: str
    name: str
    owned: bool


@dataclass(frozen=True)
class DiscoveredAssets:
    """What a person who authorized can choose from."""

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

    bc_id: str
    name: str


@dataclass(frozen=True)
class Member:
    """Somebody in a Business Center, or invited to it: `relation` BOUND or PENDING; without `user_id` while invited."""

    user_id: str
    name: str
    email: str
    role: str
    relation: str


@dataclass(frozen=True)
class AssetHolder:
    """A member who can open an asset, and in which role."""

    user_id: str
    email: str
    role: str


@dataclass(frozen=True)
class ActivityEntry:
    """A line of a Business Center's own activity log; `at` as the platform gives it, UTC."""

    at: str
    kind: str
    operator_id: str
    text: str


@dataclass(frozen=True)
class ProbeResult:
    """A small call made to see whether it works, with its evidence.

    `outcome` as of every call; `skipped` where it was not made, and `message` says why. `blocker` of a refusal.
    """

    what: str
    outcome: str
    message: str
    operation: str = ""
    code: int | None = None
    request_id: str | None = None
    took_ms: int | None = None
    blocker: str | None = None


@dataclass(frozen=True)
class MissingPermission:
    """A permission a token does not have:
    what goes without it, and the kinds of access requests that cannot work at all.
    """

    name: str
    cost: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class RateLimitStatus:
    """A rate budget: calls a second and a minute, how many a second are allowed now, seconds until any is."""

    qps: int
    qpm: int
    allowed: int
    closed_for: float


@dataclass(frozen=True)
class DiagnosticReport:
    """What works of an app and a token. `token`: the first call with it, if there is one.

    `center`: the Business Center asked about, where it was seen.
    """

    sandbox: bool
    app: ProbeResult
    token: ProbeResult | None
    reads: tuple[ProbeResult, ...]
    center: BusinessCenterInfo | None
    lacking: tuple[MissingPermission, ...]
    room: RateLimitStatus


#: Asset id -> what is shared of it with one partner.
Shares = Mapping[str, AssetShare]
