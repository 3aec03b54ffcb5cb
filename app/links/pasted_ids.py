"""Parsing of input that a client types or pastes: an id, a list of ids, or a whole address. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.kit.i18n.message import Message, _, _n
from app.kit.input import email_address, places, platform_ids
from app.kit.input.platform_ids import AD_ACCOUNT, BUSINESS_CENTER, CATALOG, Sort, short
from app.kit.input.text import TypedWrong, is_blank

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


def business_center(
    text: str, *, agency_account_ids: Iterable[str], taken: Mapping[str, Message] = NOTHING
) -> ParsedField:
    """One Business Center ID from pasted text. `taken`: a sentence for each number that was given before."""
    if is_blank(text):
        return ParsedField(problem=_("Enter your Business Center ID. It has digits only."))
    try:
        found = platform_ids.one(text, BUSINESS_CENTER)
    except TypedWrong as problem:
        return ParsedField(problem=problem.message)
    if found in set(agency_account_ids):
        return ParsedField(
            problem=_(
                "This is the agency's Business Center ID. Enter your own: in TikTok Business Center, open the account "
                "menu at the top right."
            )
        )
    return ParsedField((found,), _twice((found,), taken))


def ad_accounts(text: str, *, taken: Mapping[str, Message] = NOTHING) -> ParsedField:
    """Every ad account ID in a list, rows or pasted addresses; each once, in the order given, at most 50."""
    if is_blank(text):
        return ParsedField(problem=_("Enter at least one ad account ID. It has digits only."))
    found = _ids(text, AD_ACCOUNT, taken)
    if not found.problem and len(found.values) > MAX_ASSETS:
        return ParsedField(
            found.values,
            problem=_n("Enter at most {count} ad account here.", "Enter at most {count} ad accounts here.", MAX_ASSETS),
        )
    return found


def pixels(text: str) -> ParsedField:
    """Every pixel code (20 letters and digits, as Events Manager shows them); none is fine."""
    try:
        return ParsedField(platform_ids.pixel_codes(text))
    except TypedWrong as problem:
        return ParsedField(problem=problem.message)


def catalogs(text: str, *, taken: Mapping[str, Message] = NOTHING) -> ParsedField:
    """Every catalog ID in a list, rows or pasted addresses, each once; none is fine."""
    return ParsedField() if is_blank(text) else _ids(text, CATALOG, taken)


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


def _ids(text: str, sort: Sort, taken: Mapping[str, Message]) -> ParsedField:
    try:
        found = platform_ids.every(text, sort)
    except TypedWrong as problem:
        return ParsedField(problem=problem.message)
    return ParsedField(found, _twice(found, taken))


def _twice(values: Iterable[str], taken: Mapping[str, Message]) -> Message | None:
    """Error for a number that is already used for something else; None if there is none."""
    known = next((value for value in values if value in taken), None)
    return taken[known].fill(number=known) if known else None
