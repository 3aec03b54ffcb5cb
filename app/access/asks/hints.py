"""What the agency can do about an ask that is not green, in one sentence. Pure."""

from collections.abc import Mapping, Sequence

from app.access.patience import EVENTS_WITHIN

_CHECK = "check again (POST /api/v1/asks/{id}/verification)"
_CONNECT_CLIENT = "ask the client to open the link and connect with TikTok"
_CONNECT_YOURS = "connect your side again (POST /api/v1/connections/invitations)"

_BY_CODE: Mapping[str, str] = {
    "asset_not_shared": "It is not shared with your Business Center (any more): ask the client to open the link, which "
    "offers to share it.",
    "role_too_low": "The role seen is lower than the one the client agreed to: ask it to open the link, which offers "
    "to "
    "raise it; or ask for less (POST /api/v1/asks/{id}/role).",
    "role_higher_than_requested": "The client gave more than was asked for: ask it to open the link, which offers to "
    "lower it.",
    "not_bc_admin": "The person who authorised is no Admin of the client's Business Center: pass the link on to an "
    "Admin.",
    "wrong_bc_selected": "The client signed in at TikTok without the Business Center named on the link (tiktok_bc_id): "
    "ask it to open the link and switch.",
    "agencys_own_center": "The link names your own Business Center as the client's: ask the client to open the link "
    "and "
    "choose its own.",
    "no_business_center": "The client has no Business Center yet: its page says how to make one.",
    "bc_under_review": "TikTok is reviewing the client's Business Center: sharing works when that is over.",
    "bc_punished": "TikTok has restricted the client's Business Center for breaking its rules: the client asks "
    "TikTok's "
    "support to lift it.",
    "bc_denied": "TikTok has not approved the client's Business Center: the client opens business.tiktok.com to see "
    "what is missing.",
    "bc_not_enabled": "TikTok lets nothing be shared from the client's Business Center: the client opens "
    "business.tiktok.com to see why.",
    "pixel_not_linked": "The pixel is not connected to its ad account (any more): ask the client to open the link, "
    "which "
    "offers to connect it.",
    "pixel_silent": f"The pixel received no event in the last {EVENTS_WITHIN.days} days: open the client's site, and "
    f"{_CHECK}.",
    "pixel_events_unread": "The pixel is connected, and its events cannot be read with your connection: add Read "
    "Pixels "
    f"and Pixel Level Reporting in My Apps, then {_CONNECT_YOURS}.",
    "ad_account_suspended": "TikTok has suspended the ad account: the client clears that with TikTok, or chooses "
    "another.",
    "ad_account_limited": "TikTok has limited what can be done in the ad account: the client opens it in TikTok Ads "
    "Manager to see why, or chooses another.",
    "ad_account_in_review": "TikTok is reviewing the ad account: nothing to do but wait.",
    "ad_account_disapproved": "TikTok did not approve the ad account: the client clears that with TikTok, or chooses "
    "another.",
    "consent_cancelled": "The client came back from TikTok without authorising: ask it to open the link again, or to "
    "do "
    "it by hand there.",
    "consent_not_finished": "The client went to TikTok and did not come back: TikTok may be asking for the code it "
    "sent by e-mail.",
    "auth_code_expired": f"The client came back from TikTok too late: {_CONNECT_CLIENT} again.",
    "not_connected": f"The client chose to connect with TikTok and has not done so: {_CONNECT_CLIENT}.",
    "connection_dead": f"The client's authorisation has ended. What was shared stays; {_CONNECT_CLIENT} again.",
    "scope_not_authorised": "Your TikTok app lacks a permission: add it in My Apps; until then clients share by hand.",
    "app_problem": "TikTok refuses your app: see the exchanges for its code, and check app id, secret and "
    "permissions in My Apps (`keyturn doctor` tries them).",
    "platform_changed": "TikTok answered in another form than documented: see the exchanges for the field and the "
    "request id, look for a newer version of Keyturn, or report it. Clients can share by hand.",
    "agency_must_reauthorise": f"It is shared, but your own connection cannot see it yet: {_CONNECT_YOURS}.",
    "account_not_ticked": "The client left this ad account out when authorising: it authorises again and includes it.",
    "asset_not_found": "This id is in no list that can be read: check it with the client.",
    "asset_shared_elsewhere": "It is shared with you from another Business Center (`shared_from_bc_id`) than the one "
    "the client gave: the client's page asks whether that is its own, and takes it with one tap.",
    "asset_owned_elsewhere": "Another Business Center owns it, and only its owner can share it.",
    "asset_owned_by_person": "A person owns this ad account: the client brings it into its Business Center first, or "
    "chooses another.",
    "request_pending": "The client's Business Center has asked for this ad account, and its owner has not said yes (in "
    "TikTok Ads Manager). Only the owner can share it.",
    "partner_declined": "It was declined in your Business Center, under Partners: ask again by letting the client open "
    f"the link, or {_CHECK}.",
    "partnership_ended": "The two Business Centers are no longer partners: ask the client to open the link, which "
    "offers "
    "to share again.",
    "share_without_effect": "TikTok accepted the share and it never appeared: the client does it by hand, and the "
    "exchanges have the request id for TikTok's support.",
    "access_interrupted": "While the role was lowered the access was removed and the new share was refused: you have "
    "no "
    "access until the client shares again. Ask it to open the link.",
    "removal_refused": "TikTok refused to take the access away: the client removes it in its Business Center. See the "
    "exchanges for TikTok's answer.",
    "account_missing": "The ad account of this pixel is no longer asked for: ask for it again, or for the pixel on "
    "another ad account.",
    "platform_unavailable": "TikTok has not answered for a while; Keyturn keeps trying. See the exchanges for its "
    "answers.",
    "invitation_pending": "They have not accepted TikTok's e-mail, which must match their TikTok for Business login; "
    "to "
    f"see whether they have, {_CHECK}.",
    "invitation_rejected": f"This person said no to the invitation: talk to them, then {_CHECK}, and they are invited "
    "again.",
}

