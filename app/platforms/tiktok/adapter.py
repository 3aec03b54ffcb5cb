"""TikTok as a platform: authorization, sharing, removing access, and the reads that verify both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.kit import clock
from app.kit.i18n.message import ContentDate, Message
from app.platforms.port import (
    Access,
    App,
    AssetKind,
    ConsentRequest,
    Denied,
    GuidedStep,
    HelpArticle,
    HelpTopic,
    KindHandler,
    ProfileLinking,
    RecordCall,
    RecordedCall,
    RoleWords,
    Token,
)
from app.platforms.resources import (
    AccountMember,
    ActivityEntry,
    AssetDetails,
    AssetHolder,
    AssetShare,
    Connected,
    DiagnosticFinding,
    DiagnosticReport,
    DiscoveredAssets,
    PartnerInfo,
    Shares,
)
from app.platforms.tiktok import (
    diagnostics,
    discovery,
    errors,
    findings,
    kinds,
    linking,
    operations,
    problems,
    responses,
    scopes,
    steps,
)
from app.platforms.tiktok.client import Wire
from app.platforms.tiktok.partner_assets import PartnerAssets
from app.platforms.tiktok.people import People
from app.platforms.tiktok.pixels import Pixels

#: Maximum number of days per call of `pixel/event/stats/`.
MOST_DAYS = 30
_SHARED: Mapping[str, type[responses.SharedAsset]] = {
    "ad_account": responses.SharedAdvertiser,
    "catalog": responses.SharedCatalog,
}
_ASSET_TYPES = {"ad_account": "ADVERTISER", "catalog": "CATALOG", "pixel": "PIXEL"}


@dataclass(frozen=True)
class TikTok:
    """TikTok API for Business. `auth_url` is the portal's address, or the one copied from My Apps."""

    wire: Wire
    auth_url: str
    redirect_uri: str
    default_app: App | None
    key: str = "tiktok"
    name: str = "TikTok"
    connects: bool = True

    @property
    def kinds(self) -> Mapping[str, AssetKind]:
        """Ad accounts, pixels, catalogs and people."""
        return kinds.KINDS

    @property
    def handlers(self) -> Mapping[str, KindHandler]:
        """Ad accounts before pixels, which are observed on them."""
        return {
            kinds.AD_ACCOUNT.key: PartnerAssets(self, kinds.AD_ACCOUNT.key),
            kinds.CATALOG.key: PartnerAssets(self, kinds.CATALOG.key),
            kinds.PIXEL.key: Pixels(self),
            kinds.PERSON.key: People(self),
        }

    @property
    def consent_origin(self) -> str:
        """Scheme and host of the consent page, for the form rules of the content security policy.

        Any TikTok host: its portal may redirect to another of them for sign-in.
        """
        parts = urlsplit(self.auth_url)
        if (parts.hostname or "").endswith(".tiktok.com"):
            return "https://*.tiktok.com"
        return f"{parts.scheme}://{parts.netloc}"

    def consent(self, app: App, *, state: str) -> ConsentRequest:
        """The consent page; an existing query in `auth_url` is kept. There is no scope parameter and no PKCE."""
        parts = urlsplit(self.auth_url)
        query = dict(parse_qsl(parts.query))
        query |= {"app_id": app.app_id, "state": state, "redirect_uri": self.redirect_uri}
        return ConsentRequest(urlunsplit(parts._replace(query=urlencode(query))))

    async def exchange(self, app: App, code: str, _code_verifier: str | None, record: RecordCall) -> Token:
        """The token of a consent; it is valid until revoked."""
        answer = await operations.access_token(self.wire, app, code, record)
        return Token(answer.access_token, tuple(map(str, answer.scope)))

    async def refresh(self, _app: App, _refresh_token: str, _record: RecordCall) -> Token:
        """Never called: tokens of the API for Business do not end, and come without a refresh token."""
        raise AssertionError

    async def revoke(self, app: App, token: str, record: RecordCall) -> None:
        """Revoke the token. A token unknown to TikTok counts as revoked."""
        try:
            await operations.revoke_token(self.wire, app, token, record)
        except Denied as refused:
            if refused.blocker != "connection_dead":
                raise

    def missing_scopes(self, granted: Sequence[str], kinds: Sequence[str] = ("ad_account",)) -> tuple[str, ...]:
        """Names in My Apps of the needed permissions that were not granted."""
        return scopes.missing(granted, kinds)

    def may(self, granted: Sequence[str], what: str) -> bool:
        """True if a token may read `pixels`, count `events`, see `members`, or read `changes`."""
        return scopes.may(granted, what)

    async def discover(self, app: App, access: Access, record: RecordCall) -> DiscoveredAssets:
        """The person who authorized, their Business Centers, and the assets of those that they administer."""
        return await discovery.discover(self.wire, app, access, record)

    @property
    def partnerships(self) -> Self:
        """Business Centers have partners."""
        return self

    @property
    def assignments(self) -> Self:
        """Members of a Business Center are assigned ad accounts."""
        return self

    @property
    def activity_log(self) -> Self:
        """The change log of a Business Center."""
        return self

    @property
    def diagnosis(self) -> Self:
        """App and token are examined with small reads."""
        return self

    async def partners(self, access: Access, *, account_id: str, record: RecordCall) -> tuple[PartnerInfo, ...]:
        """Every partner; TikTok does not return the status of a partnership."""
        rows = await operations.partners(self.wire, access, bc_id=account_id, record=record)
        return tuple(PartnerInfo(row.bc_id, row.bc_name or "") for row in rows)

    async def shared_by(self, access: Access, *, bc_id: str, partner_id: str, kind: str, record: RecordCall) -> Shares:
        """The assets that `bc_id` shares with the partner, in its own Business Center's list."""
        return await self._shares(access, bc_id, partner_id, kind, "SHARING", record)

    async def shared_to(
        self, access: Access, *, account_id: str, partner_id: str, kind: str, record: RecordCall
    ) -> Shares:
        """The assets that `account_id` received from the partner: the verification."""
        return await self._shares(access, account_id, partner_id, kind, "SHARED", record)

    async def _shares(
        self,
        access: Access,
        bc_id: str,
        partner_id: str,
        kind: str,
        share_type: Literal["SHARED", "SHARING"],
        record: RecordCall,
    ) -> Shares:
        try:
            rows = await operations.partner_assets(
                self.wire, access, bc_id=bc_id, partner_id=partner_id, share_type=share_type, shape=_SHARED[kind],
                record=record,
            )  # fmt: skip
        except Denied as refused:
            if not errors.no_partner(refused.call.code, refused.call.message):
                raise
            if await self._are_partners(access, bc_id, partner_id, record):
                raise
            return {}  # Business Centers that are not partners share nothing
        return {row.asset_id: AssetShare(row.asset_id, row.role, row.asset_name or "") for row in rows}

    async def _are_partners(self, access: Access, bc_id: str, partner_id: str, record: RecordCall) -> bool:
        """True if the list of partners contains it, or is refused too: then nothing is known."""
        try:
            return any(
                each.account_id == partner_id for each in await self.partners(access, account_id=bc_id, record=record)
            )
        except Denied:
            return True

    async def share(
        self, access: Access, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, record: RecordCall
    ) -> None:
        """Share ad accounts with the partner; creates the partnership if there is none."""
        await operations.add_partner(
            self.wire, access, bc_id=bc_id, partner_id=partner_id, asset_ids=asset_ids, role=role, record=record
        )

    async def unshare(
        self, access: Access, *, bc_id: str, partner_id: str, kind: str, asset_ids: Sequence[str], record: RecordCall
    ) -> None:
        """Stop sharing; assets that are not shared count as removed. Takes pixels by number, not by code."""
        try:
            await operations.delete_partner_assets(
                self.wire, access, bc_id=bc_id, partner_id=partner_id, asset_type=_ASSET_TYPES[kind],
                asset_ids=asset_ids, record=record,
            )  # fmt: skip
        except Denied as refused:
            _gone_or_raise(refused)

    async def pixel_accounts(self, access: Access, *, bc_id: str, code: str, record: RecordCall) -> frozenset[str]:
        """Every ad account that the pixel is linked to. Denied with `about_asset`: try `pixels_of` each account."""
        rows = await operations.pixel_links(self.wire, access, bc_id=bc_id, code=code, record=record)
        return frozenset(row.advertiser_id for row in rows)

    async def pixels_of(self, access: Access, *, account_id: str, record: RecordCall) -> Mapping[str, str]:
        """The pixels that an ad account can use, by code."""
        rows = await operations.pixels(self.wire, access, account_id=account_id, record=record)
        return {row.pixel_code: row.pixel_name or "" for row in rows}

    async def link_pixel(
        self, access: Access, *, bc_id: str, code: str, account_ids: Sequence[str], link: bool, record: RecordCall
    ) -> None:
        """Link a pixel to up to 100 ad accounts, or unlink it; a missing pixel counts as unlinked."""
        try:
            await operations.update_pixel_links(
                self.wire, access, bc_id=bc_id, code=code, account_ids=account_ids, link=link, record=record
            )
        except Denied as refused:
            if link:
                raise
            _gone_or_raise(refused)

    async def pixel_events(
        self, access: Access, *, account_id: str, code: str, since: datetime, record: RecordCall
    ) -> Mapping[str, int]:
        """Browser and server events together, by type.

        Denied(`pixel_not_linked`) if the ad account does not have the pixel.
        """
        calls: list[RecordedCall] = []

        def kept(call: RecordedCall) -> None:
            calls.append(call)
            record(call)

        rows = await operations.pixels(self.wire, access, account_id=account_id, code=code, record=kept)
        number = next((row.pixel_id for row in rows if row.pixel_code == code), None)
        if number is None:
            raise Denied(calls[-1], "pixel_not_linked")
        last = clock.now().date()
        first = max(since.astimezone(UTC).date(), last - timedelta(days=MOST_DAYS - 1))
        stats = await operations.event_stats(
            self.wire, access, account_id=account_id, number=number, first=first, last=last, record=kept
        )
        counts: Counter[str] = Counter()
        for each in (each for row in stats.rows if row.pixel_id == number for each in row.statistics):
            counts[each.type] += each.total_count
        return +counts

    async def ad_accounts(
        self, access: Access, *, asset_ids: Sequence[str], record: RecordCall
    ) -> Mapping[str, AssetDetails]:
        """Status, country and currency of the ad accounts that the token reaches; never their balance."""
        rows = await discovery.infos(self.wire, access, asset_ids, record)
        return {
            asset_id: AssetDetails(problems.of_status(row.status or ""), row.country or "", row.currency or "")
            for asset_id, row in rows.items()
        }

    async def members(self, access: Access, *, account_id: str, record: RecordCall) -> tuple[AccountMember, ...]:
        """All members, including invited people."""
        rows = await operations.members(self.wire, access, bc_id=account_id, record=record)
        return tuple(
            AccountMember(
                row.user_id or "", row.user_name or "", row.user_email or "", row.user_role, row.relation_status
            )
            for row in rows
        )

    async def invite(
        self, access: Access, *, bc_id: str, email: str, account_ids: Sequence[str], role: str, record: RecordCall
    ) -> None:
        """Invite a person to up to 50 ad accounts; an invited person is not invited twice."""
        await operations.invite_member(
            self.wire, access, bc_id=bc_id, email=email, account_ids=account_ids, role=role, record=record
        )

    async def remove_member(self, access: Access, *, bc_id: str, user_id: str, email: str, record: RecordCall) -> None:
        """Remove a member or cancel an invitation; a person who is no member counts as removed."""
        try:
            await operations.delete_member(self.wire, access, bc_id=bc_id, user_id=user_id, email=email, record=record)
        except Denied as refused:
            _gone_or_raise(refused)

    async def holders(
        self, access: Access, *, account_id: str, asset_id: str, record: RecordCall
    ) -> tuple[AssetHolder, ...]:
        """The members who can open an ad account."""
        rows = await operations.holders(self.wire, access, bc_id=account_id, account_id=asset_id, record=record)
        return tuple(AssetHolder(row.user_id, row.user_email or "", row.advertiser_role) for row in rows)

    async def assign(
        self, access: Access, *, account_id: str, user_id: str, asset_id: str, role: str, record: RecordCall
    ) -> None:
        """Assign an ad account to a member."""
        await operations.assign(
            self.wire, access, bc_id=account_id, user_id=user_id, account_id=asset_id, role=role, record=record
        )

    async def unassign(
        self, access: Access, *, account_id: str, user_id: str, asset_id: str, record: RecordCall
    ) -> None:
        """Unassign an ad account from a member; an account that is not assigned counts as unassigned."""
        try:
            await operations.unassign(
                self.wire, access, bc_id=account_id, user_id=user_id, account_id=asset_id, record=record
            )
        except Denied as refused:
            _gone_or_raise(refused)

    async def changes(
        self, access: Access, *, account_id: str, since: datetime, record: RecordCall
    ) -> tuple[ActivityEntry, ...]:
        """Activities on ad accounts since that day, including shares."""
        last = clock.now().date()
        first = min(since.astimezone(UTC).date(), last)
        rows = await operations.change_log(self.wire, access, bc_id=account_id, first=first, last=last, record=record)
        return tuple(
            ActivityEntry(row.time, row.activity_type, row.operator_id or "", row.activity_log) for row in rows
        )

    async def examine(
        self, app: App, access: Access | None, granted: Sequence[str], *, account_id: str
    ) -> DiagnosticReport:
        """Diagnose with nine calls that use a token, and one without."""
        return await diagnostics.examine(self.wire, app, access, granted, account_id)

    def findings(
        self,
        app_id: str,
        examined: DiagnosticReport,
        connected: Connected | None,
        *,
        account_id: str | None,
        for_agency: bool,
    ) -> Sequence[DiagnosticFinding]:
        """The results of a diagnosis, with the remedies in My Apps."""
        return findings.of(app_id, examined, connected, account_id=account_id, for_agency=for_agency)

    def findings_without_app(self) -> Sequence[DiagnosticFinding]:
        """The same if there is no app."""
        return findings.none_at_all()

    def redirect_address_finding(self, address: str, came_back: datetime | None) -> DiagnosticFinding:
        """Finding about the redirect address, which TikTok compares letter by letter."""
        return findings.redirect_address_finding(address, came_back)

    def registration_finding(self, address: str) -> DiagnosticFinding:
        """Advice about registering the redirect address in My Apps."""
        return findings.registration_finding(address)

    def role_words(self, kind: str, role: str) -> RoleWords:
        """The role in a client's words."""
        return kinds.ROLES[kind][role]

    @property
    def guided_dated(self) -> ContentDate:
        """The day on which the guided steps were last compared with TikTok's help."""
        return steps.steps_file().dated

    def guided_steps(self, kind: str, *, is_partner: bool = False) -> tuple[GuidedStep, ...]:
        """The client's steps in TikTok Business Center to share."""
        return steps.share(is_partner=is_partner)[kind]

    @property
    def take_back_steps(self) -> tuple[Message, ...]:
        """The client's steps to end all access of an agency."""
        return steps.take_back()

    def help_articles(self, code: str) -> tuple[HelpArticle, ...]:
        """Help for a client with a blocker or a failed readiness check."""
        return steps.help_by_code().get(code, ())

    @property
    def help_topics(self) -> tuple[HelpTopic, ...]:
        """Guides about Business Center."""
        return steps.help_topics()

    @property
    def profile_linking(self) -> ProfileLinking:
        """The guide to link a TikTok account with TikTok For Business."""
        return linking.guide()


def _gone_or_raise(refused: Denied) -> None:
    """Treat a missing asset as removed."""
    if refused.call.code != errors.GONE:
        raise refused
