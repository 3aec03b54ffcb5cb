"""Words of pages and e-mails: no identifier of the code stands in a sentence."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "app"
PAGES = sorted(path for path in ROOT.rglob("*.html") if "templates" in path.parts)
_TEMPLATING = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
#: Text in quotes with a space in it is a sentence, or a part of one.
_QUOTED = re.compile(r'"[^"]*"')
_IDENTIFIER = re.compile(r"\b[a-z]+_[a-z_]+\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_identifier_stands_in_a_sentence(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    sentences = [_MARKUP.sub(" ", _TEMPLATING.sub(" ", text))]
    sentences += [each for inside in _EXPRESSION.findall(text) for each in _QUOTED.findall(inside) if " " in each]
    assert [found for each in sentences for found in _IDENTIFIER.findall(each)] == []
