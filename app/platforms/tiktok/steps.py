"""The client's steps in TikTok Business Center, to share and to remove access. Pure.

Sources: https://ads.tiktok.com/help/article?aid=13989 (partners and "You've shared"),
https://ads.tiktok.com/help/article?aid=10006315 (a pixel has to be in the Business Center before it can be shared),
https://ads.tiktok.com/help/article/change-the-permissions-for-your-tiktok-business-center-partner (a lower role needs
removing and sharing again). Menus of pixels, catalogs and members follow the same pages. TikTok renames them sometimes,
so each step carries alternative names and a search term for TikTok's help.
"""

from collections.abc import Mapping

from app.platforms.port import GuidedStep

#: Day on which the steps were last compared with TikTok's help pages.
DATED = "2026-11-22"

_PARTNERS = "https://ads.tiktok.com/help/article?aid=13989"
_PIXELS = "https://ads.tiktok.com/help/article?aid=10006315"
_ROLES = "https://ads.tiktok.com/help/article/change-the-permissions-for-your-tiktok-business-center-partner"

_SIGN_IN = GuidedStep(
    text="Sign in to TikTok Business Center as an Admin.",
    where="business.tiktok.com",
    variants=("ads.tiktok.com, then the Business Center icon",),
    help_url=_PARTNERS,
    help_search="Business Center admin",
)
_OPEN_PARTNERS = GuidedStep(
    text="Open Partners.",
    where="Users > Partners",
    variants=("Organization > Partner", "Members > Partners"),
    help_url=_PARTNERS,
    help_search="add partner Business Center",
)
_CHOOSE_AGENCY = GuidedStep(
    text="Choose {agency}. If it is not in the list, press Add partner first and paste its Business Center ID: "
    "{agency_account_id}",
    where="Partners > {agency}",
    variants=("Partners > Add partner", "Partners > Add Partners"),
    help_url=_PARTNERS,
    help_search="add partner Business Center",
)
_OPEN_AGENCY = GuidedStep(
    text="Choose {agency} in the list.",
    where="Partners > {agency}",
    variants=(),
    help_url=_PARTNERS,
    help_search="remove partner Business Center",
)
_OPEN_MEMBERS = GuidedStep(
    text="Open Members.",
    where="Users > Members",
    variants=("Organization > Members", "Members"),
    help_url=_PARTNERS,
    help_search="Business Center members",
)

_SHARE_AD_ACCOUNT = (
    _SIGN_IN,
    _OPEN_PARTNERS,
    GuidedStep(
        text="Press Add partner and paste {agency}’s Business Center ID: {agency_account_id}",
        where="Partners > Add partner",
        variants=("Add Partners", "Invite partner"),
        help_url=_PARTNERS,
        help_search="add partner Business Center",
    ),
    GuidedStep(
        text="Choose each ad account listed above, pick the role {role}, and press Confirm.",
        where="Add partner > Assign ad accounts",
        variants=("Partners > {agency} > You've shared > Share assets > Advertiser accounts > Assign",),
        help_url=_PARTNERS,
        help_search="share ad account with partner",
    ),
)
_SHARE_PIXEL = (
    _SIGN_IN,
    _OPEN_PARTNERS,
    _CHOOSE_AGENCY,
    GuidedStep(
        text="Under “You’ve shared” choose Pixels, press Share assets, tick the pixel {asset}, and press Assign. If it "
        "is not in the list, it does not belong to your Business Center yet and has to be moved there first.",
        where="You've shared > Pixels > Share assets > Assign",
        variants=("You've shared > Pixels > Share",),
        help_url=_PIXELS,
        help_search="share pixel with partner Business Center",
    ),
    GuidedStep(
        text="Link the pixel to the ad account {through}, so that its ads can use it.",
        where="Assets > Pixels > {asset} > Ad accounts",
        variants=("Accounts > Pixels > {asset} > Link ad accounts",),
        help_url=_PIXELS,
        help_search="link pixel to ad account Business Center",
    ),
)
_SHARE_CATALOG = (
    _SIGN_IN,
    _OPEN_PARTNERS,
    _CHOOSE_AGENCY,
    GuidedStep(
        text="Under “You’ve shared” choose Catalogs, press Share assets, tick the catalog {asset}, pick the role "
        "{role}, and press Assign.",
        where="You've shared > Catalogs > Share assets > Assign",
        variants=("You've shared > Catalogs > Share",),
        help_url=_PARTNERS,
        help_search="share catalog with partner Business Center",
    ),
)
_SHARE_WITH_PERSON = (
    _SIGN_IN,
    _OPEN_MEMBERS,
    GuidedStep(
        text="Press Invite members, enter {asset}, and choose Standard (not Admin).",
        where="Members > Invite members",
        variants=("Members > Add members", "Members > Invite"),
        help_url=_PARTNERS,
        help_search="invite member Business Center",
    ),
    GuidedStep(
        text="Assign the ad account {through} with the role {role}, and press Confirm. TikTok sends an e-mail; the "
        "access counts when it is accepted there.",
        where="Invite members > Assign ad accounts",
        variants=("Members > Assign assets > Advertiser accounts",),
        help_url=_PARTNERS,
        help_search="assign ad account to member",
    ),
)

SHARE: Mapping[str, tuple[GuidedStep, ...]] = {
    "ad_account": _SHARE_AD_ACCOUNT,
    "pixel": _SHARE_PIXEL,
    "catalog": _SHARE_CATALOG,
    "person": _SHARE_WITH_PERSON,
}


def _remove(tab: str, one: str) -> tuple[GuidedStep, ...]:
    taken = GuidedStep(
        text=f"Under “You’ve shared” choose {tab}, find the {one} {{asset}}, and press Remove. It works at once.",
        where=f"You've shared > {tab} > Remove",
        variants=(f"You've shared > {tab} > Unlink", f"You've shared > {tab} > Delete"),
        help_url=_ROLES,
        help_search="remove assets from partner Business Center",
    )
    return _SIGN_IN, _OPEN_PARTNERS, _OPEN_AGENCY, taken


_UNLINK = GuidedStep(
    text="If the pixel was linked to the ad account {through} only for {agency}, remove that link as well.",
    where="Assets > Pixels > {asset} > Ad accounts > Unlink",
    variants=("Accounts > Pixels > {asset} > Ad accounts",),
    help_url=_PIXELS,
    help_search="unlink pixel from ad account",
)
_REMOVE_PERSON = (
    _SIGN_IN,
    _OPEN_MEMBERS,
    GuidedStep(
        text="Find {asset} and press Remove; for somebody who has not accepted yet, press Cancel invitation.",
        where="Members > Remove",
        variants=("Members > Delete", "Members > Pending > Cancel"),
        help_url=_PARTNERS,
        help_search="remove member Business Center",
    ),
)

REMOVE: Mapping[str, tuple[GuidedStep, ...]] = {
    "ad_account": _remove("Advertiser accounts", "ad account"),
    "pixel": (*_remove("Pixels", "pixel"), _UNLINK),
    "catalog": _remove("Catalogs", "catalog"),
    "person": _REMOVE_PERSON,
}
