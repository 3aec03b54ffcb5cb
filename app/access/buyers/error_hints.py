"""What an agency does about a buyer who cannot open an ad account, in one sentence. Pure."""

_BY_CODE = {
    "not_a_member": "They are no member of your Business Center: invite them there (Users > Members), then Keyturn "
    "gives them the ad account.",
    "invitation_pending": "They were invited to your Business Center and have not accepted yet: ask them to open the "
    "e-mail from TikTok.",
    "scope_not_authorized": "Your TikTok app lacks a permission, Business Center Asset or Business Center Member "
    "Management: add it in My Apps, connect your side again, or give the account by hand.",
    "connection_dead": "TikTok has ended your own authorization: connect your side again "
    "(POST /api/v1/connections/invitations).",
    "agency_not_connected": "Connect your own side (POST /api/v1/connections/invitations), or give the account by "
    "hand in Business Center.",
    "not_bc_admin": "Whoever connected your side is no Admin of your Business Center: let an Admin connect it.",
    "asset_not_found": "Your Business Center does not show this ad account to Keyturn: see the grant's platform calls.",
    "taken_away": "They could open it, and somebody of your agency has taken it from them: name your buyers again to "
    "give it anew, or leave them out.",
    "role_too_low": "Somebody of your agency gave them a smaller role: name your buyers again to raise it.",
    "role_higher_than_requested": "They have a larger role than you named, and not by Keyturn: an Admin of your "
    "Business Center can lower it.",
    "platform_changed": "TikTok answered in another form than documented: see the grant's platform calls for the "
    "field and "
    "the request id, look for a newer version of Keyturn, or give the account by hand.",
    "app_problem": "TikTok refuses this: see the grant's platform calls for its code and message.",
}

CODES = frozenset(_BY_CODE)


def hint(code: str | None) -> str | None:
    """What to do; None where nothing is to be done."""
    if code is None:
        return None
    return _BY_CODE.get(code, _BY_CODE["app_problem"])
