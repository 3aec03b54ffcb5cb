"""Forms about the client: sign-up on a public link, contacts, countries, and replies to readiness checks. Pure."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from babel.core import get_global

from app.access.readiness.checks import ANSWERS, ReadinessReply
from app.kit.i18n.message import Message, Problems, _
from app.kit.input import email_address
from app.kit.input.text import TextWrong, TypedWrong, identifier, is_blank, looks_like_password
from app.links.pasted_ids import CONTACT_ROLES, contact

FIRST = next(iter(CONTACT_ROLES))
#: Countries in which TikTok ads are booked most; shown first, the rest by name.
OFTEN_BOOKED = ("US", "GB", "DE", "FR", "IT", "ES")
#: Countries shown first, at least.
FEWEST_NEAR = 6
#: Other names of countries, for the search.
OTHER_NAMES = {
    "US": "usa united states of america america", "GB": "uk britain great britain england scotland wales",
    "AE": "uae emirates dubai", "NL": "holland", "CZ": "czech republic", "TR": "turkey", "KR": "korea",
    "KP": "korea", "CI": "ivory coast", "CD": "congo drc", "CG": "congo", "MM": "burma", "MK": "macedonia",
    "SZ": "swaziland", "VA": "vatican holy see", "LA": "lao", "CV": "cabo verde", "TL": "east timor",
    "HK": "hongkong", "MO": "macao", "PS": "palestine", "RU": "russian federation", "SY": "syrian arab republic",
    "VN": "viet nam", "BN": "brunei darussalam", "DE": "deutschland", "ES": "espana", "AT": "osterreich",
    "CH": "schweiz suisse", "CN": "prc", "TW": "taiwan roc",
}  # fmt: skip
PAYMENT_NOTE = "payment-note"
REPLIED_BY = "by"
#: Name of the sign-up field that people do not see; only programs fill it in.
TRAP = "website"


class Fields(Protocol):
    """A sent form."""

    def text(self, name: str, *, most: int = 200) -> str:
        """One field."""
        ...

    def line(self, name: str, *, most: int = 200) -> str:
        """One field of one line."""
        ...

    def ticked(self, name: str) -> bool:
        """True if a box was ticked."""
        ...


class Invited(Protocol):
    """Contact named by the agency in the link."""

    @property
    def contact_name(self) -> str | None: ...

    @property
    def contact_email(self) -> str | None: ...


@dataclass(frozen=True)
class ContactFields:
    """Fields of one role. `same`: the same person as the first contact."""

    name: str = ""
    email: str = ""
    same: bool = True


def shown_contacts(saved: Sequence[Any] | None, invited: Invited) -> dict[str, ContactFields]:
    """Content of the contact fields: the stored answers, else the contact named by the agency."""
    by_role = {row["role"]: row for row in saved or []}
    first = by_role.get(FIRST, {"name": invited.contact_name or "", "email": invited.contact_email or ""})
    shown = {FIRST: ContactFields(first["name"], first["email"], same=False)}
    for role in list(CONTACT_ROLES)[1:]:
        row = by_role.get(role, first)
        same = (row["name"], row["email"]) == (first["name"], first["email"])
        shown[role] = ContactFields(same=True) if same else ContactFields(row["name"], row["email"], same=False)
    return shown


def read_contacts(form: Fields) -> dict[str, ContactFields]:
    """The contact fields as typed; addresses without surrounding text."""
    return {
        role: ContactFields(
            form.line(f"{role}-name", most=120),
            email_address.tidied(form.text(f"{role}-email", most=254)),
            same=role != FIRST and form.ticked(f"{role}-same"),
        )
        for role in CONTACT_ROLES
    }


def contact_problems(given: dict[str, ContactFields]) -> Problems:
    """Problems by field; `{}` if all contacts are valid."""
    return {
        f"{role}-{field}": sentence
        for role, each in given.items()
        if not each.same
        for field, sentence in contact(each.name, each.email, needed=True).items()
    }


def contact_rows(given: dict[str, ContactFields]) -> list[Any]:
    """One row for each role, as the intake stores them."""
    return [
        {
            "role": role,
            "name": (given[FIRST] if each.same else each).name,
            "email": (given[FIRST] if each.same else each).email,
        }
        for role, each in given.items()
    ]


def countries_of(time_zones: Iterable[str]) -> list[str]:
    """Country codes of time zones (IANA), each once; none of a zone that several countries share."""
    of_zone = get_global("zone_territories")
    return list(dict.fromkeys(code for zone in time_zones if (code := of_zone.get(zone, "ZZ")) != "ZZ"))


@dataclass(frozen=True)
class Country:
    """One country to tick. `found_by`: text for the search, in lower case without accents."""

    code: str
    name: str
    found_by: str


def grouped_countries(countries: Mapping[str, str], chosen: Collection[str]) -> tuple[list[Country], list[Country]]:
    """Countries chosen before and some that are often booked, and all others."""
    given = [code for code in dict.fromkeys(chosen) if code in countries]
    often = [code for code in OFTEN_BOOKED if code in countries and code not in given]
    near = [*given, *often[: max(0, FEWEST_NEAR - len(given))]]
    others = [code for code in countries if code not in near]
    return [_country(code, countries[code]) for code in near], [_country(code, countries[code]) for code in others]


def _country(code: str, name: str) -> Country:
    return Country(code, name, f"{plain(name)} {code.lower()} {OTHER_NAMES.get(code, '')}".strip())


def plain(text: str) -> str:
    """Lower case without accents: `Côte d’Ivoire` -> `cote d'ivoire`."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()


@dataclass(frozen=True)
class ReadinessForm:
    """Replies to readiness checks, the name of the person, and problems by field."""

    words: Mapping[str, ReadinessReply]
    by: str
    problems: Problems
    #: the typed plan, shown again whichever answer is ticked
    note: str = ""


def read_replies(form: Fields, asked: Iterable[str]) -> ReadinessForm:
    """Read the replies to the questions asked. A plan needs a description, and a reply needs a name."""
    note = form.text(PAYMENT_NOTE, most=500)
    answers = {key: form.text(key) for key in asked}
    words = {
        key: ReadinessReply(answer, note if answer == "plan" else "")
        for key, answer in answers.items()
        if answer in ANSWERS.get(key, ())
    }
    by, problems = form.line(REPLIED_BY, most=120), dict[str, Message]()
    if "payment" in words and words["payment"].answer == "plan" and not note:
        problems[PAYMENT_NOTE] = _("Write who pays, and who gets the invoices.")
    if words and not by:
        problems[REPLIED_BY] = _("Enter your name, so that everybody knows who answered.")
    return ReadinessForm(words, by, problems, note)


@dataclass(frozen=True)
class Visitor:
    """Details of a visitor on a public link, as typed."""

    company: str = ""
    name: str = ""
    email: str = ""


def signup_problems(given: Visitor, *, trapped: bool) -> Problems:
    """Problems by field; `{}` if a link can be created."""
    found: dict[str, Message] = {}
    if is_blank(given.company):
        found["company"] = _("Enter the name of your company.")
    if is_blank(given.name):
        found["name"] = _("Enter your name.")
    try:
        email_address.read(given.email)
    except TypedWrong as problem:
        found["email"] = problem.message
    if trapped:
        found["company"] = _(
            "A field that people don’t see was filled in, perhaps by your browser. Please send it again."
        )
    return found


def claimed_external_id(given: str) -> str | None:
    """The CRM id in the address; an invalid one is ignored, because the visitor cannot correct it."""
    try:
        kept = identifier(given)
    except TextWrong:
        return None
    return kept if len(kept) <= 200 and not looks_like_password(kept) else None
