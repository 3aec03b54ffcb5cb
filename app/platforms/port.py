"""The platform port: value types, the interface of a platform, and its four failures. Pure."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, Protocol, TypeVar

from app.kit.i18n.message import ContentDate, Message, _, _n
from app.platforms.access import (
    AccountPair,
    ActionMember,
    AssetKey,
    Observation,
    ShareAction,
    UnshareAction,
    WantedAccess,
)
from app.platforms.client_texts import IdForm
from app.platforms.resources import (
    AccountMember,
    ActivityEntry,
    AssetDetails,
    AssetHolder,
    Connected,
    DiagnosticFinding,
    DiagnosticReport,
    DiscoveredAssets,
    PartnerInfo,
    Shares,
)
from app.platforms.roles import plain

Outcome = Literal["ok", "denied", "unavailable", "unclear", "changed"]
Value = TypeVar("Value")


@dataclass(frozen=True)
class App:
    """A developer app registered at the platform."""

    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class RecordedCall:
    """One platform call as evidence: the request without secrets, and the response."""

    operation: str
    request: Mapping[str, Any]
    outcome: Outcome
    code: int | None
    message: str
    request_id: str | None
    answer: Mapping[str, Any]
    took_ms: int


def said(operation: str, message: str, request_id: str | None) -> str:
    """The platform's message about a call, with its request id for the platform's support."""
    return f"{operation}: {message}" + (f" (request id {request_id})" if request_id else "")


#: Period in which a pixel's events are counted: TikTok counts whole days and shows them hours late.
EVENTS_WITHIN = timedelta(days=2)

#: Records each call when it is done; the caller stores the evidence.
RecordCall = Callable[[RecordedCall], None]


class PlatformFailure(Exception):
    """A platform call without a usable response; `call` is its evidence.

    `blocker` is a code of `blockers` if the failure lasts until a person acts.
    """

    blocker: str | None = None

    def __init__(self, call: RecordedCall) -> None:
        self.call = call
        super().__init__(f"{call.operation}: {call.code} {call.message}")


class Denied(PlatformFailure):
    """The platform refused the call and will refuse it until a person acts.

    `about_asset`: it refused this asset, not this type of call, so another way to read it may work.
    """

    blocker: str

    def __init__(self, call: RecordedCall, blocker: str, *, about_asset: bool = False) -> None:
        super().__init__(call)
        self.blocker = blocker
        self.about_asset = about_asset


class Unavailable(PlatformFailure):
    """Nothing was done; retry after `retry_after` seconds. `limited`: the platform's rate limit was hit."""

    def __init__(self, call: RecordedCall, retry_after: float, *, limited: bool = False) -> None:
        super().__init__(call)
        self.retry_after = retry_after
        self.limited = limited


class Unclear(PlatformFailure):
    """A write that may or may not have happened: observe before any further action."""


class UnexpectedAnswer(PlatformFailure):
    """The response does not match the documented schema: a read failed, and a write may have happened."""

    blocker = "platform_changed"


class Priority(IntEnum):
    """Order of calls when the rate limit is reached: interactive, handshake, background."""

    BACKGROUND = 1
    HANDSHAKE = 2
    INTERACTIVE = 3


@dataclass(frozen=True)
class Access:
    """A token with its app, whose rate limit applies, and the priority of the call."""

    token: str = field(repr=False)
    app_id: str
    priority: Priority = Priority.HANDSHAKE


@dataclass(frozen=True)
class Token:
    """The result of an authorization. `scopes` are the platform's ids of the permissions.

    `expires_in`: its life from now; None if it lasts until it is revoked. With a `refresh_token` it can be replaced.
    """

    value: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_in: timedelta | None = None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ConsentRequest:
    """The address of a consent page; and the PKCE code verifier of the exchange, where the platform uses PKCE."""

    address: str
    code_verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class RoleWords:
    """A role in a client's words: each ability is a phrase of its own. `menu`: its name in the platform's menus.

    `money`: the answer to "Can they spend my money?".
    """

    label: Message
    can: tuple[Message, ...]
    cannot: tuple[Message, ...]
    menu: Message
    money: Message = _("Ask what this role allows before you agree.")


