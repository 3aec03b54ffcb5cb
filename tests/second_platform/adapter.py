"""Plaza as a platform: the whole port, with no partners, no assignments, no log and no diagnosis."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import httpx2

from app.kit.i18n.message import ContentDate, Message, _, _n
from app.platforms import declarations
from app.platforms.access import AssetKey, Observation, ShareAction, UnshareAction, WantedAccess
from app.platforms.client_texts import AccountTexts, ClientTexts
from app.platforms.declarations import Declaration
from app.platforms.manual import library
from app.platforms.oauth2 import OAuth2
from app.platforms.port import (
    Access,
    App,
    AssetKind,
    AssetReader,
    ClientAssets,
    ConsentRequest,
    Denied,
    Execution,
    GuidedStep,
    HelpArticle,
    HelpTopic,
    KindHandler,
    KindTexts,
    Outcome,
    Reading,
    RecordCall,
    RecordedCall,
    RoleWords,
    Token,
    Unavailable,
)
from app.platforms.registry import Platforms
from app.platforms.resources import AssetDetails, DiscoveredAsset, DiscoveredAssets, PlatformAccount
from tests.second_platform.simulator import ADDRESS, APP_ID, APP_SECRET, SCOPES, Plaza

KEY = "plaza"
REDIRECT = "https://go.keyturn.example/callbacks/plaza"
STOREFRONTS = KindTexts(
    lambda count: _n("Storefront", "Storefronts", count),
    _("{platform} storefronts"),
    _("In the {platform} storefronts you choose"),
    _("Change storefronts"),
    _("Which storefronts is this for?"),
)
KINDS = {
    kind.key: kind
    for kind in (
        AssetKind(
            "storefront",
            "storefront",
            "storefronts",
            ("VIEWER", "EDITOR"),
            by_api=True,
            can_be_lowered=True,
            texts=STOREFRONTS,
        ),
        AssetKind(
            "bulletin",
            "bulletin",
            "bulletins",
            ("AUTHOR",),
            by_api=True,
            share_order=1,
            campaign_roles=("AUTHOR",),
        ),
    )
}
TEXTS = ClientTexts(
    account=AccountTexts(_("Business"), _("Your business"), _("Which business are your storefronts in?"))
)
#: Blocker of each status of a refusal.
_BLOCKERS = {401: "connection_dead", 403: "scope_not_authorized", 404: "asset_not_found"}
_REFUSED, _FAILED = 400, 500


def declare() -> None:
    """Make Plaza known to the application."""
    declarations.register(
        KEY,
        Declaration("Plaza", KINDS, TEXTS),
    )


@dataclass(frozen=True)
class PlazaPlatform:
    """Plaza over the HTTP client of the installation."""

    http: httpx2.AsyncClient
    key: str = KEY
    name: str = "Plaza"
    connects: bool = True
    redirect_uri: str = REDIRECT
    consent_origin: str = ADDRESS
    partnerships: None = None
    assignments: None = None
    activity_log: None = None
    diagnosis: None = None
    profile_linking: None = None
    help_topics: tuple[HelpTopic, ...] = ()
    take_back_steps: tuple[Message, ...] = (_("Open Plaza > Permissions and remove {agency}."),)

    @property
    def kinds(self) -> Mapping[str, AssetKind]:
        """Storefronts and bulletins."""
        return KINDS

    @property
    def guided_dated(self) -> ContentDate:
        """The day of the guided steps."""
        return ContentDate((("en", date(2026, 11, 1)),))

    @property
    def default_app(self) -> App:
        """The installation's app."""
        return App(APP_ID, APP_SECRET)

    @property
    def handlers(self) -> Mapping[str, KindHandler]:
        """One handler serves both kinds."""
        return {key: Permissions(self, key) for key in KINDS}

    def role_words(self, _kind: str, role: str) -> RoleWords:
        """A role in a client's words."""
        can = {"VIEWER": _("See it"), "EDITOR": _("Change it"), "AUTHOR": _("Write in it")}[role]
        return RoleWords(can, (can,), (_("Delete it"),), can)

    def guided_steps(self, _kind: str, *, is_partner: bool = False) -> tuple[GuidedStep, ...]:
        """The client's steps to share an asset by hand."""
        return (GuidedStep((_("Open Plaza > Permissions and add {agency}."),), copies="agency_account_id"),)

    def help_articles(self, _code: str) -> tuple[HelpArticle, ...]:
        """None."""
        return ()

    def consent(self, app: App, *, state: str) -> ConsentRequest:
        """The consent page, with PKCE."""
        return self._oauth.consent(app, state=state)

    async def exchange(self, app: App, code: str, code_verifier: str | None, record: RecordCall) -> Token:
        """The token of a consent."""
        return await self._oauth.exchange(app, code, code_verifier, record)

    async def refresh(self, app: App, refresh_token: str, record: RecordCall) -> Token:
        """A new token in place of one that ends."""
        return await self._oauth.refresh(app, refresh_token, record)

    async def revoke(self, app: App, token: str, record: RecordCall) -> None:
        """Revoke a token."""
        await self._oauth.revoke(app, token, record)

    def missing_scopes(self, scopes: Sequence[str], _kinds: Sequence[str] = ()) -> tuple[str, ...]:
        """The scopes that were not granted."""
        return tuple(each for each in SCOPES.split() if each not in scopes)

    def may(self, _scopes: Sequence[str], _what: str) -> bool:
        """No optional function exists."""
        return False

    async def discover(self, _app: App, access: Access, record: RecordCall) -> DiscoveredAssets:
        """The person, the businesses they administer, and all assets of these."""
        me = await self.call("me", "GET", "/me", access, record)
        accounts = tuple(PlatformAccount(each["id"], each["name"]) for each in me["businesses"])
        assets = [
            DiscoveredAsset(each["kind"], account.account_id, each["id"], each["name"])
            for account in accounts
            for each in (await self.call("assets", "GET", f"/businesses/{account.account_id}/assets", access, record))[
                "assets"
            ]
        ]
        return DiscoveredAssets(me["name"], accounts, tuple(assets))

    async def call(
        self,
        operation: str,
        method: Literal["GET", "PUT", "DELETE"],
        path: str,
        access: Access,
        record: RecordCall,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """One call of Plaza's API, recorded."""
        started = time.monotonic()
        headers = {"Authorization": f"Bearer {access.token}"}
        answer = await self.http.request(method, f"{ADDRESS}{path}", json=body, headers=headers)
        outcome: Outcome = "ok"
        if answer.status_code >= _REFUSED:
            outcome = "denied" if answer.status_code in _BLOCKERS else "unavailable"
        call = RecordedCall(
            operation, {"path": path, **(body or {})}, outcome, answer.status_code, answer.reason_phrase, None,
            answer.json(), int((time.monotonic() - started) * 1000),
        )  # fmt: skip
        record(call)
        if outcome == "denied":
            raise Denied(call, _BLOCKERS[answer.status_code])
        if outcome == "unavailable":
            raise Unavailable(call, 1.0)
        return answer.json()

    @property
    def _oauth(self) -> OAuth2:
        return OAuth2(
            self.http, f"{ADDRESS}/oauth/authorize", f"{ADDRESS}/oauth/token", f"{ADDRESS}/oauth/revoke",
            self.redirect_uri, tuple(SCOPES.split()),
        )  # fmt: skip


@dataclass(frozen=True)
class Permissions:
    """Handler of one kind: permissions that the owner's business gives to the agency's."""

    platform: PlazaPlatform
    kind: str

    async def observe_agency(self, reading: Reading, keys: Sequence[AssetKey]) -> Mapping[AssetKey, Observation]:
        """Read the permissions that the agency's business received from the client's."""
        received = await reading.reader.read(
            lambda access, record: self.platform.call(
                "received", "GET", f"/businesses/{reading.pair.ours}/received", access, record
            )
        )
        if isinstance(received, Observation):
            return dict.fromkeys(keys, received)
        roles = {each["id"]: each["role"] for each in received["assets"] if each["owner"] == reading.pair.theirs}
        return {key: Observation(roles.get(key.asset_id)) for key in keys}

    async def observe_client(self, reading: Reading, wanted: Sequence[WantedAccess]) -> Mapping[AssetKey, Observation]:
        """Read the owner's list of each asset."""
        found: dict[AssetKey, Observation] = {}
        for each in wanted:
            asset_id = each.key.asset_id
            listed = await reading.reader.read(
                lambda access, record, asset_id=asset_id: self.platform.call(  # type: ignore[misc]
                    "permissions", "GET", f"/assets/{asset_id}/permissions", access, record
                )
            )
            if isinstance(listed, Observation):
                found[each.key] = listed
                continue
            roles = {row["business"]: row["role"] for row in listed["permissions"]}
            found[each.key] = Observation(roles.get(reading.pair.ours))
        return found

    async def count_events(self, _reader: AssetReader, _key: AssetKey, _since: datetime) -> Mapping[str, int]:
        """None: nothing receives events."""
        return {}

    async def details(self, reader: AssetReader, asset_ids: Sequence[str]) -> Mapping[str, AssetDetails] | Observation:
        """The state of each asset."""
        found: dict[str, AssetDetails] = {}
        for asset_id in asset_ids:
            state = await reader.read(
                lambda access, record, asset_id=asset_id: self.platform.call(  # type: ignore[misc]
                    "state", "GET", f"/assets/{asset_id}/state", access, record
                )
            )
            if isinstance(state, Observation):
                return state
            problem = "ad_account_suspended" if state["closed"] else None
            found[asset_id] = AssetDetails(problem, state["country"], state["currency"])
        return found

    def problem(self, client: ClientAssets, key: AssetKey) -> str | None:
        """Blocker code of an asset that is not the client's."""
        return client.found.problem_of(key.kind, client.account_id, key.asset_id)

    async def share(self, execution: Execution, action: ShareAction) -> None:
        """Permit the agency's business to use each asset."""
        for key in action.keys:
            await self.platform.call(
                "permit", "PUT", f"/assets/{key.asset_id}/permissions/{execution.pair.ours}", execution.access,
                execution.record, {"role": action.role},
            )  # fmt: skip

    async def unshare(self, execution: Execution, action: UnshareAction) -> None:
        """End the permission on each asset."""
        for key in action.keys:
            await self.platform.call(
                "forbid", "DELETE", f"/assets/{key.asset_id}/permissions/{execution.pair.ours}", execution.access,
                execution.record,
            )  # fmt: skip


def with_plaza(platforms: Platforms, world: Plaza) -> Platforms:
    """These platforms and Plaza, of which the application knows from now on."""
    declare()
    plaza = PlazaPlatform(httpx2.AsyncClient(transport=httpx2.ASGITransport(world.app())))
    return Platforms(platforms.default, plaza, manual=library.every().values())
