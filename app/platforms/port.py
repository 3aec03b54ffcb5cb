"""What a platform is to the rooms above: values in, values out, and four ways to fail. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, Protocol

from app.platforms.resources import (
    ActivityEntry,
    AssetHolder,
    DiagnosticReport,
    DiscoveredAssets,
    Member,
    PartnerInfo,
    Shares,
)
from app.platforms.roles import plain

Outcome = Literal["ok", "denied", "unavailable", "unclear", "changed"]


@dataclass(frozen=True)
class App:
    """A developer app registered at the platform."""

    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class RecordedCall:
    """One call as evidence: what was asked without secrets, and what came back."""

    operation: str
    request: Mapping[str, Any]
    outcome: Outcome
    code: int | None
    message: str
    request_id: str | None
    answer: Mapping[str, Any]
    took_ms: int


def said(operation: str, message: str, request_id: str | None) -> str:
    """The platform's own words on a call, with the id that its support asks for."""
    return f"{operation}: {message}" + (f" (request id {request_id})" if request_id else "")


#: How far back a pixel's events are counted: TikTok counts whole days, and shows them hours late.
EVENTS_WITHIN = timedelta(days=2)

#: Takes each call as it is done; whoever calls the platform keeps the evidence.
Keep = Callable[[RecordedCall], None]


class PlatformFailure(Exception):
    """A call that gave no answer to work with; `call` is its evidence.

    `blocker` is a code of JOURNEYS where it lasts until a person acts.
    """

    blocker: str | None = None

    def __init__(self, call: RecordedCall) -> None:
        self.call = call
        super().__init__(f"{call.operation}: {call.code} {call.message}")


class Denied(PlatformFailure):
    """The platform said no, and will until a person acts.

    `about_asset`: it refused this asset, not the kind of call, so that another way to read it may be open.
    """

    blocker: str

    def __init__(self, call: RecordedCall, blocker: str, *, about_asset: bool = False) -> None:
        super().__init__(call)
        self.blocker = blocker
        self.about_asset = about_asset


class Unavailable(PlatformFailure):
    """Nothing was done; to be tried again after `retry_after` seconds. `limited`: we asked too often."""

    def __init__(self, call: RecordedCall, retry_after: float, *, limited: bool = False) -> None:
        super().__init__(call)
        self.retry_after = retry_after
        self.limited = limited


class Unclear(PlatformFailure):
    """A write that may or may not have happened: look before anything else."""


class UnexpectedAnswer(PlatformFailure):
    """The answer is not of the documented shape: a read is not read, and a write may have happened."""

    blocker = "platform_changed"


class Priority(IntEnum):
    """Whose call goes first where the platform allows only so many: somebody is looking, a handshake, a watch."""

    WATCH = 1
    HANDSHAKE = 2
    LOOKING = 3


@dataclass(frozen=True)
class Access:
    """A token with the app whose rate budget its calls count against, and how urgent they are."""

    token: str = field(repr=False)
    app_id: str
    urgency: Priority = Priority.HANDSHAKE


@dataclass(frozen=True)
class Token:
    """What the platform gave us after consent. `scopes` are its own permission ids."""

    value: str = field(repr=False)
    scopes: tuple[int, ...]


@dataclass(frozen=True)
class RoleWords:
    """A role in a client's words."""

    label: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]


@dataclass(frozen=True)
class GuidedStep:
    """One line of written guidance. `where` is the menu path; `variants` other names it goes by.

    `text` may hold `{agency_bc_id}`, `{agency}`, `{role}`, `{asset}` and `{through}`.
    """

    text: str
    where: str
    variants: tuple[str, ...]
    help_url: str
    help_search: str


@dataclass(frozen=True)
class AssetKind:
    """A kind of asset that can be asked for.

    `roles` from the smallest to the largest. `by_api`: the connected lane can share it. `through`: the kind of asset
    it hangs on (a pixel on an ad account). `names`: further names that guides and people use for roles.
    """

    key: str
    one: str
    many: str
    roles: tuple[str, ...]
    by_api: bool = False
    through: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def official(self, role: str) -> str:
        """The platform's own name of a role, however it is spelt; what is no name of one comes back as it was."""
        spelt = plain(role)
        return spelt if spelt in self.roles else self.names.get(spelt, role)


class Platform(Protocol):
    """What every platform can do; one folder implements it."""

    @property
    def key(self) -> str:
        """The word for it in addresses and rows."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def kinds(self) -> Mapping[str, AssetKind]:
        """The kinds of assets that can be asked for there, by key."""
        ...

    @property
    def connects(self) -> bool:
        """True if it can be read and written by API at all; a manual platform cannot."""
        ...

    @property
    def guided_dated(self) -> str:
        """The day (ISO) on which the written steps were last compared with the platform's help."""
        ...

    def rank(self, kind: str, role: str) -> int:
        """How much a role may do, from 1: a higher one includes the lower. 0 for a role the kind does not have."""
        ...

    def role_words(self, kind: str, role: str) -> RoleWords:
        """A role in a client's words."""
        ...

    def guided_steps(self, kind: str) -> tuple[GuidedStep, ...]:
        """What a client does by hand to share an asset of this kind."""
        ...

    def removal_steps(self, kind: str) -> tuple[GuidedStep, ...]:
        """What a client does by hand to take it back."""
        ...


