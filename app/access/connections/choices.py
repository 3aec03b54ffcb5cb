"""What a person can choose from after authorising, and why some of it cannot be chosen. Pure."""

from dataclasses import dataclass

from app.platforms.port import AccountSeen, BusinessCenterSeen, Found


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from; where it cannot be chosen, `code` names the blocker."""

    id: str
    name: str
    detail: str
    can: bool
    code: str | None = None


def business_centers(found: Found, agency_bc_id: str = "") -> list[Choice]:
    """Business Centers, those that can be chosen first; the agency's own cannot share with itself."""
    choices = [
        Choice(center.bc_id, center.name, f"Business Center {center.bc_id}", code is None, code)
        for center in found.business_centers
        for code in ["agencys_own_center" if center.bc_id == agency_bc_id else _center_code(center)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def accounts(found: Found, bc_id: str) -> list[Choice]:
    """The ad accounts of one Business Center, those that can be chosen first."""
    choices = [
        Choice(account.asset_id, account.name, f"Ad account {account.asset_id}", code is None, code)
        for account in found.accounts
        if account.bc_id == bc_id
        for code in [_account_code(account)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def _center_code(center: BusinessCenterSeen) -> str | None:
    if center.role != "ADMIN":
        return "not_bc_admin"
    return None if center.status == "ENABLE" else "bc_not_enabled"


#: Statuses in which an account can be shared but TikTok still has to do its part are no reason to hide it.
_STATUS_CODES = {
    "STATUS_DISABLE": "ad_account_suspended",
    "STATUS_LIMIT": "ad_account_suspended",
    "STATUS_PENDING_CONFIRM": "ad_account_in_review",
    "STATUS_PENDING_VERIFIED": "ad_account_in_review",
    "STATUS_CONFIRM_FAIL": "ad_account_disapproved",
    "SHOW_ACCOUNT_STATUS_PUNISHED": "ad_account_suspended",
    "SHOW_ACCOUNT_STATUS_IN_REVIEW": "ad_account_in_review",
    "SHOW_ACCOUNT_STATUS_NOT_APPROVED": "ad_account_disapproved",
}


def _account_code(account: AccountSeen) -> str | None:
    if not account.owned:
        return "asset_owned_elsewhere"
    if not account.ticked:
        return "account_not_ticked"
    return _STATUS_CODES.get(account.status)
