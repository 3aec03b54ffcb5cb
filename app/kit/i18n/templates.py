"""Jinja environments of one locale each: messages are rendered where a template shows them."""

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.kit.i18n import message
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, Text, Value

#: Width of plain-text e-mails.
WIDTH = 76


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
        moment=locale.moment,
        listed=lambda values, style="standard": locale.listed([locale.text(each) for each in values], style),
        named=lambda sentence, names=None: locale.html(_filled(sentence, names or {}), strong=True),
        strong=lambda value: Markup("<strong>{}</strong>").format(locale.html(value)),
        wrapped=lambda sentence: _wrapped(locale.text(sentence)),
    )
    return made


def _filled(sentence: Text, names: Mapping[str, Value]) -> Message:
    return (sentence if isinstance(sentence, Message) else Message(sentence)).fill(**names)


def link(address: str) -> dict[str, Value]:
    """Values of the placeholders `{link}` and `{end}` around the words of a sentence that lead to an address."""
    return {
        "link": Markup('<a href="{}" rel="noopener noreferrer" target="_blank">').format(address),
        "end": Markup("</a>"),
    }


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
