"""TikTok's roles in a client's words, and the steps a client does by hand."""

from app.platforms.port import GuidedStep, RoleWords

RANK = {"ANALYST": 1, "OPERATOR": 2, "ADMIN": 3}

_NEVER = "change your billing or payment method", "see your password", "remove you or your colleagues"

ROLES = {
    "ANALYST": RoleWords(
        label="View results (Analyst)",
        can=("see ads and their results",),
        cannot=("create or change ads", *_NEVER),
    ),
    "OPERATOR": RoleWords(
        label="Run campaigns (Operator)",
        can=("create, change and pause ads", "set budgets inside your campaigns", "see results"),
        cannot=_NEVER,
    ),
    "ADMIN": RoleWords(
        label="Full control (Admin)",
        can=("run ads", "change the account's settings, finance and permissions"),
        cannot=("see your password", "take the account out of your ownership"),
    ),
}

#: When the steps were last compared with TikTok's own help pages.
DATED = "2026-11-22"

_HELP = "https://ads.tiktok.com/help/article?aid=13989"

SHARE_AD_ACCOUNT = (
    GuidedStep(
        text="Sign in to TikTok Business Center as an Admin.",
        where="business.tiktok.com",
        variants=("ads.tiktok.com, then the Business Center icon",),
        help_url=_HELP,
        help_search="Business Center admin",
    ),
    GuidedStep(
        text="Open Partners.",
        where="Users > Partners",
        variants=("Organization > Partner", "Members > Partners"),
        help_url=_HELP,
        help_search="add partner Business Center",
    ),
    GuidedStep(
        text="Press Add partner and paste {agency}'s Business Center ID: {agency_bc_id}",
        where="Partners > Add partner",
        variants=("Add Partners", "Invite partner"),
        help_url=_HELP,
        help_search="add partner Business Center",
    ),
    GuidedStep(
        text="Choose the ad account, pick the role {role}, and press Confirm.",
        where="Add partner > Assign ad accounts",
        variants=("Partners > {agency} > You've shared > Share assets > Advertiser accounts > Assign",),
        help_url=_HELP,
        help_search="share ad account with partner",
    ),
)
