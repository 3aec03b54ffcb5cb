"""Content files: texts that belong to a subject and have a date, in a TOML file for each language. Pure.

`folder/en/name.toml` is complete. The file of another language has the same tables in the same order, and may leave out
what is the same in every language, such as keys and addresses. A text that a language lacks is shown in English.
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetPydanticSchema
from pydantic_core import core_schema

from app.kit.i18n.locales import SOURCE
from app.kit.i18n.message import ContentDate, Message, content, placeholders

#: Length of one text.
LONGEST = 300


class InvalidContent(ValueError):
    """A content file that is invalid, and the reason."""


class ByLanguage(dict[str, str]):
    """One text of a file by language."""


class ContentShape(BaseModel):
    """Base of a table in a content file: no coercion, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def read(folder: Path, name: str) -> dict[str, Any]:
    """The files of one name in all languages, merged: each text is a `ByLanguage`. Raises InvalidContent."""
    files = {path.parent.name.replace("_", "-"): _parsed(path) for path in sorted(folder.glob(f"*/{name}.toml"))}
    if SOURCE not in files:
        raise InvalidContent(f"{name}.toml: there is no English one")
    english = files.pop(SOURCE)
    merged: dict[str, Any] = _merged(english, files, name)
    return merged


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise InvalidContent(f"{path.parent.name}/{path.name}: {problem}") from problem


def _merged(english: Any, others: Mapping[str, Any], place: str) -> Any:
    if isinstance(english, dict):
        for language, other in others.items():
            if not isinstance(other, dict) or other.keys() - english.keys():
                raise InvalidContent(f"{place}: {language} has other keys than English")
        return {
            key: _merged(value, {tag: other[key] for tag, other in others.items() if key in other}, f"{place}.{key}")
            for key, value in english.items()
        }
    if isinstance(english, list):
        for language, other in others.items():
            if not isinstance(other, list) or len(other) != len(english):
                raise InvalidContent(f"{place}: {language} has not as many as English")
        return [
            _merged(value, {tag: other[at] for tag, other in others.items()}, f"{place}.{at}")
            for at, value in enumerate(english)
        ]
    if isinstance(english, str):
        for language, other in others.items():
            if not isinstance(other, str):
                raise InvalidContent(f"{place}: {language} has no text there")
        return ByLanguage({SOURCE: english, **others})
    if any(other != english for other in others.values()):
        raise InvalidContent(f"{place} must be the same in every language")
    return english


def _message(given: Any) -> Message:
    if not isinstance(given, ByLanguage):
        raise ValueError("must be a text")
    for language, text in given.items():
        if not 0 < len(text.strip()) <= LONGEST:
            raise ValueError(f"{language}: a text has 1 to {LONGEST} characters")
        if placeholders(text) != placeholders(given[SOURCE]):
            raise ValueError(f"{language}: other placeholders than English")
    return content(dict(given))


def _same(given: Any) -> Any:
    if not isinstance(given, ByLanguage):
        return given
    if len(set(given.values())) > 1:
        raise ValueError("must be the same in every language")
    return given[SOURCE]


def _date(given: Any) -> ContentDate:
    if not isinstance(given, ByLanguage):
        raise ValueError("must be a day in quotes")
    return ContentDate(tuple((language, date.fromisoformat(text)) for language, text in given.items()))


def _read_by(reader: Callable[[Any], Any]) -> GetPydanticSchema:
    """A field that a function reads; the class of its value is not looked into."""
    return GetPydanticSchema(lambda _class, _handler: core_schema.no_info_plain_validator_function(reader))


#: A text for people; a value that is the same in every language; and the day on which a file was last checked.
Words = Annotated[Message, _read_by(_message)]
Same = BeforeValidator(_same)
Dated = Annotated[ContentDate, _read_by(_date)]
