"""Words of pages and e-mails: no identifier of the code stands in a sentence."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "app"
PAGES = sorted(path for kind in ("*.html", "*.txt") for path in ROOT.rglob(kind) if "templates" in path.parts)
_TEMPLATING = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL)
_EXPRESSION = re.compile(r"\{[{%](.*?)[}%]\}", re.DOTALL)
_ATTRIBUTE = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"]*)"')
#: Text in quotes with a space in it is a sentence, or a part of one.
_QUOTED = re.compile(r'"[^"]*"')
_IDENTIFIER = re.compile(r"\b[a-z]+_[a-z_]+\b")


def _identifiers(text: str) -> list[str]:
    plain = _TEMPLATING.sub(" ", text)
    sentences = [_MARKUP.sub(" ", plain), *_ATTRIBUTE.findall(plain)]
    sentences += [each for inside in _EXPRESSION.findall(text) for each in _QUOTED.findall(inside) if " " in each]
    return [found for each in sentences for found in _IDENTIFIER.findall(each)]


@pytest.mark.parametrize(
    "text",
    [
        "<p>Or access_request her.</p>",
        '{{ "Or access_request" if platform else "Ask" }}',
        '{% call row("Your access_request here") %}',
        '<button title="Ask access_request">x</button>',
    ],
)
def test_an_identifier_is_seen(text: str) -> None:
    assert _identifiers(text) == ["access_request"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_identifier_stands_in_a_sentence(page: Path) -> None:
    assert _identifiers(page.read_text(encoding="utf-8")) == []