#: Where a kind needs other words.
_BY_KIND: Mapping[tuple[str, str], str] = {
    ("role_higher_than_requested", "person"): "This person can do more in the client's Business Center than you asked "
    "for: nothing has to be removed; the client can choose a smaller role under Users, Members.",
    ("asset_not_shared", "person"): "This person cannot open the client's ad accounts (any more): ask the client to "
    "open the link, which offers to invite them again.",
}
_PENDING_PERSON = _BY_CODE["invitation_pending"]

_BY_STATE = {
    "awaiting_partner": "TikTok recorded the share: accept it in your Business Center if it asks you to, then check "
    "again (POST /api/v1/asks/{id}/verification).",
    "awaiting_client": "The client has the steps to do by hand; nothing is seen yet.",
    "attested": "Connect your own side, and this is verified by itself (POST /api/v1/connections/invitations).",
    "unverifiable": "The platform refused the read: see the exchanges for its answer, and connect your side once "
    "more (POST /api/v1/connections/invitations).",
}

#: Of a written platform, where people look and nobody reads.
_BY_STATE_OF_CUSTOM = {
    "awaiting_partner": "The client says that the steps are done: look whether it works, then say so "
    "(POST /api/v1/asks/{id}/attestation).",
    "awaiting_client": "The client has the steps to do by hand. If it works already, say so "
    "(POST /api/v1/asks/{id}/attestation).",
}

CODES = frozenset(_BY_CODE)


def hint(
    state: str, code: str | None, *, custom: bool = False, kind: str = "", permissions: Sequence[str] = ()
) -> str | None:
    """The agency's next step for an ask in this state; None if there is nothing to do.

    `custom`: of a written platform. `permissions`: those that the platform named when it refused.
    """
    if custom:
        return _BY_STATE_OF_CUSTOM.get(state)
    if code is not None and state in ("blocked", "drifted", "unverifiable"):
        if code == "scope_not_authorised" and permissions:
            named = ", ".join(f"“{each}”" for each in permissions)
            return f"Your TikTok app lacks {named}: add it in My Apps; until then clients share by hand."
        found = _BY_KIND.get((code, kind)) or _BY_CODE.get(code)
        return found or "See the exchanges for what the platform answered."
    if state == "awaiting_partner" and kind == "person":
        return _PENDING_PERSON
    return _BY_STATE.get(state)
