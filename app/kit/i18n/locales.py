"""Locales: the language of a text, with its catalogue and its forms of dates, numbers, lists and names. Pure."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import babel
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from markupsafe import Markup, escape

from app.kit.i18n import pseudo
from app.kit.i18n.message import ContentDate, Message, Value, _

FOLDER = Path(__file__).parents[2] / "locales"
#: The catalogues: what clients read, which is complete in each language that is offered, and what members alone read in
#: the dashboard, which a language may lack; the dashboard is not offered in it then.
CLIENT, DASHBOARD = "messages", "dashboard"
#: Language of the messages themselves, and of anybody whose own is not offered.
SOURCE = "en"
#: Forms of dates and numbers where they are not those of the language alone: English for readers of any country.
_FORMS = {SOURCE: "en-GB", pseudo.TAG: "en-GB"}


#: Codes that Babel names but that are not countries: unions, exceptional reservations, test codes.
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


#: Values that never stand out: they occur in every other sentence.
PLAIN = frozenset({"platform", "link", "end"})


class Locale:
    """One language. `tag` is its BCP 47 tag."""

    def __init__(self, tag: str, catalogue: NullTranslations) -> None:
        self.tag = tag
        self._catalogue = catalogue
        self._forms = babel.Locale.parse(_FORMS.get(tag, tag), sep="-")

    @cached_property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction of its writing."""
        return "rtl" if self._forms.character_order == "right-to-left" else "ltr"

    @cached_property
    def name(self) -> str:
        """Its name in the language itself."""
        named = babel.Locale.parse(self.tag, sep="-").get_display_name() or self.tag
        return named[:1].upper() + named[1:]

    def text(self, value: Value) -> str:
        """A message, or a value of one, as text."""
        if isinstance(value, Message):
            return self._translated(value).format(**{name: self.text(each) for name, each in value.values})
        if isinstance(value, tuple):
            return self.listed([self.text(each) for each in value])
        return self._formatted(value)

    def html(self, value: Value, *, strong: bool = False) -> Markup:
        """A message, or a value of one, as HTML; everything that is no markup is escaped.

        `strong`: values in bold, except numbers and those in `PLAIN`; those of several sentences in each of them.
        """
        if isinstance(value, Message):
            within = strong and value.is_sequence
            filled = {name: self.html(each, strong=within) for name, each in value.values}
            if strong and not within:
                filled |= {
                    name: _bold(filled[name])
                    for name, each in value.values
                    if name not in PLAIN and not isinstance(each, int | float)
                }
            return escape(self._translated(value)).format(**filled)
        if isinstance(value, tuple):
            return Markup(self.listed([str(self.html(each)) for each in value]))  # noqa: S704 - each part is escaped
        return escape(value if isinstance(value, str) else self._formatted(value))

    def day(self, when: date | ContentDate) -> str:
        """`3 March 2026`; for a time, the day in UTC."""
        if isinstance(when, ContentDate):
            when = when.of(self.tag)
        on = when.astimezone(UTC) if isinstance(when, datetime) else when
        return format_date(on, "long", locale=self._forms)

    def month(self, month: str) -> str:
        """`March 2026`, for `2026-03`."""
        return format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=self._forms)

    def moment(self, when: datetime) -> str:
        """`3 March 2026, 14:32 UTC`."""
        at = when.astimezone(UTC)
        clock = format_time(at, "short", locale=self._forms)
        return self.text(_("{day}, {time} UTC", day=self.day(at), time=clock))

    def number(self, value: float) -> str:
        """`12,000`."""
        return format_decimal(value, locale=self._forms)

    def listed(self, parts: Sequence[str], style: Literal["standard", "or", "unit-short"] = "standard") -> str:
        """`A, B and C`; with `or` as alternatives, with `unit-short` without a conjunction."""
        return format_list(parts, style=style, locale=self._forms)

    @cached_property
    def countries(self) -> Mapping[str, str]:
        """Country codes (ISO 3166 alpha-2) with their names, sorted by name."""
        names = babel.Locale.parse(self.tag, sep="-").territories
        known = {
            code: str(name)
            for code, name in names.items()
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
        }
        return dict(sorted(known.items(), key=lambda pair: pair[1]))

    def _translated(self, message: Message) -> str:
        if message.texts is not None:
            return message.texts.get(self.tag, message.msgid)
        found, one, many = self._catalogue, message.msgid, message.plural
        if many is not None and message.count is not None:
            if message.context:
                return str(found.unpgettext(message.context, one, many, message.count))
            return str(found.ungettext(one, many, message.count))
        return str(found.upgettext(message.context, one) if message.context else found.ugettext(one))

    def _formatted(self, value: str | float | date | ContentDate) -> str:
        match value:
            case str():
                return value
            case datetime():
                return self.moment(value)
            case date() | ContentDate():
                return self.day(value)
            case _:
                return self.number(value)


