"""Catalogues, forms and the choice of a language."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.kit.i18n import locales, pseudo
from app.kit.i18n.locales import Locale, accepted, best, english, read_catalogue
from app.kit.i18n.message import Message, _, _n, _p, content, sentences

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Hello {name}"
msgstr "Cześć, {name}"

msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "{count} plik"
msgstr[1] "{count} pliki"
msgstr[2] "{count} plików"

msgctxt "door"
msgid "Open"
msgstr "Otwórz"

#, fuzzy
msgid "Not sure"
msgstr "Chyba"
"""


@pytest.fixture
def polish(tmp_path: Path) -> Locale:
    """A small catalogue of a language with three forms."""
    path = tmp_path / "messages.po"
    path.write_text(POLISH, encoding="utf-8")
    return Locale("pl", read_catalogue("pl", path))


@pytest.mark.parametrize(("count", "text"), [
    (0, "0 plików"), (1, "1 plik"), (2, "2 pliki"), (5, "5 plików"), (12, "12 plików"), (22, "22 pliki"),
])  # fmt: skip
def test_a_language_may_have_more_forms_than_english(polish: Locale, count: int, text: str) -> None:
    assert polish.text(_n("{count} file", "{count} files", count)) == text


def test_the_catalogue_translates_by_text_and_context(polish: Locale) -> None:
    assert polish.text(_("Hello {name}", name="Ana")) == "Cześć, Ana"
    assert polish.text(_p("door", "Open")) == "Otwórz"
    assert polish.text(_("Open")) == "Open", "not translated: English"
    assert polish.text(_("Not sure")) == "Not sure", "marked as fuzzy"
    assert polish.text(content({"en": "Open", "pl": "Drzwi"})) == "Drzwi"


def test_dates_numbers_lists_and_names_follow_the_language(polish: Locale) -> None:
    at = datetime(2026, 3, 3, 14, 32, tzinfo=UTC)
    assert (polish.day(at), polish.moment(at)) == ("3 marca 2026", "3 marca 2026, 14:32 UTC")
    assert polish.number(12000.5) == "12\xa0000,5"
    assert polish.listed(["A", "B", "C"]) == "A, B i C"
    assert (polish.countries["DE"], polish.name, polish.direction) == ("Niemcy", "Polski", "ltr")
    assert Locale("ar", polish._catalogue).direction == "rtl"


def test_english_has_its_own_forms() -> None:
    at = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert locales.ENGLISH.moment(at) == "31 December 2025, 23:30 UTC"
    assert english(("A", "B", "C")) == "A, B and C"
    assert locales.ENGLISH.countries["US"] == "United States"


def test_html_is_escaped_but_for_markup_given_on_purpose() -> None:
    message = _("<b>{name}</b> & {other}", name="<i>", other=_("{name}", name="&"))
    assert locales.ENGLISH.html(message) == "&lt;b&gt;&lt;i&gt;&lt;/b&gt; &amp; &amp;"
    assert locales.ENGLISH.html(message, strong=True) == (
        "&lt;b&gt;<strong>&lt;i&gt;</strong>&lt;/b&gt; &amp; <strong>&amp;</strong>"
    )
    row = sentences(_("{a} has {b}.", a="A", b=2), _("{c} has it.", c=("<", "D")))
    assert locales.ENGLISH.html(row, strong=True) == ("<strong>A</strong> has 2. <strong>&lt; and D</strong> has it.")


def test_names_are_no_format_strings() -> None:
    message = _("With {agency}.", agency="{bc}{0.__class__}")
    assert locales.ENGLISH.html(message, strong=True) == "With <strong>{bc}{0.__class__}</strong>."


def test_the_pseudo_locale_marks_and_lengthens_messages_and_nothing_else() -> None:
    shown = locales.find(pseudo.TAG)
    text = shown.text(_("Hello {name}, see {what}", name="Ana", what=_("this")))
    assert text == "⟦Ĥéļļö Ana, šéé ⟦ţĥîš··⟧··········⟧"
    assert len(shown.text(_("A sentence of a usual length."))) >= 1.4 * len("A sentence of a usual length.")
    assert shown.day(datetime(2026, 3, 3, tzinfo=UTC)).startswith(pseudo.START)
    assert shown.countries["DE"].startswith(pseudo.START)


def test_the_pseudo_locale_is_offered_only_where_it_is_switched_on() -> None:
    assert pseudo.TAG not in locales.offered()
    assert pseudo.TAG in locales.offered(with_pseudo=True)


@pytest.mark.parametrize(("header", "tags"), [
    ("", ()), ("de", ("de",)), ("de-AT,de;q=0.8,en;q=0.5", ("de-AT", "de", "en")), ("en;q=0.2, pl", ("pl", "en")),
    ("pl;q=0, en", ("en",)), ("pl;q=x", ()), ("*, pl;q=0.5", ("*", "pl")), (";q=1,,", ()),
])  # fmt: skip
def test_a_browser_says_which_languages_it_wants(header: str, tags: tuple[str, ...]) -> None:
    assert accepted(header) == tags


@pytest.mark.parametrize(("wanted", "found"), [
    (["pl"], "pl"), (["pl-PL"], "pl"), (["PL_pl"], "pl"), (["pt"], "pt-BR"), (["pt-PT"], "pt-BR"), ([None, "pl"], "pl"),
    (["fr", "pl"], "pl"), (["fr"], "en"), ([], "en"), (["*"], "en"), (["zh-Hant-TW"], "zh-Hant"), (["en-US"], "en"),
    (["en-XA"], "en-XA"),
])  # fmt: skip
def test_the_first_wanted_language_that_is_offered_is_chosen(wanted: list[str | None], found: str) -> None:
    assert best(wanted, ("en", "pl", "pt-BR", "zh-Hant", "en-XA")) == found


def test_a_language_that_is_not_offered_is_english() -> None:
    assert best(["en-XA", "pl"], ("en",)) == "en"


def test_what_is_no_message_is_no_text_of_the_catalogue(polish: Locale) -> None:
    assert polish.text("Hello {name}") == "Hello {name}"
    assert isinstance(_("Open"), Message)
