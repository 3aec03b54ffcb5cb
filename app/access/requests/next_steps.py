"""Next step for the agency about an access request that is not verified, in one sentence. Pure."""

from collections.abc import Mapping, Sequence

from app.platforms.blockers import BLOCKERS

#: Hints that differ by kind.
_BY_KIND: Mapping[tuple[str, str], str] = {
    ("role_higher_than_requested", "person"): "This person can do more in the client's Business Center than you asked "
    "for: nothing has to be removed; the client can choose a smaller role under Users, Members.",
    ("asset_not_shared", "person"): "This person cannot open the client's ad accounts (any more): ask the client to "
    "open the link, which offers to invite them again.",
}
_BY_STATUS = {
    "awaiting_partner": "TikTok recorded the share: accept it in your Business Center if it asks you to, then check "
    "again (POST /api/v1/access-requests/{id}/verification).",
    "awaiting_client": "The client does the steps by hand; nothing is visible yet.",
    "attested": "Connect your own side, and this is verified by itself (POST /api/v1/connections/invitations).",
    "unverifiable": "No token can read it: your side is not connected, or got no list (see the platform calls). "
    "Confirm it yourself (POST /api/v1/access-requests/{id}/attestation), or connect "
    "(POST /api/v1/connections/invitations; without a TikTok app, "
    "set that first: PUT /api/v1/agency/platform-apps/tiktok).",
}

_BY_STATUS_AND_KIND = {("awaiting_partner", "person"): BLOCKERS["invitation_pending"].hint}

#: Hints for manual platforms, which no token can read.
_BY_STATUS_OF_MANUAL = {
    "awaiting_partner": "The client says that the steps are done: check that it works, then attest it "
    "(POST /api/v1/access-requests/{id}/attestation).",
    "awaiting_client": "The client does the steps by hand. If it works already, attest it "
    "(POST /api/v1/access-requests/{id}/attestation).",
}


def hint(
    status: str, code: str | None, *, manual: bool = False, kind: str = "", permissions: Sequence[str] = ()
) -> str | None:
    """The agency's next step for an access request in this status; None if there is none.

    `manual`: of a manual platform. `permissions`: those that the platform named when it refused.
    """
    if manual:
        return _BY_STATUS_OF_MANUAL.get(status)
    if code is not None and status in ("blocked", "drifted", "unverifiable"):
        if code == "scope_not_authorized" and permissions:
            named = ", ".join(f"“{each}”" for each in permissions)
            return f"Your TikTok app lacks {named}: add it in My Apps; until then clients share by hand."
        known = BLOCKERS.get(code)
        unknown = "See the platform calls for what the platform answered."
        return _BY_KIND.get((code, kind)) or (known.hint if known else unknown)
    return _BY_STATUS_AND_KIND.get((status, kind)) or _BY_STATUS.get(status)
