"""Every code that says what is in the way of access: whose turn it makes it, and which kinds can meet it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Actor = Literal["client", "agency", "us", "platform"]

ANY_KIND = ("ad_account", "pixel", "catalog", "person")
_ASSETS = ("ad_account", "pixel", "catalog")
_ACCOUNTS = ("ad_account",)
_PIXELS = ("pixel",)
_PEOPLE = ("person",)


@dataclass(frozen=True)
class Blocker:
    """Next actor of a blocker, and the kinds of access it applies to."""

    next_actor: Actor = "client"
    kinds: tuple[str, ...] = ANY_KIND


BLOCKERS: Mapping[str, Blocker] = {
    "asset_not_shared": Blocker(kinds=("ad_account", "catalog", "person")),
    "role_too_low": Blocker(kinds=("ad_account", "catalog", "person")),
    "role_higher_than_requested": Blocker(kinds=("ad_account", "catalog", "person")),
    "not_bc_admin": Blocker(),
    "wrong_bc_selected": Blocker(),
    "agencys_own_center": Blocker(),
    "no_business_center": Blocker(),
    "bc_under_review": Blocker("platform"),
    "bc_punished": Blocker(),
    "bc_denied": Blocker(),
    "bc_not_enabled": Blocker("platform"),
    "pixel_not_linked": Blocker(kinds=_PIXELS),
    "pixel_silent": Blocker(kinds=_PIXELS),
    "pixel_events_unread": Blocker("agency", _PIXELS),
    "ad_account_suspended": Blocker(kinds=_ACCOUNTS),
    "ad_account_limited": Blocker(kinds=_ACCOUNTS),
    "ad_account_in_review": Blocker("platform", _ACCOUNTS),
    "ad_account_disapproved": Blocker(kinds=_ACCOUNTS),
    "consent_cancelled": Blocker(),
    "consent_not_finished": Blocker(),
    "auth_code_expired": Blocker(),
    "not_connected": Blocker(),
    "connection_dead": Blocker(),
    "scope_not_authorised": Blocker("agency"),
    "app_problem": Blocker("agency"),
    "platform_changed": Blocker("agency"),
    "agency_must_reauthorise": Blocker("agency"),
    "account_not_ticked": Blocker(kinds=_ACCOUNTS),
    "asset_not_found": Blocker(),
    "asset_shared_elsewhere": Blocker(kinds=("ad_account", "catalog")),
    "asset_owned_elsewhere": Blocker(kinds=_ASSETS),
    "asset_owned_by_person": Blocker(kinds=_ACCOUNTS),
    "request_pending": Blocker(kinds=_ACCOUNTS),
    "partner_declined": Blocker("agency", _ASSETS),
    "partnership_ended": Blocker(kinds=_ASSETS),
    "share_without_effect": Blocker(),
    "access_interrupted": Blocker(),
    "removal_refused": Blocker(),
    "account_missing": Blocker(kinds=_PIXELS),
    "platform_unavailable": Blocker("platform"),
    "invitation_pending": Blocker("agency", _PEOPLE),
    "invitation_rejected": Blocker("agency", _PEOPLE),
}


def next_actor(code: str) -> Actor:
    """Next actor for a blocker code."""
    return BLOCKERS[code].next_actor if code in BLOCKERS else "client"