@dataclass(frozen=True)
class StepPicture:
    """A picture of a step, served at `path`; `alt` says it in words."""

    path: str
    width: int
    height: int
    alt: Message


@dataclass(frozen=True)
class DrawnScreen:
    """A drawing of a platform's screen with numbers where to tap: its shape, the labels on it, and `alt` in words."""

    shape: str
    labels: tuple[Message, ...]
    alt: Message


@dataclass(frozen=True)
class GuidedStep:
    """One step of guidance: what to do, act by act, under a `title`.

    `where` is the menu path, with ` > ` between its parts; `variants` are its other names, and `otherwise` what to do
    when something else is seen, as questions with answers. Texts may contain `{agency}`, `{role}`, `{asset}` and
    `{through}`; labels of a drawing also `{first}`, the first asset. `copies`: the id of the agency, by its key, that
    is pasted here and shown below in a field to copy. `lists_assets`: the assets are listed below.
    `makes_partner`: it is done when the agency is a partner. `opens`: address behind the words between `{link}` and
    `{end}` in an act.
    """

    acts: tuple[Message, ...]
    title: Message | None = None
    where: Message | None = None
    variants: tuple[Message, ...] = ()
    otherwise: tuple[tuple[Message, Message], ...] = ()
    help_url: str = ""
    help_search: Message | None = None
    opens: str = ""
    copies: str | None = None
    lists_assets: bool = False
    makes_partner: bool = False
    picture: StepPicture | None = None
    drawn: DrawnScreen | None = None


@dataclass(frozen=True)
class HelpArticle:
    """A client's question and its answer in steps.

    `before` is an introduction, `points` are facts in no order, and `variants` other names of its menus. `search` finds
    the platform's own page in its help; `help_url` is its address.
    """

    question: Message
    steps: tuple[Message, ...]
    search: Message
    dated: ContentDate
    before: Message | None = None
    points: tuple[Message, ...] = ()
    variants: tuple[Message, ...] = ()
    help_url: str = ""


@dataclass(frozen=True)
class HelpTopic:
    """Help articles about one subject."""

    title: Message
    articles: tuple[HelpArticle, ...]


@dataclass(frozen=True)
class ProfileLinking:
    """Guide to link the client's public profile with its business account: the steps by place and account.

    `accounts`, `places` and `logins` are the answers to choose from. `after`: what the client can do then, by account.
    `beta_markets` are the countries where the platform offers it. `already_linked`: code of the blocker that the
    platform reports. `handle`: the profile's name in a text, in one spelling; None if there is none.
    """

    title: Message
    purpose: Message
    places: Mapping[str, Message]
    accounts: Mapping[str, Message]
    logins: Mapping[str, Message]
    after: Mapping[str, Message]
    paths: Mapping[tuple[str, str], tuple[GuidedStep, ...]]
    dated: ContentDate
    beta_markets: frozenset[str]
    beta_here: Message
    beta_elsewhere: Message
    already_linked: str
    handle: Callable[[str], str | None]

    def beta(self, markets: Iterable[str]) -> Message:
        """The sentence about the beta for a client of these markets."""
        return self.beta_here if self.beta_markets & set(markets) else self.beta_elsewhere


@dataclass(frozen=True)
class KindTexts:
    """Texts about assets of one kind: a title for some of them, all of a platform, and the start of a line about them.

    `change`: label of the button to choose others. `question`: of the screen on which they are chosen, where `tick` is
    beside an empty list and `needed` beside an empty field of a required kind. `remove`, `raise_role` and `lower_role`:
    what the client does by hand. Placeholders: `{platform}`, and `{agency}`, `{asset}`, `{role}`, `{person}` (contact
    of the agency) where a text is about them.
    """

    title: Callable[[int], Message]
    all: Message
    where: Message
    change: Message
    question: Message
    tick: Message = _("Tick at least one.")
    needed: Message = _("{agency} needs one to start. Choose one, or talk to {person} first.")
    remove: Message = _("At {platform}, take the access to {asset} away from {agency}.")
    raise_role: Message = _("At {platform}, choose the role you agreed to for {agency} on {asset}.")
    lower_role: Message = _("At {platform}, remove {agency} from {asset}, and share it again as “{role}”.")


