"""Resources of a platform, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: `limited`: works with restrictions.
State = Literal["pass", "limited", "fail", "cannot_tell"]


@dataclass(frozen=True)
class PlatformAccount:
    """A business account of the person who authorized, from which assets are shared: on TikTok a Business Center.

    `problem`: blocker code if this person can share nothing from it. `company`: its legal name, if known.
    `verification`: the platform's status of the company's verification, empty if unknown; `verification_code` says what
    it lacks.
    """

    account_id: str
    name: str
    problem: str | None = None
    company: str = ""
    verification: str = ""
    verification_code: str | None = None

    @property
    def usable(self) -> bool:
        """True if this person can share from it now."""
        return self.problem is None


@dataclass(frozen=True)
class DiscoveredAsset:
    """An asset in one of these accounts.

    `problem`: blocker code if it cannot be shared from there with this authorization; `own_problem`: the one that it
    has under any authorization. `owned`: the account owns it. Currency (ISO 4217) and time zone are empty if unknown.
    """

    kind: str
    account_id: str
    asset_id: str
    name: str
    problem: str | None = None
    own_problem: str | None = None
    owned: bool = True
    currency: str = ""
    timezone: str = ""


@dataclass(frozen=True)
class DiscoveredAssets:
    """The accounts and assets that a person who authorized can choose from."""

    #: display name of the person; None if the platform tells none
    person: str | None
    accounts: tuple[PlatformAccount, ...]
    assets: tuple[DiscoveredAsset, ...] = ()

    def account(self, account_id: str | None) -> PlatformAccount | None:
        """One of the accounts."""
        return next((each for each in self.accounts if each.account_id == account_id), None)

    def of_kind(self, kind: str, account_id: str) -> list[DiscoveredAsset]:
        """The assets of one kind in an account."""
        return [each for each in self.assets if (each.kind, each.account_id) == (kind, account_id)]

    def problem_of(self, kind: str, account_id: str, asset_id: str) -> str | None:
        """Blocker code of an asset that cannot be shared from an account."""
        found = next((each for each in self.of_kind(kind, account_id) if each.asset_id == asset_id), None)
        return found.problem if found else "asset_not_found"


@dataclass(frozen=True)
class AssetShare:
    """One asset shared between two accounts, with its role."""

    asset_id: str
    role: str
    name: str = ""


@dataclass(frozen=True)
class PartnerInfo:
    """An account that is partner of another."""

    account_id: str
    name: str


@dataclass(frozen=True)
class AccountMember:
    """A member or invited person of an account: `relation` BOUND or PENDING; no `user_id` while invited."""

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
class AssetDetails:
    """State of an asset in which campaigns run. `problem`: blocker code that keeps its ads from running.

    Country (ISO 3166 alpha-2) and currency (ISO 4217) are empty if unknown.
    """

    problem: str | None = None
    country: str = ""
    currency: str = ""


@dataclass(frozen=True)
class ActivityEntry:
    """A line of an account's activity log; `at` as the platform returns it, UTC."""

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
    """The agency's newest connection, usable or not."""

    is_usable: bool
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

    `account`: the account that was checked, if it was found.
    """

    sandbox: bool
    app: ProbeResult
    token: ProbeResult | None
    reads: tuple[ProbeResult, ...]
    account: PlatformAccount | None
    lacking: tuple[MissingPermission, ...]
    rate_limit: RateLimitStatus


#: Asset id -> shares of it with one partner.
Shares = Mapping[str, AssetShare]
