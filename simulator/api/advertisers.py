"""Details of ad accounts: API.md 3.4."""

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.api.oauth import masked
from simulator.models import AdAccount

MOST_IDS = 100
SPECIAL_FIELDS = {"company_name_editable", "can_use_custom_identity", "ads_only_mode"}
"""Asking for any of these gives only these, and the id."""


def advertiser_info(call: Call) -> Data:
    """GET advertiser/info/: accounts that the token does not reach are left out."""
    advertiser_ids = call.parameters.ids("advertiser_ids", MOST_IDS)
    if not advertiser_ids:
        raise Refusal(40002, "advertiser_ids: Missing data for required field.")
    fields = call.parameters.texts("fields")
    reaches = call.simulator.reaches
    accounts = [account for key in advertiser_ids if (account := call.world.ad_account(key))]
    reached = [account for account in accounts if reaches(call.token, account.asset_id)]
    return {"list": [_chosen(_details(call, account), fields) for account in reached]}


def _details(call: Call, account: AdAccount) -> dict[str, object]:
    row: dict[str, object] = {
        "advertiser_id": account.asset_id,
        "name": account.name,
        "company": account.company,
        "status": account.status,
        "role": "ROLE_ADVERTISER",
        "currency": account.currency,
        "timezone": account.timezone,
        "display_timezone": account.timezone,
        "country": account.country,
        "industry": account.industry,
        "language": "en",
        "balance": account.balance,
        "create_time": account.create_time,
        "advertiser_account_type": account.account_type,
        "rejection_reason": account.rejection_reason,
        "contacter": "A**",
        "email": masked(call.person.email),
        "cellphone_number": "+33*******00",
        "telephone_number": "",
        "license_no": "",
        "license_url": "",
    }
    # Only somebody who is admin of the owner, and has the account from that owner, is told who owns it.
    owner = call.world.business_centers.get(account.owner_bc_id or "")
    if owner and owner.is_admin(call.person.person_id):
        row["owner_bc_id"] = owner.bc_id
    return row


def _chosen(row: dict[str, object], fields: list[str] | None) -> dict[str, object]:
    if not fields:
        return row
    if special := SPECIAL_FIELDS.intersection(fields):
        return {"advertiser_id": row["advertiser_id"], **dict.fromkeys(sorted(special), False)}
    return {name: value for name, value in row.items() if name in fields or name == "advertiser_id"}
