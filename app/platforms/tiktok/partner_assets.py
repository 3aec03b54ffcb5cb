"""Ad accounts and catalogs: what partners share with each other. One list shows all shares of a kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.platforms.access import AssetKey, Observation, ShareAction, UnshareAction, WantedAccess
from app.platforms.port import AssetReader, ClientAssets, Execution, Reading
from app.platforms.resources import AssetDetails, Shares
from app.platforms.tiktok.kinds import AD_ACCOUNT

if TYPE_CHECKING:
    from app.platforms.tiktok.adapter import TikTok


@dataclass(frozen=True)
class PartnerAssets:
    """Handler of one of both kinds. By API only ad accounts can be shared, and both be taken back."""

    platform: "TikTok"
    kind: str

    async def observe_agency(self, reading: Reading, keys: Sequence[AssetKey]) -> Mapping[AssetKey, Observation]:
        """Read the list of what the agency received."""
        shares = await reading.reader.read(
            lambda access, record: self.platform.shared_to(
                access, account_id=reading.pair.ours, partner_id=reading.pair.theirs, kind=self.kind, record=record
            )
        )
        return _listed(shares, keys)

    async def observe_client(self, reading: Reading, wanted: Sequence[WantedAccess]) -> Mapping[AssetKey, Observation]:
        """Read the client's list of what it shares, accepted by the agency or not."""
        shares = await reading.reader.read(
            lambda access, record: self.platform.shared_by(
                access, bc_id=reading.pair.theirs, partner_id=reading.pair.ours, kind=self.kind, record=record
            )
        )
        return _listed(shares, [each.key for each in wanted])

    async def count_events(self, _reader: AssetReader, _key: AssetKey, _since: datetime) -> Mapping[str, int]:
        """None: neither kind receives events."""
        return {}

    async def details(self, reader: AssetReader, asset_ids: Sequence[str]) -> Mapping[str, AssetDetails] | Observation:
        """State, country and currency of ad accounts."""
        if self.kind != AD_ACCOUNT.key:
            return {}
        return await reader.read(
            lambda access, record: self.platform.ad_accounts(access, asset_ids=asset_ids, record=record)
        )

    def problem(self, client: ClientAssets, key: AssetKey) -> str | None:
        """Blocker code of an ad account that cannot be shared."""
        return (
            client.found.problem_of(key.kind, client.account_id, key.asset_id) if self.kind == AD_ACCOUNT.key else None
        )

    async def share(self, execution: Execution, action: ShareAction) -> None:
        """Share ad accounts with one role."""
        await self.platform.share(
            execution.access, bc_id=execution.pair.theirs, partner_id=execution.pair.ours,
            asset_ids=[key.asset_id for key in action.keys], role=action.role, record=execution.record,
        )  # fmt: skip

    async def unshare(self, execution: Execution, action: UnshareAction) -> None:
        """Stop sharing."""
        await self.platform.unshare(
            execution.access, bc_id=execution.pair.theirs, partner_id=execution.pair.ours, kind=self.kind,
            asset_ids=[key.asset_id for key in action.keys], record=execution.record,
        )  # fmt: skip


def _listed(shares: Shares | Observation, keys: Sequence[AssetKey]) -> dict[AssetKey, Observation]:
    """Observation of each asset in a list of shares, or in the failure to read one."""
    if isinstance(shares, Observation):
        return dict.fromkeys(keys, shares)
    return {key: Observation(shares[key.asset_id].role) if key.asset_id in shares else Observation() for key in keys}
