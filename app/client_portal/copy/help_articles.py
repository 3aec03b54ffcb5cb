"""Help articles for problems at TikTok: short written steps with date and source. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

#: When the steps were last compared with where they come from.
DATED = date(2026, 11, 22)

_REQUEST_ACCESS = "https://ads.tiktok.com/help/article?aid=887656441927135411"
_PARTNERS = "https://ads.tiktok.com/help/article?aid=13989"


@dataclass(frozen=True)
class HelpArticle:
    """A question as the client would ask it, and its answer in steps.

    `before` is read first. `search` finds TikTok's own page in its help, whatever the menus are called by then;
    `help_url` is that page where its address is known.
    """

    question: str
    steps: tuple[str, ...]
    search: str
    before: str = ""
    help_url: str = ""
    dated: date = DATED


_CREATE_CENTER = HelpArticle(
    "How do I create a Business Center?",
    (
        "Open business.tiktok.com and sign in. No sign-in yet? Sign up there with your company e-mail address.",
        "Choose your language and press Create Business Center (in some countries: “Your Business Center”, top right).",
        "Enter your company’s name and region as they stand in its papers, and press Create.",
        "TikTok may ask who you are and for a company document. You can go on here meanwhile.",
    ),
    search="create Business Center",
    before="It is free, and about 3 minutes. A Business Center is the place that holds your company’s ad accounts, "
    "people and payments. It belongs to you.",
)

_STANDALONE = HelpArticle(
    "I only have an ad account, no Business Center",
    (
        "Create a Business Center first: business.tiktok.com, choose your language, Create Business Center.",
        "There, open Accounts, then Advertiser accounts.",
        "Press Add Advertiser Account, then Request access.",
        "Enter your ad account’s number and the role Admin, and send.",
        "Open the ad account in TikTok Ads Manager, open the messages (the bell), and accept the request from your own "
        "Business Center.",
        "Come back and look again: the account is in the list now.",
    ),
    search="add ad account to Business Center",
    before="Access can be shared from a Business Center only. You don’t need a new ad account: link the one you have.",
    help_url=_REQUEST_ACCESS,
)

_CREATE_ACCOUNT = HelpArticle(
    "How do I create an ad account?",
    (
        "In TikTok Business Center, open Accounts, then Advertiser accounts.",
        "Press Add Advertiser Account, then Create new.",
        "Choose country, currency and time zone with care: they can’t be changed later.",
        "Add your own way of paying, so that the invoices are yours.",
        "Come back and look again.",
    ),
    search="create ad account in Business Center",
    before="Create it yourself, so that it belongs to you and stays yours whoever runs your ads. Don’t let an agency "
    "create it for you.",
)

_OTHER_CENTER = HelpArticle(
    "Another Business Center owns it. What can I do?",
    (
        "Find out who owns it: in TikTok Ads Manager, open the account’s settings; it names the Business Center.",
        "Ask an Admin of that Business Center. Only they can share the account, or approve a request for it.",
        "Forward this link’s message to them if they should do it, or choose an account that is yours.",
    ),
    search="request access to an ad account",
    before="Only the owner of an ad account can share it, however much you may do in it.",
    help_url=_REQUEST_ACCESS,
)

_PERSONAL = HelpArticle(
    "It is my own account, in no Business Center. How do I bring it in?",
    (
        "In your Business Center, open Accounts, then Advertiser accounts.",
        "Press Add Advertiser Account, then Request access.",
        "Enter the ad account’s number, choose the role Admin, and send.",
        "Sign in to TikTok Ads Manager as whoever created the account.",
        "Open the message centre (the bell), find the Business Center’s invitation, press Accept, and confirm.",
        "Come back and look again.",
    ),
    search="accept Business Center request in Ads Manager",
    help_url=_REQUEST_ACCESS,
)

_APPROVE = HelpArticle(
    "How do I approve the request?",
    (
        "Sign in to TikTok Ads Manager as whoever created the account, or to its Business Center as an Admin.",
        "Open the message centre (the bell). There may be an e-mail from TikTok, too.",
        "Find the request, press Accept, and confirm.",
        "Come back and look again.",
    ),
    search="accept Business Center request in Ads Manager",
    help_url=_REQUEST_ACCESS,
)

_BECOME_ADMIN = HelpArticle(
    "How do I find an Admin, or become one?",
    (
        "In TikTok Business Center, open Users, then Members: Admins are marked there.",
        "Forward this link’s message to one of them: they go on where you stopped.",
        "Or ask them to open Users, Members, choose you, and change your role to Admin. Then sign in again here.",
    ),
    search="Business Center member roles",
    help_url=_PARTNERS,
)

#: What helps where a choice is refused, by the blocker's code (or the screen's own: nothing to choose at all).
BY_CODE: Mapping[str, tuple[HelpArticle, ...]] = {
    "no_business_center": (_CREATE_CENTER, _STANDALONE),
    "no_ad_account": (_CREATE_ACCOUNT, _PERSONAL),
    "asset_owned_elsewhere": (_OTHER_CENTER,),
    "asset_owned_by_person": (_PERSONAL,),
    "request_pending": (_APPROVE,),
    "not_bc_admin": (_BECOME_ADMIN,),
    "asset_not_found": (_PERSONAL, _CREATE_ACCOUNT),
}


def of_code(code: str | None) -> tuple[HelpArticle, ...]:
    """The written help for a code; nothing for most."""
    return BY_CODE.get(code or "", ())


def of_codes(codes: Iterable[str | None]) -> list[HelpArticle]:
    """The written help for several, each once."""
    return list(dict.fromkeys(how for code in codes for how in of_code(code)))
