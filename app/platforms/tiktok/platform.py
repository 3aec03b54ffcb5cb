"""TikTok as a platform: consent, discovery, sharing and the two reads that prove it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.platforms.port import (
    AccountSeen,
    App,
    BusinessCenterSeen,
    Denied,
    Found,
    GuidedStep,
    Keep,
    RoleWords,
    Shares,
    Token,
)
from app.platforms.tiktok import scopes, shapes, wire, words
from app.platforms.tiktok.wire import Wire

MOST_PAGES = 200
Item = TypeVar("Item", bound=shapes.Shape)


@dataclass(frozen=True)
class TikTok:
    """TikTok API for Business. `auth_url` is the portal's address, or the one copied from My Apps."""

    wire: Wire
    auth_url: str
    redirect_uri: str
    default_app: App | None
    key: str = "tiktok"
    name: str = "TikTok"
    guided_dated: str = words.DATED

    @property
    def consent_origin(self) -> str:
        """Scheme and host of the consent page, for the browser's form rules.

        Any host of TikTok's: its portal may send the person on to sign in at another of them.
        """
        parts = urlsplit(self.auth_url)
        if (parts.hostname or "").endswith(".tiktok.com"):
            return "https://*.tiktok.com"
        return f"{parts.scheme}://{parts.netloc}"

    def consent_address(self, app: App, *, state: str) -> str:
        """The consent page; a query that stands in `auth_url` is kept. There is no scope parameter."""
        parts = urlsplit(self.auth_url)
        query = dict(parse_qsl(parts.query))
        query |= {"app_id": app.app_id, "state": state, "redirect_uri": self.redirect_uri}
        return urlunsplit(parts._replace(query=urlencode(query)))

    async def exchange(self, app: App, code: str, keep: Keep) -> Token:
        """The token of a consent; it lives until revoked."""
        answer = await wire.access_token(self.wire, app, code, keep)
        return Token(answer.access_token, tuple(answer.scope))

    async def revoke(self, app: App, token: str, keep: Keep) -> None:
        """Gives the token back. A token TikTok no longer knows is given back already."""
        try:
            await wire.revoke_token(self.wire, app, token, keep)
        except Denied as refused:
            if refused.blocker != "connection_dead":
                raise

    def missing_scopes(self, token: Token) -> tuple[str, ...]:
        """The needed permissions that were not granted, by their names in My Apps."""
        return scopes.missing(token.scopes)

    async def discover(self, app: App, token: str, keep: Keep) -> Found:
        """Who authorised, their Business Centers, and all ad accounts of those they administer."""
        person = await wire.user_info(self.wire, token, keep)
        ticked = {row.advertiser_id for row in (await wire.advertisers(self.wire, app, token, keep)).list}
        rows = await _all(lambda page: wire.business_centers(self.wire, token, page, keep))
        centers = tuple(
            BusinessCenterSeen(row.bc_info.bc_id, row.bc_info.name, row.user_role, row.bc_info.status) for row in rows
        )
        accounts: list[AccountSeen] = []
        for center in centers:
            if center.usable:
                accounts += await self._accounts(token, center.bc_id, ticked, keep)
        return Found(person.display_name, centers, tuple(accounts))

    async def _accounts(self, token: str, bc_id: str, ticked: set[str], keep: Keep) -> list[AccountSeen]:
        rows = await _all(lambda page: wire.ad_accounts(self.wire, token, bc_id, page, keep))
        return [
            AccountSeen(
                bc_id=bc_id, asset_id=row.asset_id, name=row.asset_name, owned=row.relation_type == "OWNER_BC",
                ticked=row.asset_id in ticked, status=row.advertiser_status or "",
            )
            for row in rows
        ]  # fmt: skip

    async def shared_by(self, token: str, *, bc_id: str, partner_id: str, keep: Keep) -> Shares:
        """What `bc_id` shares with the partner, as its own Business Center lists it."""
        return await self._shares(token, bc_id, partner_id, "SHARING", keep)

    async def shared_to(self, token: str, *, bc_id: str, partner_id: str, keep: Keep) -> Shares:
        """What `bc_id` received from the partner: the proof."""
        return await self._shares(token, bc_id, partner_id, "SHARED", keep)

    async def _shares(
        self, token: str, bc_id: str, partner_id: str, share_type: Literal["SHARED", "SHARING"], keep: Keep
    ) -> Shares:
        rows = await _all(
            lambda page: wire.partner_assets(
                self.wire,
                token,
                bc_id=bc_id,
                partner_id=partner_id,
                share_type=share_type,
                page=page,
                keep=keep,
            )
        )
        return {row.asset_id: row.advertiser_role for row in rows}

    async def share(
        self, token: str, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, keep: Keep
    ) -> None:
        """Shares ad accounts with the partner; creates the partnership where there is none."""
        await wire.add_partner(
            self.wire, token, bc_id=bc_id, partner_id=partner_id, asset_ids=asset_ids, role=role, keep=keep
        )

    def rank(self, role: str) -> int:
        """Analyst 1, Operator 2, Admin 3."""
        return words.RANK.get(role, 0)

    def role_words(self, kind: str, role: str) -> RoleWords:
        """The role in a client's words."""
        assert kind == "ad_account"
        return words.ROLES[role]

    def guided_steps(self, kind: str) -> tuple[GuidedStep, ...]:
        """The steps in TikTok Business Center."""
        assert kind == "ad_account"
        return words.SHARE_AD_ACCOUNT


async def _all(read: Callable[[int], Awaitable[shapes.PageOf[Item]]]) -> list[Item]:
    """Every row of a paged list: reading one page only would call things missing that are there."""
    rows: list[Item] = []
    for page in range(1, MOST_PAGES + 1):
        answer = await read(page)
        rows += answer.list
        if page >= answer.page_info.total_page:
            break
    return rows
