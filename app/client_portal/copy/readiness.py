"""Texts of the readiness checks: title, question, answers, instructions and result. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.access.readiness.checks import Item
from app.client_portal import status_texts
from app.client_portal.status_texts import Case, Does
from app.platforms.port import AssetKind

#: The mark of a line, with its text for screen readers.
Mark = Literal["done", "yours", "open", "stuck"]
MARKS: Mapping[Mark, str] = {"done": "In place", "yours": "To do", "open": "We can’t tell", "stuck": "In the way"}
_SOURCES = {"platform": "Seen at TikTok", "intake": "From your answers", "client": "Said by {by}"}


@dataclass(frozen=True)
class CheckTexts:
    """Texts of one readiness check: title, question with its answers, and instructions."""

    title: str
    question: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    how: tuple[str, ...] = ()


_LATER = ("later", "Later")
_YES = (("yes", "Yes"), _LATER)

TEXTS: Mapping[str, CheckTexts] = {
    "business_center": CheckTexts("Your Business Center can share"),
    "ad_account": CheckTexts("You have an ad account of your own"),
    "currency": CheckTexts(
        "Currency",
        "Is the ad account in the currency you want to pay in?",
        _YES,
        (
            "The currency of an ad account can’t be changed later.",
            "To see it, open the ad account’s settings in TikTok Ads Manager.",
            "If it is wrong, create another ad account in your Business Center, and choose that one here.",
        ),
    ),
    "time_zone": CheckTexts(
        "Time zone",
        "Is the ad account in the time zone your days should begin in?",
        _YES,
        (
            "The time zone of an ad account can’t be changed later. Budgets and reports follow it.",
            "To see it, open the ad account’s settings in TikTok Ads Manager.",
            "If it is wrong, create another ad account in your Business Center, and choose that one here.",
        ),
    ),
    "verification": CheckTexts(
        "Company verified by TikTok",
        "Has TikTok verified your company?",
        _YES,
        (
            "In TikTok Business Center, open Settings, then Business verification.",
            "Have a company document ready, such as an extract from the company register.",
            "TikTok takes some days. Without it, payments can fail later.",
        ),
    ),
    "two_factor": CheckTexts(
        "Two-step sign-in",
        "Is two-step sign-in on for everybody in your Business Center?",
        _YES,
        (
            "In TikTok Business Center, open Settings, then Security.",
            "Switch on two-step verification for all members. Each is asked for a code at the next sign-in.",
            "It protects your ad money even if a password gets out.",
        ),
    ),
    "payment": CheckTexts(
        "Paying for ads",
        "Who pays TikTok for the ads?",
        (("own", "We do"), ("plan", "Somebody else"), _LATER),
        (
            "In TikTok Business Center, open Finance, then Payment.",
            "Add your company’s own card or bank account, from the country of the ad account.",
            "That way the invoices are in your name, and nobody else holds your card.",
        ),
    ),
    "pixel": CheckTexts(
        "Pixel",
        "Is there a pixel on your website, connected to the ad account?",
        _YES,
        (
            "In TikTok Business Center, open Assets, then Pixels, and choose the pixel.",
            "Under Ad accounts, link the ad account that runs the campaigns.",
            "No pixel yet? In TikTok Ads Manager: Tools, Events, Web events, Set up.",
        ),
    ),
    "events_api": CheckTexts(
        "Events API",
        "Will your website’s server send sales to TikTok, too (Events API)?",
        (("yes", "Yes"), ("no", "No"), _LATER),
        (
            "It counts sales that browsers hide. The person in charge of your website sets it up.",
            "Not sure? “No” is fine for a start.",
        ),
    ),
    "company_email": CheckTexts("Company e-mail addresses"),
    "primary_contact": CheckTexts("One person who can say yes"),
    "ownership": CheckTexts(
        "It all stays yours",
        "Is it agreed in writing that all of it is yours, and {agency} has limited access as a guest?",
        _YES,
        ("One sentence in the contract or an e-mail is enough.", "What you share here can be taken back at any time."),
    ),
}

_SENTENCES: Mapping[str, str] = {
    "later": "You said you’ll do it later.",
    "verification_in_review": "TikTok is looking at your company’s papers. It takes some days; go on meanwhile.",
    "not_verified": "TikTok has not verified your company yet. You can go on and do it later.",
    "no_ad_account": "This Business Center has no ad account of its own yet.",
    "unusual_currency": "{seen}: not what your markets usually pay in. It can’t be changed later.",
    "unusual_time_zone": "{seen}: another time than in your markets. It can’t be changed later.",
    "pixel_to_connect": "We connect it when you agree.",
    "no_pixel": "None yet: without one, nobody sees which ads lead to sales.",
    "free_mail": "{seen} is open to anybody. An address at your own domain is safer for access to ad money.",
}


@dataclass(frozen=True)
class CheckLine:
    """One check as shown. `asked`: the client has to answer; `answer` and `note` are its last reply."""

    key: str
    title: str
    mark: Mark
    mark_words: str
    sentence: str
    source: str
    question: str
    answers: tuple[tuple[str, str], ...]
    how: tuple[str, ...]
    asked: bool
    answer: str
    note: str
    code: str | None
    label: str | None
    does: Does | None
    names: dict[str, str]


def lines(
    items: Sequence[Item], names: Mapping[str, str], kind: AssetKind, *, lane: str | None = "connected"
) -> list[CheckLine]:
    """Lines of the checklist, which is about a kind of asset; `names` fills the placeholders."""
    return [_line(item, names, Case(kind, lane, choosing=True)) for item in items]


def _line(item: Item, names: Mapping[str, str], case: Case) -> CheckLine:
    texts, verdict = TEXTS[item.key], item.verdict
    blocker = (
        status_texts.of_code(verdict.code, case) if verdict.code and verdict.code in status_texts.BLOCKERS else None
    )
    mark = _mark(item)
    by = item.said.by if item.said else ""
    return CheckLine(
        key=item.key, title=texts.title, mark=mark, mark_words=MARKS[mark], sentence=_sentence(item, case),
        source=_SOURCES[verdict.source].format(by=by) if verdict.source else "",
        question=texts.question.replace("{agency}", names["agency"]), answers=texts.answers, how=texts.how,
        asked=item.is_asked, answer=item.said.answer if item.said else "", note=item.said.note if item.said else "",
        code=verdict.code, label=blocker.label if blocker else None, does=blocker.does if blocker else None,
        names=_named(item, names),
    )  # fmt: skip


def _named(item: Item, names: Mapping[str, str]) -> dict[str, str]:
    about = ", ".join(item.verdict.seen)
    return {**names, "asset": about, **({"bc": about} if item.key == "business_center" and about else {})}


def _mark(item: Item) -> Mark:
    if item.verdict.blocks:
        return "stuck"
    return {"pass": "done", "to_do": "yours", "cannot_tell": "open"}[item.verdict.status]  # type: ignore[return-value]


def _sentence(item: Item, case: Case) -> str:
    """Result or blocker in a sentence, with placeholders for names."""
    verdict = item.verdict
    seen = ", ".join(each.replace("{", "").replace("}", "") for each in verdict.seen[:3])
    more = f" and {len(verdict.seen) - 3} more" if len(verdict.seen) > 3 else ""
    if verdict.code is None:
        return seen + more
    if verdict.code == "pixel_to_connect" and case.by_hand:
        return "You connect it after you agree, with our steps."
    if verdict.code in _SENTENCES:
        return _SENTENCES[verdict.code].replace("{seen}", seen)
    return status_texts.of_code(verdict.code, case).sentence
