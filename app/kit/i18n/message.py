"""Messages: whole sentences with named placeholders, which a locale translates and fills in. Pure.

`_`, `_n` and `_p` mark a text for the catalogue. The English text is the id of the message: English has no catalogue.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from string import Formatter
from typing import Any, Union

#: What a placeholder may stand for: a name, a number, a day or a time, another message, or several of them as a list.
Value = Union[str, int, float, date, "ContentDate", "Message", tuple["Value", ...]]
#: A message, or a text that is nobody's to translate, such as a name.
Text = Union[str, "Message"]


#: Problems of a form, by field.
Problems = Mapping[str, "Message"]


@dataclass(frozen=True)
class ContentDate:
    """Day of a content file, by language; one is English."""

    by_language: tuple[tuple[str, date], ...]

    def of(self, language: str) -> date:
        """The day of a language's own file, else of the English one, whose texts are shown then."""
        days = dict(self.by_language)
        return days.get(language, days["en"])


@dataclass(frozen=True, slots=True)
class Message:
    """A message with the values of its placeholders. It is not text: only a locale makes it that.

    `plural` is its form for any `count` but one; `context` distinguishes messages with the same English text. `texts`:
    by language, of a content file, whose texts are in no catalogue.
    """

    msgid: str
    values: tuple[tuple[str, Value], ...] = ()
    plural: str | None = None
    count: int | None = None
    context: str | None = None
    texts: Mapping[str, str] | None = field(default=None, compare=False)

    @property
    def is_sequence(self) -> bool:
        """True for sentences one after the other, see `sentences`."""
        return self.msgid == _SEQUENCE.msgid and self.context == _SEQUENCE.context

    def __str__(self) -> str:
        raise TypeError(f"“{self.msgid}” is a message: a locale makes text of it")

    def fill(self, **values: Value) -> "Message":
        """The message with more values, its own and those of messages inside it; it keeps those that it has."""
        own = {name: value.fill(**values) if isinstance(value, Message) else value for name, value in self.values}
        more = {name: value for name, value in values.items() if name in placeholders(self.msgid)}
        return replace(self, values=tuple((more | own).items()))

    def to_json(self) -> dict[str, Any]:
        """The message as it is stored beside its rendered text."""
        stored: dict[str, Any] = {"id": self.msgid}
        if self.context:
            stored["context"] = self.context
        if self.plural is not None:
            stored |= {"plural": self.plural, "count": self.count}
        if self.values:
            stored["values"] = {name: _json(value) for name, value in self.values}
        return stored


def _(msgid: str, /, **values: Value) -> Message:
    """A message of the catalogue."""
    return Message(msgid, tuple(values.items()))


def _n(one: str, many: str, count: int, /, **values: Value) -> Message:
    """A message whose form depends on a number, which is its placeholder `{count}`."""
    return Message(one, (("count", count), *values.items()), plural=many, count=count)


def _p(context: str, msgid: str, /, **values: Value) -> Message:
    """A message whose English text means several things; `context` says which."""
    return Message(msgid, tuple(values.items()), context=context)


def sentences(*parts: Message) -> Message:
    """Whole sentences one after the other, as one message."""
    first, *others = parts
    for other in others:
        first = replace(_SEQUENCE, values=(("first", first), ("second", other)))
    return first


_SEQUENCE = _p("two sentences, one after the other", "{first} {second}")


def content(texts: Mapping[str, str]) -> Message:
    """A text of a content file by language; it has an English one."""
    return Message(texts["en"], texts=texts)


@cache
def placeholders(text: str) -> frozenset[str]:
    """The names in braces of a message or its translation."""
    return frozenset(_names(text))


def _names(text: str) -> Iterator[str]:
    for _text, name, _spec, _conversion in Formatter().parse(text):
        if name is not None:
            yield name


def _json(value: Value) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    if isinstance(value, ContentDate):
        return _json(value.of("en"))
    return value.isoformat() if isinstance(value, date) else value
