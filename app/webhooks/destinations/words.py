"""Codes of events as people read them, in a Slack channel or a note in a CRM."""

from collections.abc import Mapping
from typing import Any

_STATUS = {
    "draft": "not sent yet", "in_progress": "in progress", "submitted": "agreed, setting up", "completed": "completed",
    "waiting": "waiting for the client's yes", "approved": "being set up",
    "awaiting_partner": "waiting for the other side", "awaiting_client": "waiting for the client",
    "attested": "confirmed by a person", "unverifiable": "cannot be checked", "drifted": "changed since then",
    "declined": "declined by the client", "ended": "taken away", "pending_verification": "waiting for its challenge",
}  # fmt: skip
_BLOCKER = {
    "access_interrupted": "The access was removed to lower its role and could not be shared again yet",
    "account_missing": "The ad account it belongs to is not shared",
    "account_not_ticked": "The client left this ad account out when authorising",
    "ad_account_disapproved": "TikTok did not approve the ad account",
    "ad_account_in_review": "TikTok is reviewing the ad account",
    "ad_account_limited": "TikTok has limited the ad account",
    "ad_account_suspended": "TikTok has suspended the ad account",
    "agency_must_reauthorise": "Your own TikTok connection has to be renewed",
    "agencys_own_center": "The client named your own Business Center",
    "app_problem": "TikTok refuses your app",
    "asset_not_found": "This id cannot be found",
    "asset_not_shared": "The ad account is not shared with you",
    "asset_owned_by_person": "A person owns this ad account, not a Business Center",
    "asset_owned_elsewhere": "Another Business Center owns this ad account",
    "asset_shared_elsewhere": "It is shared from another Business Center than the client gave",
    "auth_code_expired": "The authorisation came back too late",
    "bc_denied": "TikTok has rejected the client's Business Center",
    "bc_not_enabled": "TikTok has restricted the client's Business Center",
    "bc_punished": "TikTok has restricted the client's Business Center",
    "bc_under_review": "TikTok is reviewing the client's Business Center",
    "connection_dead": "TikTok ended the client's authorisation",
    "consent_cancelled": "The client left TikTok without authorising",
    "consent_not_finished": "The client has not come back from TikTok",
    "invitation_pending": "The invited person has not accepted yet",
    "invitation_rejected": "The invited person said no",
    "no_business_center": "The client has no Business Center yet",
    "not_bc_admin": "The person who signed in is no Admin of the Business Center",
    "not_connected": "The client has not connected with TikTok yet",
    "partner_declined": "The partnership was declined",
    "partnership_ended": "The partnership of the two Business Centers has ended",
    "pixel_events_unread": "The pixel's events cannot be read",
    "pixel_not_linked": "The pixel is not connected to the ad account",
    "pixel_silent": "The pixel has sent no event lately",
    "platform_changed": "TikTok changed its answers",
    "platform_unavailable": "TikTok has not answered for some time",
    "removal_refused": "TikTok refused to take the access away",
    "request_pending": "A request waits for approval in the client's Business Center",
    "role_higher_than_requested": "The client gave more than was asked for",
    "role_too_low": "The role given is lower than the one needed",
    "scope_not_authorised": "Your TikTok app lacks a permission",
    "share_without_effect": "TikTok accepted the request, but the access did not change",
    "tt_account_already_linked": "This TikTok account is linked to another business login",
    "wrong_account": "Somebody else than the invited person signed in",
    "wrong_bc_selected": "The client signed in to another Business Center",
}
_ACTOR = {"client": "the client", "agency": "your agency", "us": "Keyturn", "platform": "the platform"}
_KIND = {"tiktok_account": "TikTok account", "spark_post": "Spark post"}
#: Said of a link or an access by the event itself.
_OVER = {
    "link.renewal_asked": "asks for a new link", "link.extended": "has more time", "link.reopened": "reopened",
    "grant.restored": "back as agreed", "grant.role_changed": "has another role", "grant.found": "found",
}  # fmt: skip


def headline(event_type: str, data: Mapping[str, Any]) -> str:
    """Status in a few words: `verified`, `waiting for the client`."""
    if said := _OVER.get(event_type):
        return said
    status = data.get("status") or data.get("link_status") or event_type.rpartition(".")[2]
    return _STATUS.get(str(status)) or plain(status)


def blocker(code: object) -> str:
    """Words for a blocker; empty for None."""
    return _BLOCKER.get(str(code)) or plain(code)


def actor(code: object) -> str:
    """Words for the next actor; empty for None."""
    return _ACTOR.get(str(code)) or plain(code)


def kind(code: object) -> str:
    """Words for the kind of an asset; empty for None."""
    return _KIND.get(str(code)) or plain(code)


def role(code: object) -> str:
    """A role in the platform's words, as it is written in a sentence; nothing for None."""
    return plain(code).capitalize()


def plain(code: object) -> str:
    """Any other code: `backlog_limit` is said `backlog limit`."""
    return str(code).replace("_", " ").replace(",", ", ") if code else ""
