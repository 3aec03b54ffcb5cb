"""Texts of the readiness checks: title, question, answers, instructions and result. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.access.readiness.checks import Item
from app.client_portal import status_texts
from app.client_portal.status_texts import Case, Does
from app.kit.i18n.message import Message, Value, _, _n
from app.platforms.port import AssetKind

#: The mark of a line, with its text for screen readers.
Mark = Literal["done", "yours", "open", "stuck"]
MARKS: Mapping[Mark, Message] = {
    "done": _("In place"), "yours": _("To do"), "open": _("We can’t tell"), "stuck": _("In the way"),
}  # fmt: skip
MOST_SEEN = 3
_SOURCES = {"platform": _("Seen at TikTok"), "intake": _("From your answers"), "client": _("Said by {person}")}


@dataclass(frozen=True)
class CheckTexts:
    """Texts of one readiness check: title, question with its answers, and instructions."""

    title: Message
    question: Message | None = None
    answers: tuple[tuple[str, Message], ...] = ()
    how: tuple[Message, ...] = ()


_LATER = ("later", _("Later"))
_YES = (("yes", _("Yes")), _LATER)

TEXTS: Mapping[str, CheckTexts] = {
    "business_center": CheckTexts(_("Your Business Center can share")),
    "ad_account": CheckTexts(_("You have an ad account of your own")),
    "currency": CheckTexts(
        _("Currency"),
        _("Is the ad account in the currency you want to pay in?"),
        _YES,
        (
            _("The currency of an ad account can’t be changed later."),
            _("To see it, open the ad account’s settings in TikTok Ads Manager."),
            _("If it is wrong, create another ad account in your Business Center, and choose that one here."),
        ),
    ),
    "time_zone": CheckTexts(
        _("Time zone"),
        _("Is the ad account in the time zone your days should begin in?"),
        _YES,
        (
            _("The time zone of an ad account can’t be changed later. Budgets and reports follow it."),
            _("To see it, open the ad account’s settings in TikTok Ads Manager."),
            _("If it is wrong, create another ad account in your Business Center, and choose that one here."),
        ),
    ),
    "verification": CheckTexts(
        _("Company verified by TikTok"),
        _("Has TikTok verified your company?"),
        _YES,
        (
            _("In TikTok Business Center, open Settings, then Business verification."),
            _("Have a company document ready, such as an extract from the company register."),
            _("TikTok takes some days. Without it, payments can fail later."),
        ),
    ),
    "two_factor": CheckTexts(
        _("Two-step sign-in"),
        _("Is two-step sign-in on for everybody in your Business Center?"),
        _YES,
        (
            _("In TikTok Business Center, open Settings, then Security."),
            _("Switch on two-step verification for all members. Each is asked for a code at the next sign-in."),
            _("It protects your ad money even if a password gets out."),
        ),
    ),
    "payment": CheckTexts(
        _("Paying for ads"),
        _("Who pays TikTok for the ads?"),
        (("own", _("We do")), ("plan", _("Somebody else")), _LATER),
        (
            _("In TikTok Business Center, open Finance, then Payment."),
            _("Add your company’s own card or bank account, from the country of the ad account."),
            _("That way the invoices are in your name, and nobody else holds your card."),
        ),
    ),
    "pixel": CheckTexts(
        _("Pixel"),
        _("Is there a pixel on your website, connected to the ad account?"),
        _YES,
        (
            _("In TikTok Business Center, open Assets, then Pixels, and choose the pixel."),
            _("Under Ad accounts, link the ad account that runs the campaigns."),
            _("No pixel yet? In TikTok Ads Manager: Tools, Events, Web events, Set up."),
        ),
    ),
    "events_api": CheckTexts(
        _("Events API"),
        _("Will your website’s server send sales to TikTok, too (Events API)?"),
        (("yes", _("Yes")), ("no", _("No")), _LATER),
        (
            _("It counts sales that browsers hide. The person in charge of your website sets it up."),
            _("Not sure? “No” is fine for a start."),
        ),
    ),
    "company_email": CheckTexts(_("Company e-mail addresses")),
    "primary_contact": CheckTexts(_("One person who can say yes")),
    "ownership": CheckTexts(
        _("It all stays yours"),
        _("Is it agreed in writing that all of it is yours, and {agency} has limited access as a guest?"),
        _YES,
        (
            _("One sentence in the contract or an e-mail is enough."),
            _("What you share here can be taken back at any time."),
        ),
    ),
}

_SENTENCES: Mapping[str, Message] = {
    "later": _("You said you’ll do it later."),
    "verification_in_review": _("TikTok is looking at your company’s papers. It takes some days; continue meanwhile."),
    "not_verified": _("TikTok has not verified your company yet. You can continue and do it later."),
    "no_ad_account": _("This Business Center has no ad account of its own yet."),
    "unusual_currency": _("{seen}: not what your markets usually pay in. It can’t be changed later."),
    "unusual_time_zone": _("{seen}: another time than in your markets. It can’t be changed later."),
    "pixel_to_connect": _("We connect it when you agree."),
    "no_pixel": _("None yet: without one, nobody sees which ads lead to sales."),
    "free_mail": _("{seen} is open to anybody. An address at your own domain is safer for access to ad money."),
}


@dataclass(frozen=True)
class CheckLine:
    """One check as shown. `asked`: the client has to answer; `answer` and `note` are its last reply."""

    key: str
    title: Message
    mark: Mark
    mark_words: Message
    sentence: Value | None
    source: Message | None
    question: Message | None
    answers: tuple[tuple[str, Message], ...]
    how: tuple[Message, ...]
    asked: bool
    answer: str
    note: str
    code: str | None
    label: Message | None
    does: Does | None


def lines(
    items: Sequence[Item], names: Mapping[str, Value], kind: AssetKind, *, lane: str | None = "connected"
) -> list[CheckLine]:
    """Lines of the checklist, which is about a kind of asset; `names` fills the placeholders."""
    return [_line(item, names, Case(kind, lane, choosing=True)) for item in items]


def _line(item: Item, names: Mapping[str, Value], case: Case) -> CheckLine:
    texts, verdict = TEXTS[item.key], item.verdict
    blocker = (
        status_texts.of_code(verdict.code, case)
        if verdict.code and verdict.code in status_texts.BLOCKER_TEXTS
        else None
    )
    mark, said = _mark(item), _sentence(item, case)
    by = item.said.by if item.said else ""
    return CheckLine(
        key=item.key, title=texts.title, mark=mark, mark_words=MARKS[mark],
        sentence=said.fill(**_named(item, names)) if isinstance(said, Message) else said,
        source=_SOURCES[verdict.source].fill(person=by) if verdict.source else None,
        question=texts.question.fill(**names) if texts.question else None, answers=texts.answers, how=texts.how,
        asked=item.is_asked, answer=item.said.answer if item.said else "", note=item.said.note if item.said else "",
        code=verdict.code, label=blocker.label if blocker else None, does=blocker.does if blocker else None,
    )  # fmt: skip


def _named(item: Item, names: Mapping[str, Value]) -> dict[str, Value]:
    about = tuple(item.verdict.seen)
    return {**names, "asset": about, **({"bc": about} if item.key == "business_center" and about else {})}


def _mark(item: Item) -> Mark:
    if item.verdict.blocks:
        return "stuck"
    return {"pass": "done", "to_do": "yours", "cannot_tell": "open"}[item.verdict.status]  # type: ignore[return-value]


def _sentence(item: Item, case: Case) -> Value | None:
    """Result, or the blocker in a sentence with placeholders for names."""
    verdict = item.verdict
    if verdict.code is None:
        return _seen(verdict.seen)
    if verdict.code == "pixel_to_connect" and case.by_hand:
        return _("You connect it after you agree, with our steps.")
    if verdict.code in _SENTENCES:
        return _SENTENCES[verdict.code].fill(seen=tuple(verdict.seen[:MOST_SEEN]))
    return status_texts.of_code(verdict.code, case).sentence


def _seen(names: Sequence[str]) -> Value | None:
    """The first names as a list, with the number of those left out."""
    more = len(names) - MOST_SEEN
    left = (_n("{count} more", "{count} more", more),) if more > 0 else ()
    return (*names[:MOST_SEEN], *left) or None