_SHARE = _("Share {asset} with {agency} as {role}.")
_ANY = KindTexts(
    lambda count: _n("Access", "Accesses", count),
    _("Access at {platform}"),
    _("At {platform}"),
    _("Change"),
    _("Which of these is it for?"),
)


@dataclass(frozen=True)
class AssetKind:
    """A kind of asset that can be requested, with what the rest of the application has to know about it.

    A kind without any declaration is shared by people and read in no way of its own.
    """

    key: str
    one: str
    many: str
    #: from lowest to highest
    roles: tuple[str, ...]
    #: the client chooses at least one of its assets, or may choose none; None if the agency names them
    choice: Literal["required", "optional"] | None = "required"
    #: words about assets of this kind, for clients
    texts: KindTexts = _ANY
    #: how their ids are typed
    ids: IdForm = IdForm()
    #: the connected lane can share it; any other kind is guided in either lane
    by_api: bool = False
    #: kind of the parent asset without which it does not exist
    through: str | None = None
    #: aliases of roles
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: assets of other kinds depend on it: it is shared before them and removed after them
    has_dependents: bool = False
    #: kinds with a lower number are shared first
    share_order: int = 0
    #: most assets of one call
    batch: int = 50
    #: a call names one asset: with all of its parents when it is shared, with one when it is removed
    one_per_call: bool = False
    #: partners share it: it is in the lists of both, and ends with the partnership
    between_partners: bool = False
    #: the agency's side shows it; otherwise only the client's does, and what that shows is in force
    seen_by_agency: bool = True
    #: it may have been there before us, and then stays when the access is removed
    may_predate: bool = False
    #: a role that is too high can be lowered: it is removed and shared again
    can_be_lowered: bool = False
    #: it receives events that an access request can require
    has_events: bool = False
    #: roles that can create campaigns in it; none if no campaigns run in it
    campaign_roles: tuple[str, ...] = ()
    #: it is a person of the agency, requested and invited by e-mail address
    is_person: bool = False
    #: operation of the call that invites a person, who is then assigned what the invitation did not carry
    invite_operation: str | None = None
    #: the agency assigns it to its buyers
    is_assignable: bool = False
    #: blocker code of access that is agreed and absent
    missing_code: str = "asset_not_shared"
    #: planned action in one sentence: `{asset}`, `{parent}`, `{person}`, `{center}`, `{agency}`, `{agency_account_id}`
    #: and `{role}`
    plan: Message = _SHARE

    def rank(self, role: str | None) -> int:
        """Rank of a role, from 1: a higher one includes the lower. 0 for none, or one that the kind does not have."""
        return self.roles.index(role) + 1 if role in self.roles else 0

    def official(self, role: str) -> str:
        """The platform's name of a role, for any spelling or alias; unknown names are returned unchanged."""
        spelt = plain(role)
        return spelt if spelt in self.roles else self.names.get(spelt, role)


class Platform(Protocol):
    """Interface of every platform; one folder implements it."""

    @property
    def key(self) -> str:
        """Key in URLs and rows."""
        ...

    @property
    def name(self) -> str:
        """Display name."""
        ...

    @property
    def kinds(self) -> Mapping[str, AssetKind]:
        """The kinds of assets that can be requested, by key."""
        ...

    @property
    def connects(self) -> bool:
        """True if the platform has an API; false for a manual platform."""
        ...

    @property
    def guided_dated(self) -> ContentDate:
        """The day on which the guided steps were last compared with the platform's help."""
        ...

    def role_words(self, kind: str, role: str) -> RoleWords:
        """A role in a client's words."""
        ...

    def guided_steps(self, kind: str, *, is_partner: bool = False) -> tuple[GuidedStep, ...]:
        """The client's steps to share an asset of this kind by hand. `is_partner`: the agency is a partner already."""
        ...


