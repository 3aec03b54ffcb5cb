"""Blockers of assets that a client cannot share, from the status that TikTok shows; permissions in refusals. Pure."""

import re
from collections.abc import Iterable, Mapping

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


#: Relations of an asset to the Business Center that lists it.
OURS, OF_A_PERSON = "OWNER_BC", "OWNER_INDIVIDUAL"
#: Problems that hide whether the account was ticked: TikTok offers only accounts that the Business Center owns.
BEFORE_TICKING = frozenset({"request_pending", "asset_owned_by_person", "asset_owned_elsewhere"})


def of_center(role: str, status: str) -> str | None:
    """Blocker code if a person with this role can share nothing from a Business Center, else None."""
    if role != "ADMIN":
        return "not_bc_admin"
    if status in ("ENABLE", ""):  # without a status only an attempt shows it
        return None
    return CENTERS.get(status, "bc_not_enabled")


def of_account(relation: str, *, is_pending: bool, statuses: Iterable[str]) -> str | None:
    """Blocker code of an ad account in a Business Center under any authorization, else None.

    `is_pending`: its owner has not accepted the request for it. `statuses`: the account's own and the coarser one of
    the list.
    """
    if is_pending:
        return "request_pending"
    if relation != OURS:
        return "asset_owned_by_person" if relation == OF_A_PERSON else "asset_owned_elsewhere"
    return next((ACCOUNTS[status] for status in statuses if status in ACCOUNTS), None)


def of_status(status: str) -> str | None:
    """Blocker code of an ad account's own status that keeps its ads from running, else None."""
    return ACCOUNTS.get(status)


def of_verification(status: str) -> str | None:
    """Code of a company that TikTok has not verified, else None."""
    if status == "VERIFIED":
        return None
    return "verification_in_review" if status == "REVIEWING" else "not_verified"


def permissions_named_in(message: str) -> tuple[str, ...]:
    """The permissions that a refusal names, by their names in My Apps."""
    return scopes.named_in(message)


def of_app_id(app_id: str) -> str | None:
    """The sentence about an id that is none of My Apps."""
    if re.fullmatch(r"[0-9]{5,20}", app_id):
        return None
    return (
        "A TikTok app id has digits only: you find it in My Apps of TikTok API for Business. "
        "A client key with letters is from TikTok for Developers and does not work here."
    )
