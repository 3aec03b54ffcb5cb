"""The message catalogue: its template is fresh, and translations keep the placeholders of their messages."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from app.kit.i18n import locales
from app.kit.i18n.message import placeholders
from docs import messages


def test_the_template_is_fresh() -> None:
    assert messages.TEMPLATE.read_text("utf-8") == messages.text(messages.extracted()), "make messages"


def test_translations_keep_placeholders_and_miss_no_message() -> None:
    every = {(entry.id, entry.context) for entry in messages.extracted()}
    for tag in locales.translated():
        with locales.path_of(tag).open("rb") as file:
            translated = read_po(file)
        assert _wrong(translated) == [], tag
        assert every - {(entry.id, entry.context) for entry in translated} == set(), "make messages"


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


def _is_kept(entry: Entry) -> bool:
    if isinstance(entry.id, str):  # the header among them, which has neither
        return not entry.id or not entry.string or placeholders(entry.id) == placeholders(str(entry.string))
    allowed = placeholders(entry.id[1])
    return all(not form or placeholders(form) in (allowed, allowed - {"count"}) for form in entry.string or ())
