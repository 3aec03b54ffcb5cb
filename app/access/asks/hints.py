"""What the agency can do about an ask that is not green, in one sentence. Pure."""

_BY_CODE = {
    "asset_not_shared": "The partnership is there, but this ad account is not shared (any more): ask the client to "
    "share it with your Business Center.",
    "role_too_low": "The role seen is lower than the one needed: the client raises it, or you ask for less.",
    "role_higher_than_requested": "The client gave more than was asked for: a lower role is enough, and the client "
    "can change it.",
    "not_bc_admin": "Whoever authorised is no Admin of the client's Business Center: pass the link on to an Admin.",
    "wrong_bc_selected": "The client signed in to another Business Center than the one named on the link.",
    "wrong_account": "The person who signed in is not the one the link was meant for.",
    "no_business_center": "The client has no Business Center yet: the guided steps show how to make one.",
    "pixel_not_linked": "The pixel is not connected to this ad account: the client connects it in Events Manager.",
    "pixel_silent": "The pixel sent no event in the last 24 hours: open the client's site and check again.",
    "ad_account_suspended": "TikTok has suspended the ad account: the client clears that with TikTok.",
    "ad_account_in_review": "TikTok is reviewing the ad account: nothing to do but wait.",
    "ad_account_disapproved": "TikTok did not approve the ad account: the client clears that with TikTok.",
    "tt_account_already_linked": "This TikTok account is linked to another business login.",
    "consent_cancelled": "The client came back from TikTok without authorising: ask again, or go on by hand.",
    "scope_not_authorised": "Your TikTok app lacks a permission: add it in My Apps; until then clients share by hand.",
    "account_not_ticked": "The client left this ad account out when authorising: it authorises once more and "
    "includes it.",
    "asset_not_found": "This id is in no list that can be read: check it with the client.",
    "consent_not_finished": "The client went to TikTok and did not come back: TikTok may be asking for the code it "
    "sent by e-mail.",
    "not_connected": "The client chose to connect with TikTok and has not done so: ask it to open the link and go on.",
    "connection_dead": "TikTok has ended the client's authorisation. What was shared stays; ask the client to open "
    "the link and connect once more.",
    "app_problem": "TikTok refuses your app: see the exchanges for its code, and check app id, secret and "
    "permissions in My Apps.",
    "agency_must_reauthorise": "It is shared, but your own connection cannot see it yet: connect your side once "
    "more (POST /api/v1/connections/invitations).",
    "bc_not_enabled": "TikTok has the client's Business Center under review: sharing works again after that.",
    "asset_owned_elsewhere": "Another Business Center owns this ad account, and only its owner can share it.",
    "invitation_rejected": "This person said no to the invitation: talk to them, then check again, and they are "
    "invited anew (POST /api/v1/asks/{id}/verification).",
    "pixel_events_unread": "The pixel is linked, but whether it receives events could not be read: see the exchanges "
    "for the read that failed, add the permission it names in My Apps, and connect your side once more "
    "(POST /api/v1/connections/invitations).",
    "partner_declined": "The client's request was declined or removed in your Business Center (Partners, Requests). "
    "If you want it, have it sent again (POST /api/v1/asks/{id}/verification) and accept it.",
    "partnership_ended": "The two Business Centers are no longer partners: the client shares once more, by connecting "
    "on its link or by hand.",
    "share_without_effect": "TikTok accepted the share and it never appeared: the client does it by hand, and the "
    "exchanges have the request id for TikTok's support.",
    "access_interrupted": "While the role was lowered the access was removed and the new share was refused: your "
    "agency has no access until the client shares once more.",
    "removal_refused": "TikTok refused to take the access away: the client removes it in its Business Center under "
    "Users, Partners. See the exchanges for TikTok's answer.",
    "account_missing": "The ad account of this pixel is no longer asked for: ask for it again, or for the pixel on "
    "another ad account.",
    "platform_unavailable": "TikTok has not answered for a while; Keyturn keeps trying. See the exchanges for its "
    "answers.",
    "request_pending": "A request for this account waits in the client's Business Center for approval.",
}

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


def hint(state: str, code: str | None, *, custom: bool = False) -> str | None:
    """What to do about an ask in this state; None where nothing is to be done. `custom`: of a written platform."""
    if custom:
        return _BY_STATE_OF_CUSTOM.get(state)
    if code is not None and state in ("blocked", "drifted", "unverifiable"):
        return _BY_CODE.get(code) or "See the exchanges for what the platform answered."
    return _BY_STATE.get(state)