class PseudoLocale(Locale):
    """English in which everything that came from the catalogue, a content file or a format is marked."""

    name = "Pseudo"

    def day(self, when: date | ContentDate) -> str:
        """The day, marked."""
        return pseudo.disguised(super().day(when))

    def month(self, month: str) -> str:
        """The month, marked."""
        return pseudo.disguised(super().month(month))

    def listed(self, parts: Sequence[str], style: Literal["standard", "or", "unit-short"] = "standard") -> str:
        """The list, with what joins it marked."""
        if len(parts) < 2:
            return super().listed(parts, style)
        pattern = super().listed([f"{{{at}}}" for at in range(len(parts))], style)
        return pseudo.disguised(pattern).format(*parts)

    @cached_property
    def countries(self) -> Mapping[str, str]:
        """The names of countries, marked."""
        return {code: pseudo.disguised(name) for code, name in ENGLISH.countries.items()}

    def _translated(self, message: Message) -> str:
        return pseudo.disguised(super()._translated(message))


def _bold(value: Markup) -> Markup:
    return Markup("<strong>{}</strong>").format(value)


ENGLISH = Locale(SOURCE, NullTranslations())


def english(value: Value) -> str:
    """A message in English, for programs and for the agency's own tools."""
    return ENGLISH.text(value)


@cache
def find(tag: str) -> Locale:
    """The locale of a tag that is offered. Raises KeyError for another."""
    if tag == SOURCE:
        return ENGLISH
    if tag == pseudo.TAG:
        return PseudoLocale(tag, NullTranslations())
    if tag not in translated():
        raise KeyError(tag)
    made = read_catalogue(tag, path_of(tag))
    if tag in translated(DASHBOARD):
        made.add_fallback(read_catalogue(tag, path_of(tag, DASHBOARD)))
    return Locale(tag, made)


def path_of(tag: str, catalogue: str = CLIENT) -> Path:
    """The file of a language's catalogue."""
    return FOLDER / tag.replace("-", "_") / "LC_MESSAGES" / f"{catalogue}.po"


def read_catalogue(tag: str, path: Path) -> NullTranslations:
    """The translations of a `.po` file; texts that are marked as fuzzy stay English."""
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag.replace("-", "_")))
    compiled.seek(0)
    return Translations(compiled)


@cache
def translated(catalogue: str = CLIENT) -> tuple[str, ...]:
    """Tags of the languages that have a catalogue, sorted."""
    files = FOLDER.glob(f"*/LC_MESSAGES/{catalogue}.po")
    return tuple(sorted(path.parents[1].name.replace("_", "-") for path in files))


def of_dashboard(tags: Iterable[str]) -> tuple[str, ...]:
    """Those in which the dashboard can be shown."""
    return tuple(tag for tag in tags if tag in (SOURCE, pseudo.TAG, *translated(DASHBOARD)))


def offered(*, with_pseudo: bool = False) -> tuple[str, ...]:
    """Tags of all languages, the source first. `with_pseudo`: also the pseudo-locale, for tests."""
    return (SOURCE, *translated(), *((pseudo.TAG,) if with_pseudo else ()))


def best(wanted: Iterable[str | None], among: Sequence[str]) -> str:
    """The first wanted language that is offered, exactly or in another country's form; else the source."""
    return next((found for tag in wanted if tag and (found := _match(tag, among))), SOURCE)


def accepted(header: str) -> tuple[str, ...]:
    """The languages of an `Accept-Language` header, the most wanted first."""
    weighed: list[tuple[float, str]] = []
    for part in header[:1_000].split(","):
        tag, _semicolon, given = part.partition(";")
        name, _equals, value = given.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            weight = 0.0
        if tag.strip() and weight > 0:
            weighed.append((weight, tag.strip()))
    return tuple(tag for _weight, tag in sorted(weighed, key=lambda each: -each[0]))


def _match(tag: str, among: Sequence[str]) -> str | None:
    by_tag = {each.casefold(): each for each in among}
    parts = tag.replace("_", "-").casefold().split("-")
    for end in range(len(parts), 0, -1):
        if found := by_tag.get("-".join(parts[:end])):
            return found
    return next((each for key, each in by_tag.items() if key.split("-")[0] == parts[0] and each != pseudo.TAG), None)
