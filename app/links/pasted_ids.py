"""Parsing of input that a client types or pastes: an id, a list of ids, or a whole address. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.kit.i18n.message import Message, _, _n
from app.kit.input import email_address, places
from app.kit.input.text import TypedWrong, is_blank, short
from app.platforms.client_texts import AccountTexts, IdForm

CONTACT_ROLES = {
    "approver": _("Who can approve access and posts"),
    "billing": _("Who looks after billing"),
    "technical": _("Who looks after the website and pixel"),
}
MAX_ASSETS = 50
NOTHING: Mapping[str, Message] = {}


@dataclass(frozen=True)
class ParsedField:
    """Ids read from a field, and the sentence to show beside it if something was not understood."""

    values: tuple[str, ...] = ()
    problem: Message | None = None


@dataclass(frozen=True)
class SelectedAsset:
    """An asset that the client selected or typed; the name is known only from the platform."""

    asset_id: str
    name: str | None = None
    #: the ad account of a pixel
    parent_asset_id: str | None = None


def account(
    text: str, texts: AccountTexts, *, agency_account_ids: Iterable[str], taken: Mapping[str, Message] = NOTHING
) -> ParsedField:
    """The id of the client's account from pasted text. `taken`: a sentence for each id that was given before."""
    read = ids(text, texts.ids, taken=taken)
    if len(read.values) > 1:
        return ParsedField(problem=_("Enter one ID here; these are {count}.", count=len(read.values)))
    if set(read.values) & set(agency_account_ids):
        return ParsedField(problem=texts.is_agencys)
    return read


def assets(text: str, form: IdForm, *, taken: Mapping[str, Message] = NOTHING) -> ParsedField:
    """Every id of an asset in a list, rows or pasted addresses; each once, in the order given, at most 50."""
    found = ids(text, form, taken=taken)
    if not found.problem and len(found.values) > MAX_ASSETS:
        return ParsedField(
            found.values, _n("Enter at most {count} ID here.", "Enter at most {count} IDs here.", MAX_ASSETS)
        )
    return found


def optional(text: str, form: IdForm, *, taken: Mapping[str, Message] = NOTHING) -> ParsedField:
    """As `assets`; none is fine."""
    return ParsedField() if is_blank(text) else assets(text, form, taken=taken)


def ids(text: str, form: IdForm, *, taken: Mapping[str, Message] = NOTHING) -> ParsedField:
    """At least one id of a kind."""
    if is_blank(text):
        return ParsedField(problem=form.none_given)
    try:
        found = form.read(text)
    except TypedWrong as problem:
        return ParsedField(problem=problem.message)
    known = next((value for value in found if value in taken), None)
    return ParsedField(found, taken[known].fill(number=known) if known else None if found else form.none_given)


def markets(chosen: Iterable[str]) -> ParsedField:
    """Country codes (ISO 3166 alpha-2); at least one."""
    given = [each for each in chosen if not is_blank(each)]
    if not given:
        return ParsedField(problem=_("Choose at least one country where you want to advertise."))
    read = [(each, places.country(each)) for each in given]
    values = tuple(dict.fromkeys(code for _, code in read if code))
    unknown = next((each for each, code in read if code is None), None)
    if unknown is None:
        return ParsedField(values)
    return ParsedField(values, _("“{code}” is not a country code we know.", code=short(unknown)))


def contact(name: str, email: str, *, needed: bool) -> dict[str, Message]:
    """The problems of one contact by field; `{}` if it is valid. Both fields may be empty unless it is needed."""
    if is_blank(name) and is_blank(email) and not needed:
        return {}
    problems: dict[str, Message] = {}
    if is_blank(name):
        problems["name"] = _("Enter a name.")
    try:
        email_address.read(email)
    except TypedWrong as problem:
        problems["email"] = problem.message
    return problems
