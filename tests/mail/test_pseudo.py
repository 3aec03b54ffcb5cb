"""Every e-mail in every language and in the pseudo-locale: nothing in it is outside of the message catalogue."""

import re
from collections.abc import Iterator, Mapping

import pytest

from app.kit.i18n import locales, pseudo
from app.mail import service as mails
from app.mail.service import Shown
from bench.literals import texts
from docs import mail_examples
from docs.mail_examples import LETTERHEAD, VALUES
from tests.mail.marks import shown_in
from tests.pseudo import unmarked

#: A placeholder that was not filled in, or a value that is missing.
_MISSING = re.compile(r"\{\w+\}|\bNone\b|\bUndefined\b")


def _given(context: Mapping[str, Shown]) -> Iterator[str]:
    yield from (LETTERHEAD.agency, LETTERHEAD.contact.email, str(LETTERHEAD.contact.name))
    for value in context.values():
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, str))


@pytest.mark.parametrize("kind", VALUES)
def test_no_line_subject_or_title_is_outside_of_the_catalogue(kind: str) -> None:
    for context in mail_examples.every(kind):
        written = mails.render(kind, LETTERHEAD, pseudo.TAG, context)
        assert unmarked(shown_in(written), _given(context)) == [], context
        assert f'lang="{pseudo.TAG}"' in written.html


@pytest.mark.parametrize("language", locales.offered())
@pytest.mark.parametrize("kind", VALUES)
def test_every_e_mail_is_whole_in_every_language(kind: str, language: str) -> None:
    for _what, context in mail_examples.variants(kind):
        written = mails.render(kind, LETTERHEAD, language, context)
        assert [text for text in shown_in(written) if _MISSING.search(text)] == []
        assert written.subject


@pytest.mark.parametrize("kind", VALUES)
def test_an_e_mail_begins_with_a_sentence_for_the_list_of_a_mail_program(kind: str) -> None:
    for context in mail_examples.every(kind):
        html = mails.render(kind, LETTERHEAD, "en", context).html
        preheader = re.search(r'<div class="preheader"[^>]*>([^<]*)</div>', html)
        assert preheader
        assert preheader[1].strip()


def test_no_e_mail_is_left_out() -> None:
    assert set(VALUES) == {each.name for each in mail_examples.TEMPLATES.iterdir() if each.is_dir()}


def test_a_text_outside_is_seen_wherever_it_stands() -> None:
    html = (
        "<title>Hi</title><style>p { color: red }</style>"
        '<img alt="Logo" src="x"><p>⟦Ĥéļļö <b>Ana</b>, ⟦ţĥéŕé⟧·⟧ Ana <i>12 left</i></p>'
    )
    assert unmarked(texts(html), ["Ana"]) == ["Hi", "Logo", "12 left"]
