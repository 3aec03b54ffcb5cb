"""Partners and what is shared with them: API.md 4.1 to 4.5. All need an ADMIN of `bc_id`."""

from collections.abc import Iterable

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.changes import partners as changes
from simulator.models import ADVERTISER_ROLES, ASSET_TYPES, AdAccount, AdvertiserRole
from simulator.sharing import Share

MOST_IDS = 50


def add_partner(call: Call) -> Data:
    """POST bc/partner/add/: the relation alone, or with assets; one role for all of them."""
    bc_id, partner_id = call.parameters.id("bc_id"), call.parameters.id("partner_id")
    asset_ids = call.parameters.ids("asset_ids", MOST_IDS)
    role: AdvertiserRole = call.parameters.choice("advertiser_role", ADVERTISER_ROLES, "ANALYST")
    call.parameters.choice("catalog_role", ("ADMIN", "AD_PROMOTE"), "AD_PROMOTE")
    if call.parameters.optional_text("asset_type") or asset_ids:
        # Sources disagree on sending one without the other; the stricter reading catches more mistakes.
        call.parameters.choice("asset_type", ("ADVERTISER",))
        if not asset_ids:
            raise Refusal(40002, "asset_ids: Missing data for required field.")
    call.administered_for_writing(bc_id)
    _check_partner(call, bc_id, partner_id)
    _check_ownership(call, bc_id, asset_ids)
    shares = [Share(bc_id, partner_id, asset_id, "ADVERTISER", role) for asset_id in asset_ids]
    outcome = changes.share(call.simulator, call.person.person_id, bc_id, partner_id, shares)
    call.simulator.calls.count_shares(outcome)
    return {}


def partners(call: Call) -> Data:
    """GET bc/partner/get/"""
    bc_id = call.parameters.id("bc_id")
    page = call.parameters.page()
    name = (call.parameters.filtering().optional_text("name") or "").lower()
    call.administered(bc_id)
    known = call.world.sharing.partner_ids(bc_id, call.simulator.visible_moment())
    centers = [call.world.business_centers[partner_id] for partner_id in known]
    found = [center for center in centers if name in center.name.lower()]
    return page.cut(found, lambda center: {"bc_id": center.bc_id, "bc_name": center.name})


def partner_assets(call: Call) -> Data:
    """GET bc/partner/asset/get/: SHARED is theirs with us, SHARING is ours with them."""
    bc_id, partner_id = call.parameters.id("bc_id"), call.parameters.id("partner_id")
    asset_type = call.parameters.choice("asset_type", ("ADVERTISER", "CATALOG", "DOMAIN"))
    share_type = call.parameters.choice("share_type", ("SHARED", "SHARING"))
    page = call.parameters.page()
    keyword = call.parameters.filtering().optional_text("keyword")
    call.administered(bc_id)
    moment = call.simulator.visible_moment()
    if call.simulator.switches.strangers_refused and partner_id not in call.world.sharing.partner_ids(bc_id, moment):
        raise Refusal(40002, f"Business Center {partner_id} is not your partner.")
    look = call.world.sharing.received if share_type == "SHARED" else call.world.sharing.given
    shares = look(bc_id, partner_id, moment)
    found = [share for share in shares if share.asset_type == asset_type and _matches(call, share, keyword)]
    return page.cut(found, lambda share: _row(call, share))


def delete_partner_assets(call: Call) -> Data:
    """POST bc/partner/asset/delete/: every type of asset can be taken back, regardless of who shared it and how."""
    bc_id, partner_id = call.parameters.id("bc_id"), call.parameters.id("partner_id")
    asset_type = call.parameters.choice("asset_type", ASSET_TYPES)
    asset_ids = call.parameters.ids("asset_ids", 1 if asset_type == "LEAD" else MOST_IDS)
    if not asset_ids:
        raise Refusal(40002, "asset_ids: Missing data for required field.")
    call.administered(bc_id)
    shared = {share.asset_id for share in call.world.sharing.given(bc_id, partner_id) if share.asset_type == asset_type}
    gone = shared.intersection(asset_ids)
    if not changes.unshare(call.simulator, call.person.person_id, bc_id, partner_id, gone):
        raise Refusal(40007, "The assets are not shared with this partner.")
    return {}


def delete_partner(call: Call) -> Data:
    """POST bc/partner/delete/: from either side; all that was shared goes with it."""
    bc_id, partner_id = call.parameters.id("bc_id"), call.parameters.id("partner_id")
    call.administered(bc_id)
    if not changes.part(call.simulator, call.person.person_id, bc_id, partner_id):
        raise Refusal(40007, "The Business Centers are not partners.")
    return {}


def _check_partner(call: Call, bc_id: str, partner_id: str) -> None:
    if partner_id == bc_id:
        raise Refusal(40002, "partner_id: A Business Center cannot be its own partner.")
    if partner_id not in call.world.business_centers:
        raise Refusal(40002, f"partner_id: Business Center {partner_id} does not exist.")


def _check_ownership(call: Call, bc_id: str, asset_ids: Iterable[str]) -> None:
    for asset_id in asset_ids:
        account = call.world.ad_account(asset_id)
        if account is None:
            raise Refusal(40002, f"asset_ids: Ad account {asset_id} does not exist.")
        if account.owner_bc_id != bc_id:
            raise Refusal(40001, f"You don't have permission to the asset({asset_id})")


def _row(call: Call, share: Share) -> dict[str, object]:
    asset = call.world.assets[share.asset_id]
    row: dict[str, object] = {
        "asset_id": asset.asset_id,
        "asset_type": asset.asset_type,
        "asset_name": asset.name,
    }
    if isinstance(asset, AdAccount):
        row |= {"advertiser_role": share.role, "advertiser_account_type": asset.account_type}
    if asset.asset_type == "CATALOG":
        row["catalog_role"] = share.role
    return row


def _matches(call: Call, share: Share, keyword: str | None) -> bool:
    if not keyword:
        return True
    return keyword == share.asset_id or keyword.lower() in call.world.assets[share.asset_id].name.lower()
