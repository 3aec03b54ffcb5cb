"""Content files: texts by language, dated, with the same tables and placeholders in every language."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from babel.support import NullTranslations
from pydantic import ValidationError

from app.kit.i18n import locales
from app.kit.i18n.content import ContentShape, Dated, InvalidContent, Same, Words, read
from app.kit.i18n.locales import Locale, english
from app.kit.i18n.message import ContentDate, Message
from app.platforms.manual import library
from app.platforms.tiktok import linking, steps

ENGLISH = """
dated = "2026-11-30"
url = "https://example.com/help"

[[steps]]
text = "Enter {id} here"

[[steps]]
text = "Save"
"""
POLISH = """
dated = "2026-12-01"

[[steps]]
text = "Wpisz tutaj {id}"

[[steps]]
text = "Zapisz"
"""
#: Its catalogue is empty.
POLISH_LOCALE = Locale("pl", NullTranslations())


class StepOfTest(ContentShape):
    """A step."""

    text: Words


class StepsOfTest(ContentShape):
    """A file."""

    dated: Dated
    url: Annotated[str, Same]
    steps: list[StepOfTest]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file of both languages."""
    for language, text in {"en": ENGLISH, "pl": POLISH}.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "steps.toml").write_text(text, encoding="utf-8")
    return tmp_path


def loaded(folder: Path) -> StepsOfTest:
    """The file in both languages."""
    return StepsOfTest.model_validate(read(folder, "steps"))


def test_each_language_has_its_own_text_and_day(folder: Path) -> None:
    file = loaded(folder)
    (first, _second) = file.steps
    assert (english(first.text.fill(id="7")), POLISH_LOCALE.text(first.text.fill(id="7"))) == (
        "Enter 7 here",
        "Wpisz tutaj 7",
    )
    assert (file.dated.of("en"), file.dated.of("pl")) == (date(2026, 11, 30), date(2026, 12, 1))
    assert file.url == "https://example.com/help"


def test_a_language_without_a_file_reads_english(folder: Path) -> None:
    (folder / "pl" / "steps.toml").unlink()
    file = loaded(folder)
    assert POLISH_LOCALE.text(file.steps[1].text) == "Save"
    assert file.dated.of("pl") == date(2026, 11, 30), "of the text that is shown"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('[[steps]]\ntext = "Zapisz"\n', "", "steps: pl has not as many as English"),
        ("{id}", "{numer}", "pl: other placeholders than English"),
        ("{id}", "", "pl: other placeholders than English"),
        ('"Zapisz"', '" "', "pl: a text has 1 to 300 characters"),
        ("dated", 'url = "https://example.com/pl"\ndated', "must be the same in every language"),
        ("dated", 'address = "x"\ndated', "steps: pl has other keys than English"),
        ("2026-12-01", "soon", "Invalid isoformat string: 'soon'"),
        ('"2026-12-01"', "2026-12-01", "steps.dated: pl has no text there"),
        ("[[steps]]", "[steps", "pl/steps.toml"),
    ],
)
def test_a_mistake_in_a_language_is_named(folder: Path, old: str, new: str, said: str) -> None:
    path = folder / "pl" / "steps.toml"
    assert old in POLISH
    path.write_text(POLISH.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((InvalidContent, ValidationError), match=said.replace("{", r"\{")):
        loaded(folder)


def test_a_file_without_an_english_one_is_refused(folder: Path) -> None:
    (folder / "en" / "steps.toml").unlink()
    with pytest.raises(InvalidContent, match="there is no English one"):
        loaded(folder)


def parts(value: Any) -> Iterator[Message | ContentDate]:
    """Every text and day in a file."""
    if isinstance(value, Message | ContentDate):
        yield value
    elif isinstance(value, ContentShape):
        for name in type(value).model_fields:
            yield from parts(getattr(value, name))
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from parts(each)


def test_every_file_is_dated_and_complete_in_every_language() -> None:
    files: list[ContentShape] = [
        steps.steps_file(),
        steps.help_file(),
        linking.linking_file(),
        *(each.file for each in library.every().values()),
    ]
    paths = [path for folder in (steps.FOLDER, library.FOLDER) for path in (folder / "en").glob("*.toml")]
    assert len(files) == len(paths), "a file that is not read"
    for file in files:
        found = list(parts(file))
        assert any(isinstance(each, ContentDate) for each in found)
        for each in found:
            languages = {tag for tag, _ in each.by_language} if isinstance(each, ContentDate) else set(each.texts or ())
            assert languages == {"en", *locales.translated()}, each
