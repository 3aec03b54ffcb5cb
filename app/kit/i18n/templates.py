"""Jinja environments of one locale each: messages are rendered where a template shows them."""

from collections.abc import Callable
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.kit.i18n import message
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, Value, _

_MEGABYTE = 1_000_000


def environment(loader: BaseLoader, locale: Locale, *, autoescape: bool | Callable[[str | None], bool]) -> Environment:
    """An environment whose templates speak one language. An undefined name is an error."""

    @pass_eval_context
    def shown(evaluation: EvalContext, value: Any) -> Any:
        if not isinstance(value, Message):
            return value
        return locale.html(value) if evaluation.autoescape else locale.text(value)

    made = Environment(
        loader=loader,
        autoescape=autoescape,  # noqa: S701 - the callers say what is escaped
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_=message._, _n=message._n, _p=message._p, locale=locale)
    made.filters.update(
        day=locale.day,
        month=locale.month,
        moment=locale.moment,
        country=lambda code: locale.countries.get(code, code),
        size=lambda size: locale.text(_size(size)),
        listed=lambda values, style="standard": locale.listed([locale.text(each) for each in values], style),
        named=lambda sentence: locale.html(sentence, strong=True),
        strong=lambda value: Markup("<strong>{}</strong>").format(locale.html(value)),
        parts=lambda path: locale.text(path).split(" > "),
    )
    return made


def _size(size: int) -> Message:
    """`{number} MB`, or kilobytes for a small file."""
    if size < _MEGABYTE:
        return _("{number} kB", number=max(1, round(size / 1000)))
    return _("{number} MB", number=round(size / _MEGABYTE, 1))


def link(address: str) -> dict[str, Value]:
    """Values of the placeholders `{link}` and `{end}` around the words of a sentence that lead to an address."""
    return {
        "link": Markup('<a href="{}" rel="noopener noreferrer" target="_blank">').format(address),
        "end": Markup("</a>"),
    }
