"""Kinds of TikTok assets that can be requested, and their roles: ranks, and a client's words. Pure."""

from collections.abc import Mapping

from app.platforms.port import AssetKind, RoleWords
from app.platforms.roles import AD_ACCOUNT_NAMES, ON_AD_ACCOUNTS

_SHARE = (
    "Share {kind} {asset} of Business Center {center} with {agency} (Business Center {agency_account_id}) as {role}."
)

AD_ACCOUNT = AssetKind(
    "ad_account", "ad account", "ad accounts", ON_AD_ACCOUNTS, names=AD_ACCOUNT_NAMES,
    by_api=True, has_dependents=True, between_partners=True, can_be_lowered=True, is_assignable=True, plan=_SHARE,
)  # fmt: skip
#: TikTok has no roles for pixels: a pixel is linked to an ad account, or not.
PIXEL = AssetKind(
    "pixel", "pixel", "pixels", ("LINK",), screen="pixels", through=AD_ACCOUNT.key,
    by_api=True, share_order=1, one_per_call=True, may_predate=True, has_events=True, missing_code="pixel_not_linked",
    plan="Connect pixel {asset} to ad account {parent}, so that {agency} can use it there. It stays yours.",
)  # fmt: skip
CATALOG = AssetKind(
    "catalog", "catalog", "catalogs", ("AD_PROMOTE", "ADMIN"), screen="pixels", between_partners=True, plan=_SHARE
)
#: People are members of the client's own Business Center; a member from before stays one.
PERSON = AssetKind(
    "person", "person", "people", ON_AD_ACCOUNTS, screen=None, names=AD_ACCOUNT_NAMES,
    by_api=True, share_order=2, one_per_call=True, seen_by_agency=False, may_predate=True, is_person=True,
    invite_operation="bc/member/invite",
    plan="Invite {person} of {agency} to Business Center {center} as a standard member: {role}.",
)  # fmt: skip

KINDS: Mapping[str, AssetKind] = {kind.key: kind for kind in (AD_ACCOUNT, PIXEL, CATALOG, PERSON)}


_NEVER = "change your billing or payment method", "see your password", "remove you or your colleagues"
_STANDARD = "see anything else in your Business Center", "see your password", "remove you or your colleagues"

_AD_ACCOUNT = {
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
        can=("run ads", "change the account’s settings, finance and permissions"),
        cannot=("see your password", "take the account out of your ownership"),
    ),
}

#: A linked pixel may be edited, but not deleted, by its users: `asset_relation_status` SHARED of `/pixel/list/`.
_PIXEL = {
    "LINK": RoleWords(
        label="Use the pixel",
        can=(
            "use the pixel in ads of the ad account it is linked to",
            "see the events it receives from your website",
            "change its settings and events",
        ),
        cannot=("delete the pixel", "take it out of your ownership", "sign in to your website or change its code"),
    ),
}

_CATALOG = {
    "AD_PROMOTE": RoleWords(
        label="Promote products (Ad promote)",
        can=("show the products of the catalog in ads",),
        cannot=("change or delete products", "take the catalog out of your ownership", "see your password"),
    ),
    "ADMIN": RoleWords(
        label="Manage the catalog (Admin)",
        can=("show the products of the catalog in ads", "manage the catalog: its products and settings"),
        cannot=("take the catalog out of your ownership", "see your password"),
    ),
}

_PERSON = {
    "ANALYST": RoleWords(
        label="View results (standard member, Analyst)",
        can=("sign in with their own login and see ads and results of the named ad accounts",),
        cannot=("create or change ads", *_STANDARD),
    ),
    "OPERATOR": RoleWords(
        label="Run campaigns (standard member, Operator)",
        can=(
            "sign in with their own login to the named ad accounts",
            "create, change and pause ads there",
            "see results",
        ),
        cannot=("change your billing or payment method", *_STANDARD),
    ),
    "ADMIN": RoleWords(
        label="Full control of the named ad accounts (standard member, Admin)",
        can=(
            "sign in with their own login and run ads",
            "change settings, finance and permissions of the named ad accounts",
        ),
        cannot=("see anything else in your Business Center", "see your password"),
    ),
}

ROLES: Mapping[str, Mapping[str, RoleWords]] = {
    "ad_account": _AD_ACCOUNT,
    "pixel": _PIXEL,
    "catalog": _CATALOG,
    "person": _PERSON,
}