class ConnectedPlatform(Platform, Protocol):
    """A platform that can be read and written by API."""

    @property
    def default_app(self) -> App | None:
        """The installation's own app, for agencies that bring none."""
        ...

    @property
    def consent_origin(self) -> str:
        """Scheme and host of the consent page."""
        ...

    def consent_address(self, app: App, *, state: str) -> str:
        """Where the person is sent to authorize the app."""
        ...

    async def exchange(self, app: App, code: str, keep: Keep) -> Token:
        """The code of a consent for a token. Denied(`auth_code_expired`) when used or too old."""
        ...

    async def revoke(self, app: App, token: str, keep: Keep) -> None:
        """Gives a token back; a token that is dead already counts as given back."""
        ...

    def missing_scopes(self, scopes: Sequence[int], kinds: Sequence[str] = ("ad_account",)) -> tuple[str, ...]:
        """The permissions that access requests of these kinds need and the token lacks, by name."""
        ...

    def may(self, scopes: Sequence[int], what: str) -> bool:
        """True if a token may do something beyond sharing: `pixels`, `events`, `members` or `changes`."""
        ...

    async def discover(self, app: App, access: Access, keep: Keep) -> DiscoveredAssets:
        """Who authorized, and what there is to choose from."""
        ...

    async def partners(self, access: Access, *, bc_id: str, keep: Keep) -> tuple[PartnerInfo, ...]:
        """Every partner of a Business Center."""
        ...

    async def shared_by(self, access: Access, *, bc_id: str, partner_id: str, kind: str, keep: Keep) -> Shares:
        """The sharing side's view: which ad accounts or catalogs `bc_id` shares with `partner_id`."""
        ...

    async def shared_to(self, access: Access, *, bc_id: str, partner_id: str, kind: str, keep: Keep) -> Shares:
        """The receiving side's view: what `bc_id` sees of `partner_id`."""
        ...

    async def share(
        self, access: Access, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, keep: Keep
    ) -> None:
        """Shares up to 50 ad accounts in one role. OK means recorded, not granted."""
        ...

    async def take_back(
        self, access: Access, *, bc_id: str, partner_id: str, kind: str, asset_ids: Sequence[str], keep: Keep
    ) -> None:
        """Ends the sharing of up to 50 assets of one kind with one partner."""
        ...

    async def pixel_accounts(self, access: Access, *, bc_id: str, code: str, keep: Keep) -> frozenset[str]:
        """The client's view: every ad account a pixel is linked to, all pages."""
        ...

    async def pixels_of(self, access: Access, *, account_id: str, keep: Keep) -> Mapping[str, str]:
        """The pixels that can be used in an ad account: code -> name, all pages."""
        ...

    async def link_pixel(
        self, access: Access, *, bc_id: str, code: str, account_ids: Sequence[str], link: bool, keep: Keep
    ) -> None:
        """Links a pixel to ad accounts, or unlinks it."""
        ...

    async def pixel_events(self, access: Access, *, account_id: str, code: str, since: datetime, keep: Keep) -> int:
        """How many events a pixel received since then (whole UTC days, at most 30)."""
        ...

    async def members(self, access: Access, *, bc_id: str, keep: Keep) -> tuple[Member, ...]:
        """Everybody in a Business Center and everybody invited to it."""
        ...

    async def invite(
        self, access: Access, *, bc_id: str, email: str, account_ids: Sequence[str], role: str, keep: Keep
    ) -> None:
        """Invites a person as STANDARD member with a role on the named ad accounts."""
        ...

    async def remove_member(self, access: Access, *, bc_id: str, user_id: str, email: str, keep: Keep) -> None:
        """Removes a member by `user_id`, or, where that is empty, takes an invitation back by `email`."""
        ...

    async def holders(self, access: Access, *, bc_id: str, account_id: str, keep: Keep) -> tuple[AssetHolder, ...]:
        """The members of a Business Center who can open an ad account."""
        ...

    async def assign(self, access: Access, *, bc_id: str, user_id: str, account_id: str, role: str, keep: Keep) -> None:
        """Gives an ad account to a member of the same Business Center."""
        ...

    async def unassign(self, access: Access, *, bc_id: str, user_id: str, account_id: str, keep: Keep) -> None:
        """Takes an ad account from a member."""
        ...

    async def changes(self, access: Access, *, bc_id: str, since: datetime, keep: Keep) -> tuple[ActivityEntry, ...]:
        """The Business Center's own log of what was done with accounts and partners, newest first, up to 50 lines."""
        ...

    async def examine(self, app: App, access: Access | None, scopes: Sequence[int], *, bc_id: str) -> DiagnosticReport:
        """What works, tried with at most ten small calls that change nothing; never raises a PlatformFailure."""
        ...
