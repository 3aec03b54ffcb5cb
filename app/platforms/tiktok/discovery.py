"""Discovery of the assets that a person who authorized can choose from: Business Centers, ad accounts and pixels."""

from collections.abc import Mapping, Sequence

from app.platforms.port import Access, App, Denied, RecordCall, UnexpectedAnswer
from app.platforms.resources import DiscoveredAsset, DiscoveredAssets, PlatformAccount
from app.platforms.tiktok import operations, problems, responses
from app.platforms.tiktok.client import Wire
from app.platforms.tiktok.kinds import AD_ACCOUNT, PIXEL


async def discover(wire: Wire, app: App, access: Access, record: RecordCall) -> DiscoveredAssets:
    """Read everything, with six calls for one Business Center of up to 50 ad accounts."""
    person = await _person(wire, access, record)
    ticked = {row.advertiser_id for row in (await operations.advertisers(wire, app, access, record)).rows}
    seen = tuple(business_center(row) for row in await operations.business_centers(wire, access, record))
    usable = [center.account_id for center in seen if center.usable]
    held = {
        bc_id: await operations.admin_assets(wire, access, bc_id=bc_id, asset_type="ADVERTISER", record=record)
        for bc_id in usable
    }
    pixels = [pixel for bc_id in usable for pixel in await _pixels(wire, access, bc_id, record)]
    owned = [row.asset_id for rows in held.values() for row in rows if row.relation_type == problems.OURS]
    infos = await _infos(wire, access, [each for each in owned if each in ticked], record)
    accounts = tuple(
        _account(bc_id, row, ticked=row.asset_id in ticked, info=infos.get(row.asset_id))
        for bc_id, rows in held.items()
        for row in rows
    )
    return DiscoveredAssets(person, seen, (*accounts, *pixels))


async def _person(wire: Wire, access: Access, record: RecordCall) -> str | None:
    """Name of the person who authorized, for display only; None if TikTok returns none."""
    try:
        user = await operations.user_info(wire, access, record)
    except UnexpectedAnswer:
        return None
    return user.display_name or user.email or None


async def _pixels(wire: Wire, access: Access, bc_id: str, record: RecordCall) -> list[DiscoveredAsset]:
    """Pixels; empty if the list is refused: ad accounts can be chosen without it."""
    try:
        rows = await operations.admin_assets(wire, access, bc_id=bc_id, asset_type="PIXEL", record=record)
    except (Denied, UnexpectedAnswer):
        return []
    return [
        DiscoveredAsset(
            PIXEL.key, bc_id, row.pixel_code, row.asset_name or row.pixel_code, problem=problem, own_problem=problem,
            owned=row.relation_type == problems.OURS,
        )
        for row in rows
        if row.pixel_code
        for problem in [None if row.relation_type == problems.OURS else "asset_owned_elsewhere"]
    ]  # fmt: skip


async def _infos(
    wire: Wire, access: Access, advertiser_ids: Sequence[str], record: RecordCall
) -> Mapping[str, responses.AdvertiserInfo]:
    """Currency, time zone and country; empty if the read is refused."""
    try:
        return await infos(wire, access, advertiser_ids, record)
    except (Denied, UnexpectedAnswer):
        return {}


async def infos(
    wire: Wire, access: Access, advertiser_ids: Sequence[str], record: RecordCall
) -> Mapping[str, responses.AdvertiserInfo]:
    """Status, currency, time zone and country of the ad accounts that the token reaches."""
    rows: list[responses.AdvertiserInfo] = []
    for first in range(0, len(advertiser_ids), operations.MOST_ADVERTISERS):
        batch = advertiser_ids[first : first + operations.MOST_ADVERTISERS]
        rows += (await operations.advertiser_info(wire, access, batch, record)).rows
    return {row.advertiser_id: row for row in rows}


def business_center(row: responses.BcRow) -> PlatformAccount:
    """A Business Center from its row in the list."""
    info = row.bc_info
    verification = info.verification_status or ""
    return PlatformAccount(
        info.bc_id, info.name or info.bc_id, problems.of_center(row.user_role, info.status or ""),
        company=info.company or "", verification=verification,
        verification_code=problems.of_verification(verification) if verification else None,
    )  # fmt: skip


def _account(
    bc_id: str, row: responses.AdminAsset, *, ticked: bool, info: responses.AdvertiserInfo | None
) -> DiscoveredAsset:
    own = problems.of_account(
        row.relation_type,
        is_pending=row.relation_status == "PENDING",
        statuses=((info and info.status) or "", row.advertiser_status or ""),
    )
    return DiscoveredAsset(
        AD_ACCOUNT.key, bc_id, row.asset_id, row.asset_name or row.asset_id,
        problem=own if ticked or own in problems.BEFORE_TICKING else "account_not_ticked", own_problem=own,
        owned=row.relation_type == problems.OURS, currency=(info and info.currency) or "",
        timezone=(info and info.timezone) or "",
    )  # fmt: skip
