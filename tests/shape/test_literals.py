"""No text for clients or members stands outside the message catalogue; `bench/literals.py` says what is read."""

import ast

import pytest

from bench import literals
from tests.shape.source import ROOT


def test_every_text_for_clients_and_members_is_in_the_catalogue() -> None:
    """Make a message of it: CONTRIBUTING.md, "A message"."""
    assert list(map(str, literals.outside_catalogue(ROOT))) == []


def test_no_exception_is_left_over() -> None:
    assert literals.unused_exceptions(ROOT) == set(), "there is no such literal any more: take it out of `APART`"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Since then</p>", ["Since then"]),
        ("<p>{{ _('Since then') }} {{ name }}, by</p>", [", by"]),
        ('<button title="Close">×</button>', ["Close"]),
        ('<a href="/x" class="no text">{{ 12 }}</a><style>p { color: red }</style>', []),
        ("{% if new %}<p>New</p>{% else %}<p>Kept</p>{% endif %}", ["New", "Kept"]),
        ("{% macro x(y) %}<b>{{ y }}</b>{% endmacro %}{{ x('Not a message') }}", ["Not a message"]),
        ("{{ _('{a} of {b}', a='as one', b=2) }} {{ _n('{count} day', '{count} days', 2) }}", ["as one"]),
        ("{{ _p('verb', 'Share it') }}{{ 'quiet' if x == 'ad_account' }}", []),
        ("Keyturn", []),
    ],
)
def test_in_a_template(source: str, texts: list[str]) -> None:
    assert list(literals.in_template(source, ".html")) == texts


def test_in_an_email() -> None:
    source = "{% if name %}Hello {{ name }},{% endif %}\n\n{{ _('Open the link') }}: {{ address }}\nBest wishes\n"
    assert list(literals.in_template(source, ".txt")) == ["Hello  ,", "Best wishes"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('LABEL = "Your turn"', [("LABEL", "Your turn")]),
        ('def said():\n    """What is said."""\n    return "Done."', [("said", "Done.")]),
        (
            'class Line:\n    def why(self) -> str:\n        return f"{self.name} and {self.other}"',
            [("Line.why", " and ")],
        ),
        ('label = _("{name} and more", name=f"by {name}")', []),
        ('LABELS = {"to_do": _("Your turn"), "kind": "ad_account"}', []),
        ('class Gone(AppError):\n    detail = "It is gone."\n    code = "gone"', []),
        ('raise Gone(hint="Ask for it again.")', []),
        ('answer(" and ".join(names), "Share it")', [("", " and "), ("", "Share it")]),
    ],
)
def test_in_a_module(source: str, found: list[tuple[str, str]]) -> None:
    assert list(literals.in_module(ast.parse(source))) == found


def test_in_a_script() -> None:
    source = """
    // "A remark"
    if (event.key === "Enter") button.textContent = "Copied";
    page.querySelector("input[name=x]").title = `Too large: ${size}`;
    """
    assert list(literals.in_script(source)) == ["Copied", "Too large: ${size}"]
