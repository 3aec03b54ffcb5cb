"""Business Centers and what they hold: API.md 3.1 to 3.3 and 4.6."""

from typing import get_args

from app.demo.tiktok_simulator.api.call import Call
from app.demo.tiktok_simulator.api.envelope import Data, Refusal
from app.demo.tiktok_simulator.model import (
    ASSET_TYPES,
    SHOW_STATUS,
    AdAccount,
    BusinessCenter,
    RelationStatus,
    RelationType,
)
from app.demo.tiktok_simulator.world import Holding

HELD_TYPES = (*(kind for kind in ASSET_TYPES if kind != "DOMAIN"), "MANAGED_BUSINESS_ACCOUNT")


def business_centers(call: Call) -> Data:
    """GET bc/get/: those the person is a member of. No tiered ones here, so keywords find nothing less."""
    page = call.parameters.page()
    wanted = call.parameters.optional_id("bc_id")
    call.parameters.choice("scene", ("SINGLE_ACCOUNT", "TIERED_ACCOUNT"), "SINGLE_ACCOUNT")
    call.parameters.filtering()
    person_id = call.person.person_id
    mine = [center for center in call.world.business_centers.values() if person_id in center.members]
    return page.cut([_center(center, person_id) for center in mine if wanted in (None, center.bc_id)])


def usable_assets(call: Call) -> Data:
    """GET bc/asset/get/: what the token's person, or the one asked about, can use there."""
    bc_id = call.parameters.id("bc_id")
    asset_type = call.parameters.choice("asset_type", HELD_TYPES)
    page = call.parameters.page()
    filtering = call.parameters.filtering()
    keyword = filtering.optional_text("keyword")
    user_id, user_email = filtering.optional_id("user_id"), filtering.optional_text("user_email")
    if user_id and user_email:
        raise Refusal(40002, "filtering: user_id and user_email exclude each other.")
    center = call.world.business_centers.get(bc_id)
    if center is None or call.person.person_id not in center.members:
        raise Refusal(40001, f"No permission: the user is not a member of Business Center {bc_id}.")
    person_id = user_id or _person_with(call, user_email) or call.person.person_id
    if person_id != call.person.person_id:
        call.administered(bc_id)
    held = call.world.usable(person_id, bc_id, call.simulator.visible_moment())
    return page.cut([_asset(call, row) for row in held if _is(row, asset_type) and _matches(row, keyword)])


def all_assets(call: Call) -> Data:
    """GET bc/asset/admin/get/: everything the Business Center holds, ticked at consent or not."""
    bc_id = call.parameters.id("bc_id")
    asset_type = call.parameters.choice("asset_type", HELD_TYPES)
    page = call.parameters.page()
    filtering = call.parameters.filtering()
    keyword = filtering.optional_text("keyword")
    relation_type = filtering.choice("relation_type", ("", *get_args(RelationType)), "")
    relation_status = filtering.choice("relation_status", ("", *get_args(RelationStatus)), "")
    show_status = filtering.choice("advertiser_show_status", ("", *SHOW_STATUS.values()), "")
    call.administered(bc_id)
    rows = [
        {**_asset(call, row), **_relation(row)}
        for row in call.world.holdings(bc_id, call.simulator.visible_moment())
        if _is(row, asset_type)
        and _matches(row, keyword)
        and relation_type in ("", row.relation_type)
        and relation_status in ("", row.relation_status)
    ]
    return page.cut([row for row in rows if show_status in ("", row.get("advertiser_status"))])


def partners_of_asset(call: Call) -> Data:
    """GET bc/asset/partner/get/: which partners hold an asset of this Business Center."""
    bc_id = call.parameters.id("bc_id")
    asset_type = call.parameters.choice("asset_type", ASSET_TYPES)
    asset_id = call.parameters.id("asset_id")
    keyword = call.parameters.filtering().optional_text("keyword")
    page = call.parameters.page()
    call.administered(bc_id)
    asset = call.world.assets.get(asset_id)
    if asset is None or asset.owner_bc_id != bc_id or asset.asset_type != asset_type:
        raise Refusal(40002, f"You don't have permission to the asset({asset_id})")
    rows: list[Data] = []
    for share in call.world.sharing.shares(call.simulator.visible_moment()):
        name = call.world.business_centers[share.partner_id].name
        if share.asset_id == asset_id and (keyword or "").lower() in name.lower():
            rows.append({"bc_id": share.partner_id, "bc_name": name})
    return page.cut(rows)


def _center(center: BusinessCenter, person_id: str) -> Data:
    member = center.members[person_id]
    info = {
        "bc_id": center.bc_id,
        "name": center.name,
        "company": center.company,
        "currency": center.currency,
        "registered_area": center.registered_area,
        "status": center.status,
        "timezone": center.timezone,
        "type": center.type,
        "verification_status": center.verification_status,
    }
    finance = {"finance_role": member.finance_role} if member.finance_role else {}
    return {"bc_info": info, "user_role": member.role, "ext_user_role": finance}


def _asset(call: Call, holding: Holding) -> Data:
    asset = holding.asset
    row: dict[str, object] = {
        "asset_type": asset.asset_type,
        "asset_id": asset.asset_id,
        "asset_name": asset.name,
    }
    if isinstance(asset, AdAccount):
        row |= {"advertiser_account_type": asset.account_type, "advertiser_role": holding.role}
    owner = call.world.business_centers.get(asset.owner_bc_id or "")
    return row | {"owner_bc_name": owner.name if owner else None}


def _relation(holding: Holding) -> Data:
    relation = {"relation_type": holding.relation_type, "relation_status": holding.relation_status}
    if isinstance(holding.asset, AdAccount):
        return {**relation, "advertiser_status": SHOW_STATUS[holding.asset.status]}
    return relation


def _is(holding: Holding, asset_type: str) -> bool:
    return holding.asset.asset_type == asset_type


def _matches(holding: Holding, keyword: str | None) -> bool:
    return not keyword or keyword.lower() in holding.asset.name.lower() or keyword == holding.asset.asset_id


def _person_with(call: Call, email: str | None) -> str | None:
    if email is None:
        return None
    for person in call.world.persons.values():
        if person.email == email:
            return person.person_id
    raise Refusal(40002, "filtering: no member has this user_email.")
