"""Members who hold an asset, and assignment to them: API.md 5.5 to 5.7. All need an ADMIN of `bc_id`.

Assets shared by a partner are assigned to members like the Business Center's own.
"""

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.changes import members as changes
from simulator.models import ADVERTISER_ROLES, CATALOG_ROLES, Asset, Role, roles_on
from simulator.world import Holding

ASSIGNABLE = ("ADVERTISER", "CATALOG", "LEAD", "TIKTOK_SHOP", "TT_ACCOUNT", "MANAGED_BUSINESS_ACCOUNT")
UNASSIGNABLE = ("ADVERTISER", "CATALOG", "LEAD", "TT_ACCOUNT", "MANAGED_BUSINESS_ACCOUNT")
WITH_MEMBERS = ("ADVERTISER", "CATALOG", "LEAD", "MANAGED_BUSINESS_ACCOUNT")
MOST_ON_A_PAGE = 20


def assign_asset(call: Call) -> Data:
    """POST bc/asset/assign/: once more with another role changes the role, in either direction."""
    bc_id, user_id, asset_id = (call.parameters.id(name) for name in ("bc_id", "user_id", "asset_id"))
    asset_type = call.parameters.choice("asset_type", ASSIGNABLE)
    role = _role(call, asset_type)
    center = call.administered_for_writing(bc_id)
    if user_id not in center.members:
        raise Refusal(40002, f"user_id: {user_id} is not a member of this Business Center.")
    held = _held(call, bc_id, asset_id, asset_type)
    order = roles_on(held.asset.asset_type)
    if order.index(role) > order.index(held.role):
        raise Refusal(40001, f"No permission: the Business Center's own role on {asset_id} is {held.role}.")
    changes.assign(call.simulator, call.person.person_id, bc_id, held.asset, user_id, role)
    return {}


def unassign_asset(call: Call) -> Data:
    """POST bc/asset/unassign/"""
    bc_id, user_id, asset_id = (call.parameters.id(name) for name in ("bc_id", "user_id", "asset_id"))
    asset_type = call.parameters.choice("asset_type", UNASSIGNABLE)
    call.administered_for_writing(bc_id)
    held = _held(call, bc_id, asset_id, asset_type)
    if not changes.unassign(call.simulator, call.person.person_id, bc_id, held.asset, user_id):
        raise Refusal(40007, f"The asset is not assigned to {user_id}.")
    return {}


def members_of_asset(call: Call) -> Data:
    """GET bc/asset/member/get/: the admins, who hold everything, and those it is assigned to."""
    bc_id, asset_id = call.parameters.id("bc_id"), call.parameters.id("asset_id")
    asset_type = call.parameters.choice("asset_type", WITH_MEMBERS)
    page = call.parameters.page(largest=MOST_ON_A_PAGE)
    keyword = (call.parameters.filtering().optional_text("keyword") or "").lower()
    center = call.administered(bc_id)
    held = _held(call, bc_id, asset_id, asset_type)
    assigned = held.asset.assigned.get(bc_id, {})
    rows: list[Data] = []
    for person_id, member in center.members.items():
        role = held.role if member.role == "ADMIN" else assigned.get(person_id)
        person = call.world.persons[person_id]
        name = member.name or person.name
        if role is not None and (keyword in name.lower() or keyword in person.email.lower()):
            who = {"user_id": person_id, "user_name": name, "user_email": person.email}
            rows.append({**who, **_shown_role(held.asset, role)})
    return page.cut(rows, lambda row: row)


def _role(call: Call, asset_type: str) -> Role:
    if asset_type == "ADVERTISER":
        return call.parameters.choice("advertiser_role", ADVERTISER_ROLES)
    return call.parameters.choice("catalog_role", CATALOG_ROLES) if asset_type == "CATALOG" else ""


def _held(call: Call, bc_id: str, asset_id: str, asset_type: str) -> Holding:
    held = call.world.holding(bc_id, asset_id)
    if held is None or held.asset.asset_type != asset_type or held.relation_status != "BOUND":
        raise Refusal(40001, f"You don't have permission to the asset({asset_id})")
    return held


def _shown_role(asset: Asset, role: Role) -> Data:
    if asset.asset_type == "ADVERTISER":
        return {"advertiser_role": role}
    return {"catalog_role": role} if asset.asset_type == "CATALOG" else {}
