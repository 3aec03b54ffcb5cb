"""TikTok's texts for clients: its ids and menus, and sentences about blockers. Pure."""

from app.kit.i18n.message import _
from app.platforms.client_texts import AccountTexts, ClientTexts, FindStep, IdForm
from app.platforms.tiktok import typed_ids
from app.platforms.tiktok.typed_ids import AD_ACCOUNT, BUSINESS_CENTER, CATALOG

_IN_ADS_MANAGER = _("In TikTok Ads Manager:")

BUSINESS_CENTER_IDS = IdForm(
    typed_ids.of(BUSINESS_CENTER),
    _("Business Center ID"),
    _("Digits only. You can also paste the whole address of your Business Center."),
    _("Enter your Business Center ID. It has digits only."),
    _("You gave {number} already, as your Business Center ID. Check which of the two it is."),
    (
        FindStep(
            _("Open business.tiktok.com and look at the account menu at the top right:"),
            ("business.tiktok.com", _("Account menu, top right"), _("Business Center ID")),
        ),
        FindStep(_("In some countries it is in the settings:"), (_("Settings"), _("Business Center information"))),
    ),
    is_number=True,
)
AD_ACCOUNT_IDS = IdForm(
    typed_ids.of(AD_ACCOUNT),
    _("Ad account IDs"),
    _("One per line, or paste a list or whole addresses from TikTok Ads Manager: we find the numbers."),
    _("Enter at least one ad account ID. It has digits only."),
    _("You gave {number} already, as an ad account ID. Check which of the two it is."),
    (
        FindStep(
            _("In TikTok Business Center:"),
            (_("Accounts"), _("Advertiser accounts"), _("the number under each name")),
        ),
        FindStep(
            _(
                "Or open TikTok Ads Manager: the address has “{parameter}” followed by the number. Paste the whole "
                "address.",
                parameter="aadvid=",
            )
        ),
    ),
)
PIXEL_IDS = IdForm(
    typed_ids.pixel_codes,
    _("Pixel IDs"),
    _("20 letters and digits each, such as {example}.", example=typed_ids.EXAMPLE_CODE),
    find=(
        FindStep(_IN_ADS_MANAGER, (_("Tools"), _("Events"), _("Web events"), _("ID under the pixel’s name"))),
    ),
)  # fmt: skip
CATALOG_IDS = IdForm(
    typed_ids.of(CATALOG),
    _("Catalog IDs"),
    _("Digits only, one per line. You find them in TikTok Business Center under Assets, Catalogs."),
    given_before=_("You gave {number} already, as a catalog ID. Check which of the two it is."),
)

TEXTS = ClientTexts(
    things=_("{platform} ads"),
    account=AccountTexts(
        noun=_("Business Center"),
        title=_("Your Business Center"),
        question=_("Which Business Center are your ad accounts in?"),
        choose=_("Choose the Business Center your ad accounts are in."),
        id_question=_("What is your Business Center ID?"),
        id_of_agency=_("{agency}’s Business Center ID"),
        ids=BUSINESS_CENTER_IDS,
        is_agencys=_(
            "This is the agency's Business Center ID. Enter your own: in TikTok Business Center, open the account "
            "menu at the top right."
        ),
        agencys_given_before=_(
            "You gave {number} already, as the agency’s Business Center ID. Check which of the two it is."
        ),
    ),
    sentences={
        "to_accept": _("{agency} has to accept it in its Business Center. Nothing for you to do."),
        "agencys_own_center": _("This is {agency}’s own Business Center."),
        "no_business_center": _(
            "This {platform} sign-in has no Business Center yet. Create one at business.tiktok.com (about 3 minutes), "
            "or sign in as somebody who has one."
        ),
        "bc_punished": _(
            "{platform} has restricted {bc} for breaking its rules, so nothing can be shared from it. Open "
            "business.tiktok.com to see why, and ask {platform}’s support to lift it."
        ),
        "bc_denied": _(
            "{platform} has not approved {bc}, so nothing can be shared from it. Open business.tiktok.com to see what "
            "is missing."
        ),
        "bc_not_enabled": _(
            "{platform} lets nothing be shared from {bc} right now. Open business.tiktok.com to see why."
        ),
        "ad_account_limited": _(
            "{platform} has limited what can be done in {asset}. Open it in TikTok Ads Manager to see why, or choose "
            "another ad account."
        ),
        "ad_account_disapproved": _(
            "{platform} has not approved {asset}. Open it in TikTok Ads Manager to see why, or choose another ad "
            "account."
        ),
        "asset_shared_elsewhere": _(
            "{agency} sees {asset}, shared from Business Center {shared_from}. You gave us {bc}. Is {shared_from} "
            "yours? If it isn’t, follow the steps below."
        ),
        "asset_owned_elsewhere": _(
            "{asset} belongs to another Business Center, so only its owner can share it. Ask them, or choose another."
        ),
        "asset_owned_by_person": _(
            "{asset} belongs to a person and not to {bc}, so it can’t be shared from there. Bring it into your "
            "Business Center first, or choose another."
        ),
        "request_pending": _(
            "Your Business Center has asked for {asset}, and its owner has not said yes. The owner does that in "
            "TikTok Ads Manager, in the messages (the bell). Only the owner can share it with {agency}; or choose "
            "another."
        ),
        "partner_declined": _(
            "{agency} declined the request in its Business Center. Nothing for you to do: {agency} knows, and asks "
            "again if it needs it."
        ),
        "partnership_ended": _("{agency} is no longer a partner of your Business Center, so {asset} isn’t shared."),
    },
    undo=_(
        "Yes, at any time and without asking anybody: in {platform} Business Center, remove {agency} from your "
        "partners. It takes a minute, and your receipt shows you how."
    ),
    have_ready=_(
        "Admin access to your {platform} Business Center, and the e-mail inbox of that sign-in: {platform} may send "
        "you a code. Not an Admin? Forward the message with this link to somebody who is."
    ),
    no_account=_("Create one at business.tiktok.com (about 3 minutes), or connect as somebody who has one."),
    proves=_(
        "Use an account that is an Admin of the Business Center used for this link. Signing in alone shares nothing."
    ),
    other_company=_("Sign in at {platform} as an Admin of the Business Center this link was started with."),
)  # fmt: skip
