"""Pixels: linked to an ad account, or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.platforms.access import (
    NO_TOKEN,
    Action,
    AssetKey,
    Observation,
    ReadFailure,
    ShareAction,
    UnshareAction,
    WantedAccess,
)
from app.platforms.port import AssetReader, ClientAssets, Execution, Reading
from app.platforms.resources import AssetDetails
from app.platforms.tiktok.kinds import AD_ACCOUNT

if TYPE_CHECKING:
    from app.platforms.tiktok.adapter import TikTok

LINKED = Observation("LINK")
NO_SCOPE = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")


@dataclass(frozen=True)
class Pixels:
    """Handler of pixels."""

    platform: "TikTok"

    async def observe_agency(self, reading: Reading, keys: Sequence[AssetKey]) -> Mapping[AssetKey, Observation]:
        """Read one list for each ad account that the agency received.

        Without the ad account there is no pixel. A refusal although the ad account is there means that the agency's
        consent is older than the share: TikTok shows an app only the accounts that were ticked.
        """
        observations: dict[AssetKey, Observation] = {}
        for account_id in dict.fromkeys(key.parent_asset_id for key in keys if key.parent_asset_id):
            here = [key for key in keys if key.parent_asset_id == account_id]
            account = reading.before.get(AssetKey(AD_ACCOUNT.key, account_id), NO_TOKEN)
            if account.role is None:
                observations |= dict.fromkeys(here, account if account.why_not else Observation())
                continue
            if not self._may(reading.reader, "pixels"):
                observations |= dict.fromkeys(here, NO_SCOPE)
                continue
            codes = await self._codes(reading.reader, account_id)
            if isinstance(codes, Observation):
                refused = codes.why_not is ReadFailure.DENIED and codes.blocker != "platform_changed"
                seen = replace(codes, blocker="agency_must_reauthorize") if refused else codes
                observations |= dict.fromkeys(here, seen)
            else:
                observations |= {key: LINKED if key.asset_id in codes else Observation() for key in here}
        return observations

    async def observe_client(self, reading: Reading, wanted: Sequence[WantedAccess]) -> Mapping[AssetKey, Observation]:
        """Read the links of each pixel; if they cannot be read, the list of its ad account.

        `/bc/pixel/link/get/` sometimes refuses even Admins.
        """
        return {each.key: await self._link(reading, each.key) for each in wanted}

    async def _link(self, reading: Reading, key: AssetKey) -> Observation:
        assert key.parent_asset_id is not None
        accounts = await reading.reader.read(
            lambda access, record: self.platform.pixel_accounts(
                access, bc_id=reading.pair.theirs, code=key.asset_id, record=record
            )
        )
        if not isinstance(accounts, Observation):
            return LINKED if key.parent_asset_id in accounts else Observation()
        if accounts.why_not is not ReadFailure.DENIED:
            return accounts
        codes = await self._codes(reading.reader, key.parent_asset_id)
        if isinstance(codes, Observation):
            return accounts
        return LINKED if key.asset_id in codes else Observation()

    async def _codes(self, reader: AssetReader, account_id: str) -> frozenset[str] | Observation:
        """The codes of the pixels that an ad account can use."""
        pixels = await reader.read(
            lambda access, record: self.platform.pixels_of(access, account_id=account_id, record=record)
        )
        return pixels if isinstance(pixels, Observation) else frozenset(pixels)

    async def count_events(
        self, reader: AssetReader, key: AssetKey, since: datetime
    ) -> Mapping[str, int] | Observation:
        """Numbers of events since a day, or the reason why they are unknown."""
        if reader.scopes is None or not self._may(reader, "events"):
            return NO_SCOPE
        account_id = key.parent_asset_id or ""
        return await reader.read(
            lambda access, record: self.platform.pixel_events(
                access, account_id=account_id, code=key.asset_id, since=since, record=record
            )
        )

    async def details(self, _reader: AssetReader, _asset_ids: Sequence[str]) -> Mapping[str, AssetDetails]:
        """None: campaigns run in ad accounts."""
        return {}

    def _may(self, reader: AssetReader, what: str) -> bool:
        return reader.scopes is None or self.platform.may(reader.scopes, what)

    def problem(self, client: ClientAssets, key: AssetKey) -> str | None:
        """Blocker code of a pixel that cannot be linked."""
        return client.found.problem_of(key.kind, client.account_id, key.asset_id)

    async def share(self, execution: Execution, action: ShareAction) -> None:
        """Link the pixel to its ad accounts."""
        await self._set_links(execution, action, link=True)

    async def unshare(self, execution: Execution, action: UnshareAction) -> None:
        """Unlink it."""
        await self._set_links(execution, action, link=False)

    async def _set_links(self, execution: Execution, action: Action, *, link: bool) -> None:
        await self.platform.link_pixel(
            execution.access, bc_id=execution.pair.theirs, code=action.keys[0].asset_id,
            account_ids=[key.parent_asset_id for key in action.keys if key.parent_asset_id], link=link,
            record=execution.record,
        )  # fmt: skip
