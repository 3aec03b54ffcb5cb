"""Objects of the simulated world: apps, persons, Business Centers, assets, codes and tokens. Pure."""

from dataclasses import dataclass, field
from typing import Literal, get_args

AssetType = Literal["ADVERTISER", "CATALOG", "DOMAIN", "LEAD", "PIXEL", "STOREFRONT", "TIKTOK_SHOP", "TT_ACCOUNT"]
AdvertiserRole = Literal["ANALYST", "OPERATOR", "ADMIN"]
CatalogRole = Literal["AD_PROMOTE", "ADMIN"]
Role = AdvertiserRole | CatalogRole | Literal[""]
"""A role on an asset; empty for the types of asset that the API knows no role for, such as pixels."""
ActivityType = Literal["USER", "ACCOUNT", "ASSET", "BUSINESS"]
BusinessCenterRole = Literal["ADMIN", "STANDARD"]
FinanceRole = Literal["MANAGER", "ANALYST"]
BusinessCenterStatus = Literal["REVIEWING", "DENY", "ENABLE", "PUNISH"]
BusinessCenterType = Literal["NORMAL", "DIRECT", "AGENCY", "SELF_SERVICE", "SELF_SERVICE_AGENCY"]
VerificationStatus = Literal["NOT_SUBMITTED", "REVIEWING", "VERIFIED", "FAILED", "EXPIRED"]
RelationStatus = Literal["BOUND", "PENDING", "REJECTED", "UNBOUND"]
RelationType = Literal["OWNER_BC", "OWNER_PARTNER", "OWNER_INDIVIDUAL"]
AdAccountStatus = Literal[
    "STATUS_ENABLE",
    "STATUS_DISABLE",
    "STATUS_PENDING_CONFIRM",
    "STATUS_PENDING_VERIFIED",
    "STATUS_CONFIRM_FAIL",
    "STATUS_LIMIT",
    "STATUS_CONTRACT_PENDING",
]

ASSET_TYPES: tuple[AssetType, ...] = get_args(AssetType)
ADVERTISER_ROLES: tuple[AdvertiserRole, ...] = get_args(AdvertiserRole)
CATALOG_ROLES: tuple[CatalogRole, ...] = get_args(CatalogRole)
"""From the smallest role to the largest: the order decides what is an upgrade."""

SHOW_STATUS: dict[AdAccountStatus, str] = {
    "STATUS_ENABLE": "SHOW_ACCOUNT_STATUS_APPROVED",
    "STATUS_DISABLE": "SHOW_ACCOUNT_STATUS_PUNISHED",
    "STATUS_PENDING_CONFIRM": "SHOW_ACCOUNT_STATUS_IN_REVIEW",
    "STATUS_PENDING_VERIFIED": "SHOW_ACCOUNT_STATUS_IN_REVIEW",
    "STATUS_CONFIRM_FAIL": "SHOW_ACCOUNT_STATUS_NOT_APPROVED",
    "STATUS_LIMIT": "SHOW_ACCOUNT_STATUS_PUNISHED",
    "STATUS_CONTRACT_PENDING": "SHOW_ACCOUNT_STATUS_IN_REVIEW",
}
"""The coarse status Business Center shows, for each status of the ad account itself."""


def roles_on(asset_type: AssetType) -> tuple[Role, ...]:
    """The roles there are on assets of this type, from the smallest to the largest."""
    if asset_type == "ADVERTISER":
        return ADVERTISER_ROLES
    return CATALOG_ROLES if asset_type == "CATALOG" else ("",)


