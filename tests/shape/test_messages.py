"""The message catalogues: fresh templates, and translations that are complete and keep their placeholders."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from app.kit.i18n import locales
from app.kit.i18n.message import placeholders
from docs import messages


@pytest.fixture(scope="module")
def extracted() -> dict[str, Catalog]:
    """Every message of the product, by catalogue."""
    return messages.extracted()


def test_the_templates_are_fresh(extracted: dict[str, Catalog]) -> None:
    for name, catalogue in extracted.items():
        assert messages.template(name).read_text("utf-8") == messages.text(catalogue), "make messages"


def test_what_clients_read_is_translated_with_its_placeholders(extracted: dict[str, Catalog]) -> None:
    for name, template in extracted.items():
        every = {(entry.id, entry.context) for entry in template}
        for tag in locales.translated(name):
            with locales.path_of(tag, name).open("rb") as file:
                translated = read_po(file, locale=tag.replace("-", "_"))
            assert _wrong(translated) == [], (name, tag)
            assert _untranslated(translated) == [], (name, tag)
            assert every - {(entry.id, entry.context) for entry in translated} == set(), "make messages"


def test_a_missing_form_and_a_fuzzy_translation_are_seen() -> None:
    made = Catalog(locale="pl")
    made.add("Hello", "Cześć")
    made.add("Bye", "")
    made.add("Fine", "Dobrze", flags=["fuzzy"])
    made.add(("file", "files"), ("plik", "pliki", ""))
    assert _untranslated(made) == ["Bye", "Fine", "file"]


def test_a_forgotten_or_invented_placeholder_is_seen(tmp_path: Path) -> None:
    made = Catalog(locale="pl")
    made.add("Hello {name}", "Cześć")
    made.add("Bye {name}", "Pa, {nazwa}")
    made.add(("{count} file", "{count} files"), ("plik", "{count} pliki", "{count} plików"))
    made.add("Fine {name}", "Dobrze, {name}")
    assert _wrong(made) == ["Hello {name}", "Bye {name}"]


def _wrong(translated: Catalog) -> list[str]:
    """Messages whose translation has other placeholders. A form for one thing may leave out the number."""
    return [entry.id if isinstance(entry.id, str) else entry.id[0] for entry in translated if not _is_kept(entry)]


def _untranslated(translated: Catalog) -> list[str]:
    """Messages without a translation, without one of its forms, or with one that nobody has confirmed."""
    return [
        entry.id if isinstance(entry.id, str) else entry.id[0]
        for entry in translated
        if entry.id and (entry.fuzzy or not all(_forms(entry)))
    ]


def _forms(entry: Entry) -> Sequence[str]:
    return [str(each) for each in entry.string] if isinstance(entry.string, list | tuple) else [str(entry.string or "")]


def _is_kept(entry: Entry) -> bool:
    if isinstance(entry.id, str):  # the header among them, which has neither
        return not entry.id or not entry.string or placeholders(entry.id) == placeholders(str(entry.string))
    allowed = placeholders(entry.id[1])
    return all(not form or placeholders(form) in (allowed, allowed - {"count"}) for form in entry.string or ())