class AssetReader(Protocol):
    """Reads with the token of one side; a failure is an observation with its reason."""

    @property
    def closed(self) -> Observation | None:
        """The reason why nothing more can be read, if there is one."""

    @property
    def scopes(self) -> Sequence[str] | None:
        """The scopes of the token; None without one."""

    async def read(self, call: Callable[[Access, RecordCall], Awaitable[Value]]) -> Value | Observation:
        """The answer of a call, or an observation with the reason of its failure."""
        ...


@dataclass(frozen=True)
class Reading:
    """One side's part of an observation.

    `before`: assets that were observed before on this side; `approved`: all assets that the client approved.
    """

    reader: AssetReader
    pair: AccountPair
    before: Mapping[AssetKey, Observation] = field(default_factory=dict)
    approved: Sequence[AssetKey] = ()


@dataclass(frozen=True)
class Execution:
    """Circumstances of an action: token, accounts, person, and the record of its calls."""

    access: Access
    pair: AccountPair
    person: ActionMember | None
    record: RecordCall


@dataclass(frozen=True)
class ClientAssets:
    """The client's lists as its token shows them, with its account and the scopes of the token."""

    found: DiscoveredAssets
    account_id: str
    scopes: Sequence[str]


class KindHandler(Protocol):
    """Reads and changes access of one kind."""

    async def observe_agency(self, reading: Reading, keys: Sequence[AssetKey]) -> Mapping[AssetKey, Observation]:
        """The agency's view of these assets."""
        ...

    async def observe_client(self, reading: Reading, wanted: Sequence[WantedAccess]) -> Mapping[AssetKey, Observation]:
        """The client's view of these assets; the parent of each is present on one of the sides."""
        ...

    async def count_events(
        self, reader: AssetReader, key: AssetKey, since: datetime
    ) -> Mapping[str, int] | Observation:
        """Numbers of events that an asset received since a day, by type, or the reason why they are unknown."""
        ...

    async def details(self, reader: AssetReader, asset_ids: Sequence[str]) -> Mapping[str, AssetDetails] | Observation:
        """State of assets in which campaigns run, or the reason why it is unknown; without those out of reach."""
        ...

    def problem(self, client: ClientAssets, key: AssetKey) -> str | None:
        """Blocker code of an asset that cannot be shared from the client's account."""
        ...

    async def share(self, execution: Execution, action: ShareAction) -> None:
        """Share. OK means recorded, not effective."""
        ...

    async def unshare(self, execution: Execution, action: UnshareAction) -> None:
        """Stop sharing. What is not shared counts as removed."""
        ...


class Partnerships(Protocol):
    """Lists of a platform whose accounts share with partner accounts: what each partner shares."""

    async def partners(self, access: Access, *, account_id: str, record: RecordCall) -> tuple[PartnerInfo, ...]:
        """Every partner of a Business Center."""
        ...

    async def shared_to(
        self, access: Access, *, account_id: str, partner_id: str, kind: str, record: RecordCall
    ) -> Shares:
        """The receiving side's view: the assets of `partner_id` that `account_id` can see."""
        ...


class Assignments(Protocol):
    """Assignment of shared ad accounts to members of the agency's account."""

    async def members(self, access: Access, *, account_id: str, record: RecordCall) -> tuple[AccountMember, ...]:
        """All members and invited people of a Business Center."""
        ...

    async def holders(
        self, access: Access, *, account_id: str, asset_id: str, record: RecordCall
    ) -> tuple[AssetHolder, ...]:
        """The members of a Business Center who can open an ad account."""
        ...

    async def assign(
        self, access: Access, *, account_id: str, user_id: str, asset_id: str, role: str, record: RecordCall
    ) -> None:
        """Assign an ad account to a member of the same Business Center."""
        ...

    async def unassign(
        self, access: Access, *, account_id: str, user_id: str, asset_id: str, record: RecordCall
    ) -> None:
        """Unassign an ad account from a member."""
        ...


