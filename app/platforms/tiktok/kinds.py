"""Kinds of TikTok assets that can be requested, and their roles: ranks, and a client's words. Pure."""

from collections.abc import Mapping

from app.kit.i18n.message import _, _n
from app.platforms.port import AssetKind, KindTexts, RoleWords
from app.platforms.roles import AD_ACCOUNT_NAMES, ON_AD_ACCOUNTS
from app.platforms.tiktok.client_texts import AD_ACCOUNT_IDS, CATALOG_IDS, PIXEL_IDS

_REMOVE = _("In Business Center, open Users, Partners, {agency}, and remove {asset}.")
_RAISE = _("In Business Center, open Users, Partners, {agency}, {asset}, and choose the role you agreed to.")
_LOWER = _("In Business Center, open Users, Partners, {agency}, remove {asset}, and share it again as “{role}”.")

AD_ACCOUNT = AssetKind(
    "ad_account", "ad account", "ad accounts", ON_AD_ACCOUNTS, names=AD_ACCOUNT_NAMES,
    texts=KindTexts(
        lambda count: _n("Ad account", "Ad accounts", count),
        _("{platform} ad accounts"),
        _("In the {platform} ad accounts you choose"),
        _("Change ad accounts"),
        _("Which ad accounts is this for?"),
        _("Tick at least one ad account."),
        remove=_REMOVE, raise_role=_RAISE, lower_role=_LOWER,
    ),
    ids=AD_ACCOUNT_IDS,
    by_api=True, has_dependents=True, between_partners=True, can_be_lowered=True, is_assignable=True,
    campaign_roles=("OPERATOR", "ADMIN"),
    plan=_(
        "Share ad account {asset} of Business Center {center} with {agency} (Business Center {agency_account_id}) as "
        "{role}."
    ),
)  # fmt: skip
#: TikTok has no roles for pixels: a pixel is linked to an ad account, or not.
PIXEL = AssetKind(
    "pixel", "pixel", "pixels", ("LINK",), choice="optional", through=AD_ACCOUNT.key,
    by_api=True, share_order=1, one_per_call=True, may_predate=True, has_events=True, missing_code="pixel_not_linked",
    texts=KindTexts(
        lambda count: _n("Pixel", "Pixels", count),
        _("{platform} pixels"),
        _("In the {platform} pixels you choose"),
        _("Change pixels"),
        _("Is there a {platform} pixel on your website?"),
        needed=_("{agency} needs a pixel to start. Choose one, or talk to {person} first."),
        remove=_("In Business Center, open Users, Partners, {agency}, and remove the pixel {asset}."),
        raise_role=_RAISE, lower_role=_LOWER,
    ),
    ids=PIXEL_IDS,
    plan=_("Connect pixel {asset} to ad account {parent}, so that {agency} can use it there. It stays yours."),
)  # fmt: skip
CATALOG = AssetKind(
    "catalog", "catalog", "catalogs", ("AD_PROMOTE", "ADMIN"), choice="optional", between_partners=True,
    texts=KindTexts(
        lambda count: _n("Catalog", "Catalogs", count),
        _("{platform} catalogs"),
        _("In the {platform} catalogs you choose"),
        _("Change catalogs"),
        _("Which catalogs is this for?"),
        needed=_("{agency} needs a catalog to start. Choose one, or talk to {person} first."),
        remove=_REMOVE, raise_role=_RAISE, lower_role=_LOWER,
    ),
    ids=CATALOG_IDS,
    plan=_(
        "Share catalog {asset} of Business Center {center} with {agency} (Business Center {agency_account_id}) as "
        "{role}."
    ),
)  # fmt: skip
#: People are members of the client's own Business Center; a member from before stays one.
PERSON = AssetKind(
    "person", "person", "people", ON_AD_ACCOUNTS, choice=None, names=AD_ACCOUNT_NAMES,
    by_api=True, share_order=2, one_per_call=True, seen_by_agency=False, may_predate=True, is_person=True,
    invite_operation="bc/member/invite",
    texts=KindTexts(
        lambda count: _n("Person", "People", count),
        _("People at {platform}"),
        _("For people at {platform}"),
        _("Change people"),
        _("Which people is this for?"),
        remove=_("In Business Center, open Users, Members, {asset}, and remove the access to the ad accounts there."),
        raise_role=_("In Business Center, open Users, Members, {asset}, and choose the role you agreed to."),
        lower_role=_("To give less, in Business Center, open Users, Members, {asset}, and choose “{role}”."),
    ),
    plan=_("Invite {person} of {agency} to Business Center {center} as a standard member: {role}."),
)  # fmt: skip

KINDS: Mapping[str, AssetKind] = {kind.key: kind for kind in (AD_ACCOUNT, PIXEL, CATALOG, PERSON)}


