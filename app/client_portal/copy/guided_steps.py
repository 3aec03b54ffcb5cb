"""Guided steps of a platform for one link, steps that remove access by hand, and help articles. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.platforms.port import GuidedStep

#: Date on which the steps were last compared with their sources.
DATED = date(2026, 11, 22)
_REQUEST_ACCESS = "https://ads.tiktok.com/help/article?aid=887656441927135411"
_PARTNERS = "https://ads.tiktok.com/help/article?aid=13989"


@dataclass(frozen=True)
class StepLine:
    """One numbered step. `asks_for_id`: the agency's Business Center ID is pasted here."""

    text: str
    where: tuple[str, ...]
    variants: tuple[str, ...]
    help_url: str
    help_search: str
    asks_for_id: bool


@dataclass(frozen=True)
class Guidance:
    """The steps for one kind of asset."""

    title: str
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class HelpArticle:
    """A client's question and its answer in steps.

    `before` is an introduction. `search` finds TikTok's own page in its help; `help_url` is its address, if known.
    """

    question: str
    steps: tuple[str, ...]
    search: str
    before: str = ""
    help_url: str = ""
    dated: date = DATED


def steps(
    written: Sequence[GuidedStep], *, agency: str, agency_account_id: str, role: str, asset: str = "", through: str = ""
) -> list[StepLine]:
    """The steps with names, numbers and role in their places."""
    filled = {
        "agency": agency,
        "agency_account_id": agency_account_id,
        "role": role,
        "asset": asset,
        "through": through,
    }
    return [
        StepLine(
            text=_text(step, filled),
            where=tuple(step.where.format(**filled).split(" > ")) if step.where else (),
            variants=tuple(variant.format(**filled) for variant in step.variants),
            help_url=step.help_url,
            help_search=step.help_search,
            asks_for_id="{agency_account_id}" in step.text,
        )
        for step in written
    ]


def removal_steps(platform: str, *, agency: str) -> list[str]:
    """The steps in order, each a sentence."""
    return [step.format(agency=agency) for step in _STEPS.get(platform, _ANYWHERE)]


def help_of_code(code: str | None) -> tuple[HelpArticle, ...]:
    """Articles for a code; none for most."""
    return BY_CODE.get(code or "", ())


def help_of_codes(codes: Iterable[str | None]) -> list[HelpArticle]:
    """Articles for several codes, each once."""
    return list(dict.fromkeys(how for code in codes for how in help_of_code(code)))


def _text(step: GuidedStep, filled: dict[str, str]) -> str:
    """The text without the number, which is shown below in a field to copy."""
    without_number = step.text.replace(": {agency_account_id}", ":")
    return without_number.format(**filled)


_STEPS = {
    "tiktok": (
        "Sign in to TikTok Business Center (business.tiktok.com) as an Admin.",
        "Open Users, then Partners, and choose {agency}.",
        "Under “You’ve shared”, remove single ad accounts, or remove {agency} as a partner altogether. "
        "It works at once.",
    ),
}
_ANYWHERE = ("Remove {agency} from the list of people and partners with access.",)
_CREATE_CENTER = HelpArticle(
    "How do I create a Business Center?",
    (
        "Open business.tiktok.com and sign in. No sign-in yet? Sign up there with your company e-mail address.",
        "Choose your language and press Create Business Center (in some countries: “Your Business Center”, top right).",
        "Enter your company’s name and region as in its official documents, and press Create.",
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
    before="Create it yourself, so that it belongs to you, even if another agency runs your ads later. Don’t let an "
    "agency create it for you.",
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
        "Sign in to TikTok Ads Manager as the person who created the account.",
        "Open the message centre (the bell), find the Business Center’s invitation, press Accept, and confirm.",
        "Come back and look again.",
    ),
    search="accept Business Center request in Ads Manager",
    help_url=_REQUEST_ACCESS,
)
_APPROVE = HelpArticle(
    "How do I approve the request?",
    (
        "Sign in to TikTok Ads Manager as the person who created the account, or to its Business Center as an Admin.",
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
#: Articles for a refused choice, by the blocker's code; or by the screen's own, if there is nothing to choose.
BY_CODE: Mapping[str, tuple[HelpArticle, ...]] = {
    "no_business_center": (_CREATE_CENTER, _STANDALONE),
    "no_ad_account": (_CREATE_ACCOUNT, _PERSONAL),
    "asset_owned_elsewhere": (_OTHER_CENTER,),
    "asset_owned_by_person": (_PERSONAL,),
    "request_pending": (_APPROVE,),
    "not_bc_admin": (_BECOME_ADMIN,),
    "asset_not_found": (_PERSONAL, _CREATE_ACCOUNT),
}
