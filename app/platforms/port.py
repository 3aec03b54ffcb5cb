"""What a platform is to the rooms above: values in, values out, and four ways to fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Outcome = Literal["ok", "denied", "unavailable", "unclear", "changed"]


@dataclass(frozen=True)
class App:
    """A developer app registered at the platform."""

    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One call as evidence: what was asked without secrets, and what came back."""

    operation: str
    request: Mapping[str, Any]
    outcome: Outcome
    code: int | None
    message: str
    request_id: str | None
    answer: Mapping[str, Any]
    took_ms: int


#: Takes each call as it is done; whoever calls the platform keeps the evidence.
Keep = Callable[[Call], None]


class PlatformFailure(Exception):
    """A call that gave no answer to work with; `call` is its evidence."""

    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(f"{call.operation}: {call.code} {call.message}")


class Denied(PlatformFailure):
    """The platform said no, and will until a person acts. `blocker` is a code of JOURNEYS."""

    def __init__(self, call: Call, blocker: str) -> None:
        super().__init__(call)
        self.blocker = blocker


class Unavailable(PlatformFailure):
    """Nothing was done; to be tried again after `retry_after` seconds. `limited`: we asked too often."""

    def __init__(self, call: Call, retry_after: float, *, limited: bool = False) -> None:
        super().__init__(call)
        self.retry_after = retry_after
        self.limited = limited


class Unclear(PlatformFailure):
    """A write that may or may not have happened: look before anything else."""


class Changed(PlatformFailure):
    """The answer is not of the documented shape; to be treated as not read."""


@dataclass(frozen=True)
class Token:
    """What the platform gave us after consent. `scopes` are its own permission ids."""

    value: str = field(repr=False)
    scopes: tuple[int, ...]


@dataclass(frozen=True)
class BusinessCenterSeen:
    """A Business Center of whoever authorised; `role` ADMIN or STANDARD, `status` ENABLE or another."""

    bc_id: str
    name: str
    role: str
    status: str

    @property
    def usable(self) -> bool:
        """Whether this person can share from it now."""
        return self.role == "ADMIN" and self.status == "ENABLE"


@dataclass(frozen=True)
class AccountSeen:
    """An ad account in a Business Center. `owned`: by that Business Center, so that it can be shared from there.

    `ticked`: the person included it when authorising; `status` is the platform's word.
    """

    bc_id: str
    asset_id: str
    name: str
    owned: bool
    ticked: bool
    status: str


@dataclass(frozen=True)
class Found:
    """What a person who authorised can choose from."""

    person: str
    business_centers: tuple[BusinessCenterSeen, ...]
    accounts: tuple[AccountSeen, ...]


@dataclass(frozen=True)
class RoleWords:
    """A role in a client's words."""

    label: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]


@dataclass(frozen=True)
class GuidedStep:
    """One line of written guidance. `where` is the menu path; `variants` other names it goes by.

    `text` may hold `{agency_bc_id}`, `{agency}` and `{role}`.
    """

    text: str
    where: str
    variants: tuple[str, ...]
    help_url: str
    help_search: str


#: Asset id -> role, as shared with one partner.
Shares = Mapping[str, str]


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
    def default_app(self) -> App | None:
        """The installation's own app, for agencies that bring none."""
        ...

    @property
    def guided_dated(self) -> str:
        """The day (ISO) on which the written steps were last compared with the platform's help."""
        ...

    @property
    def consent_origin(self) -> str:
        """Scheme and host of the consent page."""
        ...

    def consent_address(self, app: App, *, state: str) -> str:
        """Where the person is sent to authorise the app."""
        ...

    async def exchange(self, app: App, code: str, keep: Keep) -> Token:
        """The code of a consent for a token. Denied(`auth_code_expired`) when used or too old."""
        ...

    async def revoke(self, app: App, token: str, keep: Keep) -> None:
        """Gives a token back; a token that is dead already counts as given back."""
        ...

    def missing_scopes(self, token: Token) -> tuple[str, ...]:
        """The permissions the handshake needs and the token lacks, by name."""
        ...

    async def discover(self, app: App, token: str, keep: Keep) -> Found:
        """Who authorised, and what there is to choose from."""
        ...

    async def shared_by(self, token: str, *, bc_id: str, partner_id: str, keep: Keep) -> Shares:
        """The sharing side's view: what `bc_id` shares with `partner_id`."""
        ...

    async def shared_to(self, token: str, *, bc_id: str, partner_id: str, keep: Keep) -> Shares:
        """The receiving side's view: what `bc_id` sees of `partner_id`."""
        ...

    async def share(
        self, token: str, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, keep: Keep
    ) -> None:
        """Shares up to 50 ad accounts in one role. OK means recorded, not granted."""
        ...

    def rank(self, role: str) -> int:
        """How much a role may do: a higher one includes the lower."""
        ...

    def role_words(self, kind: str, role: str) -> RoleWords:
        """A role in a client's words."""
        ...

    def guided_steps(self, kind: str) -> tuple[GuidedStep, ...]:
        """What a client does by hand to share an asset of this kind."""
        ...
