"""Assets that a person can select after authorization, and the blockers of the others. Pure."""

from dataclasses import dataclass

from app.platforms.resources import AdAccount, BusinessCenterInfo, DiscoveredAssets, Pixel


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from. `code`: the blocker if it cannot be chosen.

    `company`: the legal name behind a Business Center.
    """

    id: str
    name: str
    detail: str
    can: bool
    code: str | None = None
    company: str = ""


def business_centers(found: DiscoveredAssets, agency_bc_id: str = "") -> list[Choice]:
    """Business Centers, those that can be chosen first; the agency's own cannot share with itself."""
    choices = [
        Choice(center.bc_id, center.name, f"Business Center {center.bc_id}", code is None, code, center.company)
        for center in found.business_centers
        for code in ["agencys_own_center" if center.bc_id == agency_bc_id else center_problem(center)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def accounts(found: DiscoveredAssets, bc_id: str) -> list[Choice]:
    """The ad accounts of one Business Center, those that can be chosen first."""
    choices = [
        Choice(account.asset_id, account.name, f"Ad account {account.asset_id}", code is None, code)
        for account in found.accounts
        if account.bc_id == bc_id
        for code in [account_problem(account)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def pixels(found: DiscoveredAssets, bc_id: str) -> list[Choice]:
    """The pixels of one Business Center, those that can be chosen first."""
    choices = [
        Choice(pixel.code, pixel.name, f"Pixel {pixel.code}", code is None, code)
        for pixel in found.pixels
        if pixel.bc_id == bc_id
        for code in [pixel_problem(pixel)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def center_problem(center: BusinessCenterInfo) -> str | None:
    """Blocker code if the person who authorized can share nothing from a Business Center, else None."""
    if center.role != "ADMIN":
        return "not_bc_admin"
    if center.status in ("ENABLE", ""):  # without a status only an attempt shows it
        return None
    return CENTER_CODES.get(center.status, "bc_not_enabled")


#: Blocker of each status of a Business Center except ENABLE.
CENTER_CODES = {"REVIEWING": "bc_under_review", "PUNISH": "bc_punished", "DENY": "bc_denied"}

#: Blocker of each status. In all others the account can be shared.
_STATUS_CODES = {
    "STATUS_DISABLE": "ad_account_suspended",
    "STATUS_LIMIT": "ad_account_limited",
    "STATUS_PENDING_CONFIRM": "ad_account_in_review",
    "STATUS_PENDING_VERIFIED": "ad_account_in_review",
    "STATUS_CONTRACT_PENDING": "ad_account_in_review",
    "STATUS_CONFIRM_FAIL": "ad_account_disapproved",
    "SHOW_ACCOUNT_STATUS_PUNISHED": "ad_account_suspended",
    "SHOW_ACCOUNT_STATUS_IN_REVIEW": "ad_account_in_review",
    "SHOW_ACCOUNT_STATUS_NOT_APPROVED": "ad_account_disapproved",
}


def pixel_problem(pixel: Pixel) -> str | None:
    """Blocker code if a pixel cannot be linked from this Business Center, else None."""
    return None if pixel.owned else "asset_owned_elsewhere"


def account_problem(account: AdAccount) -> str | None:
    """Blocker code if an ad account cannot be shared from this Business Center, else None."""
    if account.relation == "PENDING":
        return "request_pending"
    if not account.owned:
        return "asset_owned_by_person" if account.owned_by_person else "asset_owned_elsewhere"
    if not account.ticked:
        return "account_not_ticked"
    return _STATUS_CODES.get(account.status) or _STATUS_CODES.get(account.listed_status)