_SEE_PASSWORD = _("See your password")
_CHANGE_BILLING = _("Change your billing or payment method")
_REMOVE_PEOPLE = _("Remove you or your colleagues")
_CREATE_ADS = _("Create or change ads")
_SEE_RESULTS = _("See results")
_SHOW_PRODUCTS = _("Show the products of the catalog in ads")
_TAKE_CATALOG = _("Take the catalog out of your ownership")
_NEVER = (_CHANGE_BILLING, _SEE_PASSWORD, _REMOVE_PEOPLE)
_STANDARD = (_("See anything else in your Business Center"), _SEE_PASSWORD, _REMOVE_PEOPLE)
_ANALYST, _OPERATOR, _ADMIN = _("Analyst"), _("Operator"), _("Admin")
#: Answers to "Can they spend my money?".
_MONEY_ANALYST = _("No. They can only look at results.")
_MONEY_OPERATOR = _(
    "Yes, on ads: they can start ads and set budgets in the accounts you choose, and you pay for those ads the way you "
    "pay today. Your payment method, invoices and billing stay out of their reach."
)
_MONEY_LINK = _("No. The pixel only tells which ads lead to visits and sales.")
_MONEY_CATALOG = _("No. They can only work with the products of the catalog.")
_MONEY_ADMIN = _("Yes: full control includes the account’s finance settings. Ask why they need it before you agree.")

_AD_ACCOUNT = {
    "ANALYST": RoleWords(
        label=_("View results (Analyst)"),
        can=(_("See ads and their results"),),
        cannot=(_CREATE_ADS, *_NEVER),
        menu=_ANALYST,
        money=_MONEY_ANALYST,
    ),
    "OPERATOR": RoleWords(
        label=_("Run campaigns (Operator)"),
        can=(_("Create, change and pause ads"), _("Set budgets inside your campaigns"), _SEE_RESULTS),
        cannot=_NEVER,
        menu=_OPERATOR,
        money=_MONEY_OPERATOR,
    ),
    "ADMIN": RoleWords(
        label=_("Full control (Admin)"),
        can=(_("Run ads"), _("Change the account’s settings, finance and permissions")),
        cannot=(_SEE_PASSWORD, _("Take the account out of your ownership")),
        menu=_ADMIN,
        money=_MONEY_ADMIN,
    ),
}

#: A linked pixel may be edited, but not deleted, by its users: `asset_relation_status` SHARED of `/pixel/list/`.
_PIXEL = {
    "LINK": RoleWords(
        label=_("Use the pixel"),
        can=(
            _("Use the pixel in ads of the ad account it is linked to"),
            _("See the events it receives from your website"),
            _("Change its settings and events"),
        ),
        cannot=(
            _("Delete the pixel"),
            _("Take it out of your ownership"),
            _("Sign in to your website or change its code"),
        ),
        menu=_("Link"),
        money=_MONEY_LINK,
    ),
}

_CATALOG = {
    "AD_PROMOTE": RoleWords(
        label=_("Promote products (Ad promote)"),
        can=(_SHOW_PRODUCTS,),
        cannot=(_("Change or delete products"), _TAKE_CATALOG, _SEE_PASSWORD),
        menu=_("Ad promote"),
        money=_MONEY_CATALOG,
    ),
    "ADMIN": RoleWords(
        label=_("Manage the catalog (Admin)"),
        can=(_SHOW_PRODUCTS, _("Manage the catalog: its products and settings")),
        cannot=(_TAKE_CATALOG, _SEE_PASSWORD),
        menu=_ADMIN,
        money=_MONEY_CATALOG,
    ),
}

_PERSON = {
    "ANALYST": RoleWords(
        label=_("View results (standard member, Analyst)"),
        can=(_("Sign in with their own login and see ads and results of the named ad accounts"),),
        cannot=(_CREATE_ADS, *_STANDARD),
        menu=_ANALYST,
        money=_MONEY_ANALYST,
    ),
    "OPERATOR": RoleWords(
        label=_("Run campaigns (standard member, Operator)"),
        can=(
            _("Sign in with their own login to the named ad accounts"),
            _("Create, change and pause ads there"),
            _SEE_RESULTS,
        ),
        cannot=(_CHANGE_BILLING, *_STANDARD),
        menu=_OPERATOR,
        money=_MONEY_OPERATOR,
    ),
    "ADMIN": RoleWords(
        label=_("Full control of the named ad accounts (standard member, Admin)"),
        can=(
            _("Sign in with their own login and run ads"),
            _("Change settings, finance and permissions of the named ad accounts"),
        ),
        cannot=_STANDARD[:2],
        menu=_ADMIN,
        money=_MONEY_ADMIN,
    ),
}

ROLES: Mapping[str, Mapping[str, RoleWords]] = {
    "ad_account": _AD_ACCOUNT,
    "pixel": _PIXEL,
    "catalog": _CATALOG,
    "person": _PERSON,
}
