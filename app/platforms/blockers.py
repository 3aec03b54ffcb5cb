"""Catalogue of blockers: their codes and the agency's texts. Pure.

The client's texts depend on kind and lane and are part of the client's pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.platforms.port import EVENTS_WITHIN

NextActor = Literal["client", "agency", "us", "platform"]

ANY_KIND = ("ad_account", "pixel", "catalog", "person")
_ASSETS = ("ad_account", "pixel", "catalog")
_LISTED = ("ad_account", "catalog")
_SHARED = ("ad_account", "catalog", "person")
_ACCOUNTS = ("ad_account",)
_PIXELS = ("pixel",)
_PEOPLE = ("person",)
_CHECK = "check again (POST /api/v1/access-requests/{id}/verification)"
_CONNECT_CLIENT = "ask the client to open the link and connect with TikTok"
_CONNECT_YOURS = "connect your side again (POST /api/v1/connections/invitations)"


@dataclass(frozen=True)
class Blocker:
    """A blocker in a few words, the agency's next step, the next actor, and the kinds of access it applies to."""

    summary: str
    hint: str
    next_actor: NextActor = "client"
    kinds: tuple[str, ...] = ANY_KIND


BLOCKERS: Mapping[str, Blocker] = {
    "asset_not_shared": Blocker(
        "It is not shared with you",
        "It is not shared, or no longer shared, with your Business Center: ask the client to open the link, which "
        "offers to share it.",
        kinds=_SHARED,
    ),
    "role_too_low": Blocker(
        "The role is lower than the one agreed to",
        "The role is lower than the one that the client agreed to: ask the client to open the link, which offers to "
        "raise it, or request a lower role (POST /api/v1/access-requests/{id}/role).",
        kinds=_SHARED,
    ),
    "role_higher_than_requested": Blocker(
        "The client gave a higher role than requested",
        "The client gave a higher role than requested: ask the client to open the link, which offers to lower it.",
        kinds=_SHARED,
    ),
    "not_bc_admin": Blocker(
        "The person who signed in is not an Admin of the Business Center",
        "The person who authorized is not an Admin of the client's Business Center: ask them to "
        "forward the link to an Admin.",
    ),
    "wrong_bc_selected": Blocker(
        "The client signed in to another Business Center",
        "The client signed in at TikTok without the Business Center named on the link (client_account_id): ask the "
        "client to open the link and switch.",
    ),
    "agencys_own_center": Blocker(
        "The client named your own Business Center",
        "The link names your own Business Center as the client's: ask the client to open the link and choose its own.",
    ),
    "no_business_center": Blocker(
        "The client has no Business Center yet",
        "The client has no Business Center yet: its page explains how to create one.",
    ),
    "bc_under_review": Blocker(
        "TikTok is reviewing the client's Business Center",
        "TikTok is reviewing the client's Business Center: sharing works once the review is finished.",
        next_actor="platform",
    ),
    "bc_punished": Blocker(
        "TikTok has restricted the client's Business Center",
        "TikTok has restricted the client's Business Center for breaking its rules: the client has to ask "
        "TikTok's support to lift the restriction.",
    ),
    "bc_denied": Blocker(
        "TikTok has rejected the client's Business Center",
        "TikTok has not approved the client's Business Center: the client opens business.tiktok.com to see what is "
        "missing.",
    ),
    "bc_not_enabled": Blocker(
        "TikTok has restricted the client's Business Center",
        "TikTok does not allow sharing from the client's Business Center: the client opens business.tiktok.com to "
        "see why.",
        next_actor="platform",
    ),
    "pixel_not_linked": Blocker(
        "The pixel is not connected to the ad account",
        "The pixel is not connected, or no longer connected, to its ad account: ask the client to open the link, "
        "which offers to connect it.",
        kinds=_PIXELS,
    ),
    "pixel_silent": Blocker(
        "The pixel has sent no events recently",
        f"The pixel received no events in the last {EVENTS_WITHIN.days} days: open the client's site, and {_CHECK}.",
        kinds=_PIXELS,
    ),
    "pixel_events_unread": Blocker(
        "The pixel's events cannot be read",
        "The pixel is connected, but your connection cannot read its events: add Read Pixels and Pixel "
        f"Level Reporting in My Apps, then {_CONNECT_YOURS}.",
        next_actor="agency",
        kinds=_PIXELS,
    ),
    "ad_account_suspended": Blocker(
        "TikTok has suspended the ad account",
        "TikTok has suspended the ad account: the client resolves this with TikTok, or chooses another.",
        kinds=_ACCOUNTS,
    ),
    "ad_account_limited": Blocker(
        "TikTok has limited the ad account",
        "TikTok has limited what can be done in the ad account: the client opens it in TikTok Ads Manager to see "
        "why, or chooses another.",
        kinds=_ACCOUNTS,
    ),
    "ad_account_in_review": Blocker(
        "TikTok is reviewing the ad account",
        "TikTok is reviewing the ad account: wait until the review is finished.",
        next_actor="platform",
        kinds=_ACCOUNTS,
    ),
    "ad_account_disapproved": Blocker(
        "TikTok did not approve the ad account",
        "TikTok did not approve the ad account: the client resolves this with TikTok, or chooses another.",
        kinds=_ACCOUNTS,
    ),
    "consent_cancelled": Blocker(
        "The client left TikTok without authorizing",
        "The client came back from TikTok without authorizing: ask the client to open the link again, or to share by "
        "hand there.",
    ),
    "consent_not_finished": Blocker(
        "The client has not come back from TikTok",
        "The client went to TikTok and did not come back: TikTok may be asking for the code it sent by e-mail.",
    ),
    "auth_code_expired": Blocker(
        "The authorization expired",
        f"The client came back from TikTok too late: {_CONNECT_CLIENT} again.",
    ),
    "not_connected": Blocker(
        "The client has not connected with TikTok yet",
        f"The client chose to connect with TikTok and has not done so: {_CONNECT_CLIENT}.",
    ),
    "connection_dead": Blocker(
        "TikTok ended the client's authorization",
        f"The client's authorization has ended. Shared access remains; {_CONNECT_CLIENT} again.",
    ),
    "scope_not_authorized": Blocker(
        "Your TikTok app lacks a permission",
        "Your TikTok app lacks a permission: add it in My Apps; until then clients share by hand.",
        next_actor="agency",
    ),
    "app_problem": Blocker(
        "TikTok refuses your app",
        "TikTok refuses your app: see the platform calls for its code, and check app id, secret and permissions in My "
        "Apps (`keyturn doctor` tries them).",
        next_actor="agency",
    ),
    "platform_changed": Blocker(
        "TikTok's response does not match its documentation",
        "TikTok's response does not match its documentation: see the platform calls for the field and the request id. "
        "Update Keyturn, or report the problem. Clients can share by hand.",
        next_actor="agency",
    ),
    "agency_must_reauthorize": Blocker(
        "Your own TikTok connection must be renewed",
        f"It is shared, but your own connection cannot see it yet: {_CONNECT_YOURS}.",
        next_actor="agency",
    ),
    "account_not_ticked": Blocker(
        "The client did not include this ad account when authorizing",
        "The client did not include this ad account when authorizing: ask the client to authorize again "
        "and include it.",
        kinds=_ACCOUNTS,
    ),
    "asset_not_found": Blocker(
        "This id cannot be found",
        "No list that Keyturn can read contains this id: check it with the client.",
    ),
    "asset_shared_elsewhere": Blocker(
        "It is shared from another Business Center than the client gave",
        "It is shared with you from another Business Center (`shared_from_account_id`) than the one the client gave: "
        "the client's page asks whether that one is correct, and accepts it with one tap.",
        kinds=_LISTED,
    ),
    "asset_owned_elsewhere": Blocker(
        "Another Business Center owns it",
        "Another Business Center owns it, and only its owner can share it.",
        kinds=_ASSETS,
    ),
    "asset_owned_by_person": Blocker(
        "A person owns this ad account, not a Business Center",
        "A person owns this ad account: the client brings it into its Business Center first, or chooses another.",
        kinds=_ACCOUNTS,
    ),
    "request_pending": Blocker(
        "The owner of the ad account has not accepted the client's request",
        "The client's Business Center has requested this ad account, and its owner has not accepted yet (in "
        "TikTok Ads Manager). Only the owner can share it.",
        kinds=_ACCOUNTS,
    ),
    "partner_declined": Blocker(
        "The partnership was declined",
        f"It was declined in your Business Center, under Partners: ask the client to open the link again, or {_CHECK}.",
        next_actor="agency",
        kinds=_ASSETS,
    ),
    "partnership_ended": Blocker(
        "The partnership of the two Business Centers has ended",
        "The two Business Centers are no longer partners: ask the client to open the link, which offers to share "
        "again.",
        kinds=_ASSETS,
    ),
    "share_without_effect": Blocker(
        "TikTok accepted the request, but the access did not change",
        "TikTok accepted the share, but it never appeared: the client shares by hand. The platform calls contain the "
        "request id for TikTok's support.",
    ),
    "access_interrupted": Blocker(
        "The access was removed to lower its role and could not be shared again yet",
        "To lower the role, the access was removed, and then the new share was refused. You have no access until the "
        "client shares again: ask the client to open the link.",
    ),
    "removal_refused": Blocker(
        "TikTok refused to remove the access",
        "TikTok refused to remove the access: the client removes it in its Business Center. See the platform calls "
        "for TikTok's answer.",
    ),
    "account_missing": Blocker(
        "Its ad account is no longer requested",
        "The ad account of this pixel is no longer requested: request it again, or request the pixel on another ad "
        "account.",
        kinds=_PIXELS,
    ),
    "platform_unavailable": Blocker(
        "TikTok has not responded for some time",
        "TikTok has not responded for some time; Keyturn keeps trying. See the platform calls for its responses.",
        next_actor="platform",
    ),
    "tt_account_already_linked": Blocker(
        "The client's TikTok account is linked to another business login",
        "TikTok refused the link, as the client reports: the client logs out and chooses another TikTok account, or "
        "asks the person who linked it.",
        kinds=(),
    ),
    "invitation_pending": Blocker(
        "The invited person has not accepted yet",
        "They have not accepted TikTok's e-mail, which must match their TikTok for Business login. To see if they "
        f"have, {_CHECK}.",
        next_actor="agency",
        kinds=_PEOPLE,
    ),
    "invitation_rejected": Blocker(
        "The invited person declined",
        f"This person declined the invitation: talk to them, then {_CHECK} to invite them again.",
        next_actor="agency",
        kinds=_PEOPLE,
    ),
}


def next_actor(code: str) -> NextActor:
    """Next actor for a blocker code."""
    return BLOCKERS[code].next_actor if code in BLOCKERS else "client"
