"""Business Centers, what they hold and what happened there: API.md 3.1 to 3.3, 4.6 and 4.7."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.models import (
    ASSET_TYPES,
    SHOW_STATUS,
    Activity,
    ActivityType,
    AdAccount,
    BusinessCenter,
    Invitation,
    Pixel,
    RelationStatus,
    RelationType,
)
from simulator.world import Holding

HELD_TYPES = (*(kind for kind in ASSET_TYPES if kind != "DOMAIN"), "MANAGED_BUSINESS_ACCOUNT")
WITH_RELATION_STATUS = ("ADVERTISER", "PIXEL", "TIKTOK_SHOP")


def business_centers(call: Call) -> Data:
    """GET bc/get/: those the person is a member of. No tiered ones here, so keywords find nothing less."""
    page = call.parameters.page()
    wanted = call.parameters.optional_id("bc_id")
    call.parameters.choice("scene", ("SINGLE_ACCOUNT", "TIERED_ACCOUNT"), "SINGLE_ACCOUNT")
    call.parameters.filtering()
    person_id = call.person.person_id
    mine = [center for center in call.world.business_centers.values() if person_id in center.members]
    found = [center for center in mine if wanted in (None, center.bc_id)]
    return page.cut(found, lambda center: _center(center, person_id))


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
    invitation = center.invitations.get((user_email or "").lower())
    if invitation is not None:
        call.administered(bc_id)
        held = _promised(call, bc_id, invitation)
    else:
        person_id = user_id or _person_with(call, user_email) or call.person.person_id
        if person_id != call.person.person_id:
            call.administered(bc_id)
        held = call.world.usable(person_id, bc_id, call.simulator.visible_moment())
    found = [row for row in held if _is(row, asset_type) and _matches(row, keyword)]
    return page.cut(found, lambda row: _asset(call, row))


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
    found = [
        row
        for row in call.world.holdings(bc_id, call.simulator.visible_moment())
        if _is(row, asset_type)
        and _matches(row, keyword)
        and relation_type in ("", row.relation_type)
        and relation_status in ("", row.relation_status)
        and (not show_status or show_status == _show_status(row))
    ]
    return page.cut(found, lambda row: {**_asset(call, row), **_relation(row)})


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
    holders = [
        call.world.business_centers[share.partner_id]
        for share in call.world.sharing.shares(call.simulator.visible_moment())
        if share.asset_id == asset_id
    ]
    found = [center for center in holders if (keyword or "").lower() in center.name.lower()]
    return page.cut(found, lambda center: {"bc_id": center.bc_id, "bc_name": center.name})


def activity_log(call: Call) -> Data:
    """GET changelog/get/: the newest first unless asked otherwise; without dates, the last seven days."""
    bc_id = call.parameters.id("bc_id")
    filtering = call.parameters.filtering()
    first, last = filtering.optional_day("start_date"), filtering.optional_day("end_date")
    if (first is None) != (last is None):
        raise Refusal(40002, "filtering: start_date and end_date go together.")
    kind = filtering.choice("activity_type", ("ALL", *get_args(ActivityType)), "ALL")
    call.parameters.optional_text("lang")
    call.parameters.choice("sort_field", ("operation_time",), "operation_time")
    order = call.parameters.choice("sort_type", ("ASC", "DESC"), "DESC")
    page = call.parameters.page()
    call.administered(bc_id)
    today = _day(call.simulator.clock())
    first, last = first or today - timedelta(days=7), last or today
    found = [
        activity
        for activity in call.world.activities.get(bc_id, [])
        if kind in ("ALL", activity.activity_type) and first <= _day(activity.at) <= last
    ]
    return page.cut(found if order == "ASC" else found[::-1], _activity, name="changelog_list")


def _activity(activity: Activity) -> Data:
    return {
        "time": datetime.fromtimestamp(activity.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "activity_type": activity.activity_type,
        "operator_id": activity.operator_id,
        "activity_log": activity.activity_log,
    }


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


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
    if asset.asset_type == "CATALOG":
        row["catalog_role"] = holding.role
    owner = call.world.business_centers.get(asset.owner_bc_id or "")
    return row | {"owner_bc_name": owner.name if owner else None}


def _relation(holding: Holding) -> Data:
    row: dict[str, object] = {"relation_type": holding.relation_type}
    if holding.asset.asset_type in WITH_RELATION_STATUS:
        row["relation_status"] = holding.relation_status
    if isinstance(holding.asset, AdAccount):
        row["advertiser_status"] = _show_status(holding)
    if isinstance(holding.asset, Pixel):
        row["pixel_code"] = holding.asset.pixel_code
    return row


def _show_status(holding: Holding) -> str | None:
    return SHOW_STATUS[holding.asset.status] if isinstance(holding.asset, AdAccount) else None


def _promised(call: Call, bc_id: str, invitation: Invitation) -> list[Holding]:
    """The access of an invited person after acceptance."""
    holdings = [call.world.holding(bc_id, asset_id) for asset_id in invitation.asset_ids]
    return [holding._replace(role=invitation.advertiser_role) for holding in holdings if holding is not None]


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