class ActivityLog(Protocol):
    """The log of an account, which names the authors of changes."""

    async def changes(
        self, access: Access, *, account_id: str, since: datetime, record: RecordCall
    ) -> tuple[ActivityEntry, ...]:
        """The Business Center's activity log of accounts and partners, newest first, up to 50 lines."""
        ...


class Diagnosis(Protocol):
    """Diagnosis of an app and a connection."""

    async def examine(
        self, app: App, access: Access | None, scopes: Sequence[str], *, account_id: str
    ) -> DiagnosticReport:
        """Diagnose app and token with at most ten read-only calls; never raises a PlatformFailure."""
        ...

    def findings(
        self,
        app_id: str,
        examined: DiagnosticReport,
        connected: Connected | None,
        *,
        account_id: str | None,
        for_agency: bool,
    ) -> Sequence[DiagnosticFinding]:
        """The results of a diagnosis, one line for each check."""
        ...

    def findings_without_app(self) -> Sequence[DiagnosticFinding]:
        """The same if there is no app."""
        ...

    def redirect_address_finding(self, address: str, came_back: datetime | None) -> DiagnosticFinding:
        """Finding about the redirect address. `came_back`: the last return through it with this app."""
        ...

    def registration_finding(self, address: str) -> DiagnosticFinding:
        """Advice about registering the redirect address, if only the settings are known."""
        ...


class ConnectedPlatform(Platform, Protocol):
    """A platform that can be read and written through its API."""

    @property
    def handlers(self) -> Mapping[str, KindHandler]:
        """The handlers of its kinds by key, in the order of observation: parents before their dependents."""
        ...

    @property
    def take_back_steps(self) -> tuple[Message, ...]:
        """The client's steps to end all access of an agency, `{agency}`, by hand."""
        ...

    def help_articles(self, code: str) -> tuple[HelpArticle, ...]:
        """Help for a client with a blocker or a failed readiness check."""
        ...

    @property
    def help_topics(self) -> tuple[HelpTopic, ...]:
        """Help for a client at any time, by topic."""
        ...

    @property
    def profile_linking(self) -> ProfileLinking | None:
        """Guide to link the client's public profile; None where there is none."""
        ...

    @property
    def default_app(self) -> App | None:
        """The installation's default app, for agencies without their own."""
        ...

    @property
    def redirect_uri(self) -> str:
        """The OAuth callback, to be registered for each app."""
        ...

    @property
    def consent_origin(self) -> str:
        """Scheme and host of the consent page."""
        ...

    def consent(self, app: App, *, state: str) -> ConsentRequest:
        """The page at which a person authorizes the app."""
        ...

    async def exchange(self, app: App, code: str, code_verifier: str | None, record: RecordCall) -> Token:
        """Exchange the code of a consent for a token. Denied(`auth_code_expired`) if it was used or is too old."""
        ...

    async def refresh(self, app: App, refresh_token: str, record: RecordCall) -> Token:
        """Replace a token before it expires. Denied(`connection_dead`) if the authorization has ended.

        Called only for tokens that came with a refresh token.
        """
        ...

    async def revoke(self, app: App, token: str, record: RecordCall) -> None:
        """Revoke a token. A token that is already invalid counts as revoked."""
        ...

    def missing_scopes(self, scopes: Sequence[str], kinds: Sequence[str] = ()) -> tuple[str, ...]:
        """Names of the permissions that connecting and access requests of these kinds need and the token lacks."""
        ...

    def may(self, scopes: Sequence[str], what: str) -> bool:
        """True if a token allows an optional function: `pixels`, `events`, `members` or `changes`."""
        ...

    async def discover(self, app: App, access: Access, record: RecordCall) -> DiscoveredAssets:
        """The person who authorized, and the assets they can choose from."""
        ...

    @property
    def partnerships(self) -> Partnerships | None:
        """Reads of partners, for imports and for assets shared from another account."""
        ...

    @property
    def assignments(self) -> Assignments | None:
        """Assignment of ad accounts to the agency's buyers."""
        ...

    @property
    def activity_log(self) -> ActivityLog | None:
        """Reads of the log of changes."""
        ...

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Diagnosis of app and connection."""
        ...