@dataclass
class App:
    """A developer app; `permissions` are the numeric ids it asks for, each implying everything below it."""

    app_id: str
    secret: str
    name: str
    permissions: tuple[int, ...]
    redirect_uris: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in at TikTok; `email` is whole here and masked on the wire."""

    person_id: str
    name: str
    email: str
    create_time: int = 1632902400


@dataclass(frozen=True)
class Member:
    """Role of one person in one Business Center; `name` if it differs there from their own."""

    role: BusinessCenterRole
    finance_role: FinanceRole | None = None
    name: str | None = None


@dataclass(frozen=True)
class Invitation:
    """An invitation: a place in a Business Center, and a role on ad accounts. PENDING or REJECTED."""

    email: str
    role: BusinessCenterRole
    finance_role: FinanceRole | None = None
    asset_ids: tuple[str, ...] = ()
    advertiser_role: AdvertiserRole = "ANALYST"
    relation_status: RelationStatus = "PENDING"


@dataclass
class BusinessCenter:
    """A Business Center with its members by person id, and its invitations by address in small letters."""

    bc_id: str
    name: str
    company: str
    members: dict[str, Member]
    status: BusinessCenterStatus = "ENABLE"
    type: BusinessCenterType = "SELF_SERVICE"
    currency: str = "EUR"
    registered_area: str = "FR"
    timezone: str = "Europe/Paris"
    verification_status: VerificationStatus = "VERIFIED"
    invitations: dict[str, Invitation] = field(default_factory=dict)

    def is_admin(self, person_id: str) -> bool:
        member = self.members.get(person_id)
        return member is not None and member.role == "ADMIN"

    def some_admin(self) -> str:
        """One of its admins, the same each time; empty when it has none."""
        return next(filter(self.is_admin, self.members), "")


@dataclass
class Asset:
    """Anything a Business Center can hold; owned by one Business Center or by one person, never both.

    `assigned` gives members who are not admins their role on it, by Business Center and person: the owner and its
    partners each decide for their own people. `requested_by` holds Business Centers that asked a personal owner to
    let them manage it, with the owner's answer.
    """

    asset_id: str
    name: str
    asset_type: AssetType
    owner_bc_id: str | None = None
    owner_person_id: str | None = None
    assigned: dict[str, dict[str, Role]] = field(default_factory=dict)
    requested_by: dict[str, RelationStatus] = field(default_factory=dict)


@dataclass
class AdAccount(Asset):
    """An asset of type ADVERTISER; `balance` is in `currency`, `create_time` in epoch seconds."""

    asset_type: AssetType = "ADVERTISER"
    status: AdAccountStatus = "STATUS_ENABLE"
    company: str = ""
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    country: str = "FR"
    industry: str = "290301"
    balance: float = 0.0
    create_time: int = 1632902400
    account_type: Literal["AUCTION", "RESERVATION"] = "AUCTION"
    rejection_reason: str = ""


@dataclass(frozen=True)
class EventCounts:
    """Count of an event of a pixel on one day, given as days before the day of the query, in UTC."""

    browser: int = 0
    server: int = 0
    attributed: int = 0
    preview: int = 0
    days_ago: int = 0


@dataclass
class Pixel(Asset):
    """An asset of type PIXEL; `pixel_code` is what people see, `asset_id` what most of the API takes.

    `owner_advertiser_id` is the ad account it was made in, if any; without an owning Business Center it is still
    there alone. `events` by event type.
    """

    asset_type: AssetType = "PIXEL"
    pixel_code: str = ""
    owner_advertiser_id: str | None = None
    create_time: int = 1632902400
    events: dict[str, EventCounts] = field(default_factory=dict)


@dataclass(frozen=True)
class Activity:
    """A line of a Business Center's activity log; `at` in epoch seconds."""

    at: float
    activity_type: ActivityType
    operator_id: str
    activity_log: str


@dataclass(frozen=True)
class Consent:
    """A person's consent: an app, with the ad accounts that stayed ticked of those offered."""

    app_id: str
    person_id: str
    advertiser_ids: frozenset[str]
    offered: frozenset[str]


@dataclass(frozen=True)
class AuthCode:
    """A consent waiting for its exchange."""

    consent: Consent
    expires_at: float


@dataclass(frozen=True)
class Token:
    """A long-term access token; it has no end but revocation."""

    access_token: str
    consent: Consent
    permissions: tuple[int, ...]
