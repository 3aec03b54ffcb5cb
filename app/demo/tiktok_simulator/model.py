"""What exists in the simulated world: apps, persons, Business Centers, assets, codes and tokens."""

from dataclasses import dataclass, field
from typing import Literal, get_args

AssetType = Literal["ADVERTISER", "CATALOG", "DOMAIN", "LEAD", "PIXEL", "STOREFRONT", "TIKTOK_SHOP", "TT_ACCOUNT"]
AdvertiserRole = Literal["ANALYST", "OPERATOR", "ADMIN"]
BusinessCenterRole = Literal["ADMIN", "STANDARD"]
BusinessCenterStatus = Literal["REVIEWING", "DENY", "ENABLE", "PUNISH"]
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
    """What one person may do in one Business Center."""

    role: BusinessCenterRole
    finance_role: Literal["MANAGER", "ANALYST"] | None = None


@dataclass
class BusinessCenter:
    """A Business Center with its members by person id."""

    bc_id: str
    name: str
    company: str
    members: dict[str, Member]
    status: BusinessCenterStatus = "ENABLE"
    type: Literal["NORMAL", "DIRECT", "AGENCY", "SELF_SERVICE", "SELF_SERVICE_AGENCY"] = "SELF_SERVICE"
    currency: str = "EUR"
    registered_area: str = "FR"
    timezone: str = "Europe/Paris"
    verification_status: str = "VERIFIED"

    def is_admin(self, person_id: str) -> bool:
        member = self.members.get(person_id)
        return member is not None and member.role == "ADMIN"


@dataclass
class Asset:
    """Anything a Business Center can hold; owned by one Business Center or by one person, never both.

    `assigned` gives members who are not admins their role on it. `requested_by` holds Business Centers that
    asked a personal owner to let them manage it, with the owner's answer.
    """

    asset_id: str
    name: str
    asset_type: AssetType
    owner_bc_id: str | None = None
    owner_person_id: str | None = None
    assigned: dict[str, AdvertiserRole] = field(default_factory=dict)
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


@dataclass(frozen=True)
class Consent:
    """What a person agreed to on the consent page: an app, with the ad accounts left ticked."""

    app_id: str
    person_id: str
    advertiser_ids: frozenset[str]


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
