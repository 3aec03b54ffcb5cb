"""Blockers of assets that a client cannot share, from the status that TikTok shows; permissions in refusals. Pure."""

from collections.abc import Mapping

from app.platforms.resources import AdAccount, BusinessCenterInfo, Pixel
from app.platforms.tiktok import scopes

#: Blocker of each status of a Business Center except ENABLE.
CENTERS: Mapping[str, str] = {"REVIEWING": "bc_under_review", "PUNISH": "bc_punished", "DENY": "bc_denied"}

#: Blocker of each status of an ad account. In all others it can be shared.
ACCOUNTS: Mapping[str, str] = {
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


def of_center(center: BusinessCenterInfo) -> str | None:
    """Blocker code if the person who authorized can share nothing from a Business Center, else None."""
    if center.role != "ADMIN":
        return "not_bc_admin"
    if center.status in ("ENABLE", ""):  # without a status only an attempt shows it
        return None
    return CENTERS.get(center.status, "bc_not_enabled")


def of_account(account: AdAccount) -> str | None:
    """Blocker code if an ad account cannot be shared from its Business Center, else None."""
    if account.relation == "PENDING":
        return "request_pending"
    if not account.owned:
        return "asset_owned_by_person" if account.owned_by_person else "asset_owned_elsewhere"
    if not account.ticked:
        return "account_not_ticked"
    return ACCOUNTS.get(account.status) or ACCOUNTS.get(account.listed_status)


def of_pixel(pixel: Pixel) -> str | None:
    """Blocker code if a pixel cannot be linked from its Business Center, else None."""
    return None if pixel.owned else "asset_owned_elsewhere"


def of_verification(status: str) -> str | None:
    """Code of a company that TikTok has not verified, else None."""
    if status == "VERIFIED":
        return None
    return "verification_in_review" if status == "REVIEWING" else "not_verified"


def permissions_named_in(message: str) -> tuple[str, ...]:
    """The permissions that a refusal names, by their names in My Apps."""
    return scopes.named_in(message)
