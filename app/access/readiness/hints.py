"""Texts for the agency about each readiness check, with its next step. Pure."""

from app.access.readiness.checks import LATER, Item

TITLES = {
    "business_center": "The Business Center can share",
    "ad_account": "There is an ad account, and it belongs to the client",
    "currency": "The ad account's currency fits the markets",
    "time_zone": "The ad account's time zone fits the markets",
    "verification": "TikTok has verified the company",
    "two_factor": "Two-step sign-in is on for every member of the Business Center",
    "payment": "A payment method of the client's own, or a plan who pays",
    "pixel": "There is a pixel, and it is connected to the ad account",
    "events_api": "Whether the Events API is planned is said",
    "company_email": "The contacts are at a company domain",
    "primary_contact": "One person can accept and approve",
    "ownership": "It is confirmed in writing that the client owns everything",
}

_CANNOT_TELL = {
    "business_center": "TikTok shows it once the client connects; by hand it shows when something is shared.",
    "ad_account": "The client has not named an ad account yet.",
    "currency": "TikTok shows it of ad accounts that were ticked when connecting; else ask the client.",
    "time_zone": "TikTok shows it of ad accounts that were ticked when connecting; else ask the client.",
    "verification": "Ask the client: Business Center, Settings, Business verification.",
    "two_factor": "No API tells it. Ask the client: Business Center, Settings, Security.",
    "payment": "No API tells it. Ask the client, or note in a message who pays and how.",
    "pixel": "Ask the client whether the pixel is connected to the ad account.",
    "events_api": "Ask whoever looks after the client's website.",
    "company_email": "The client has not named contacts yet.",
    "primary_contact": "The client has not named contacts yet.",
    "ownership": "Ask for one sentence in writing before you begin.",
}

_BY_CODE = {
    LATER: "The client put it off: ask again before campaigns begin.",
    "not_bc_admin": "Whoever connected is no Admin there: pass the link on to an Admin.",
    "bc_under_review": "TikTok has the Business Center under review; nothing can be shared until that is over.",
    "bc_punished": "TikTok has restricted the Business Center: the client asks TikTok's support to lift it.",
    "bc_denied": "TikTok has not approved the Business Center: the client opens it to see what is missing.",
    "bc_not_enabled": "TikTok lets nothing be shared from the Business Center: the client opens it to see why.",
    "not_verified": "Ask the client to verify the company at TikTok: payments can fail while it is not.",
    "verification_in_review": "TikTok is looking at the company's papers; this takes some days.",
    "no_ad_account": "The client creates one in its own Business Center and so owns it; do not create it yourself.",
    "asset_not_found": "The number is not in this Business Center: ask the client to check it.",
    "asset_owned_elsewhere": "Only the Business Center that owns the ad account can share it.",
    "asset_owned_by_person": "A person owns the ad account: the client brings it into its Business Center first.",
    "request_pending": "The owner of the ad account has not said yes to the client's request, in TikTok Ads Manager; "
    "only "
    "the owner can share it.",
    "ad_account_suspended": "The client appeals at TikTok, or chooses another ad account.",
    "ad_account_limited": "TikTok has limited the ad account: the client opens it in TikTok Ads Manager to see why.",
    "ad_account_in_review": "TikTok is reviewing the ad account; this passes by itself.",
    "ad_account_disapproved": "The client opens the ad account in TikTok Ads Manager and mends what TikTok names.",
    "unusual_currency": "It cannot be changed later. If it is wrong, the client creates another ad account now.",
    "unusual_time_zone": "It cannot be changed later. If it is wrong, the client creates another ad account now.",
    "pixel_to_connect": "It is connected when the client agrees, and read back.",
    "no_pixel": "The client has no pixel: without it nobody sees which ads lead to sales.",
    "free_mail": "A free address is no sign of the company: ask for one at its domain before anything is at stake.",
}
CODES = frozenset(_BY_CODE)


def hint(item: Item) -> str | None:
    """Next step for the agency; None if there is nothing to do."""
    if item.verdict.status == "pass":
        return None
    return _BY_CODE[item.verdict.code] if item.verdict.code else _CANNOT_TELL[item.key]
