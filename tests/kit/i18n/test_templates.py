"""Messages in templates: rendered in the language of the environment, escaped where the template is HTML."""

import pytest
from jinja2 import DictLoader

from app.kit.i18n import locales, pseudo, templates

TEMPLATES = {
    "page.html": '{% from "macros.html" import field %}'
    '<p>{{ _("See {name}", name=name | strong) }}</p>{{ field(_("Name")) }}',
    "macros.html": '{% macro field(label) %}<label title="{{ label }}">{{ label }}</label>{% endmacro %}',
    "plain.txt": '{{ _("See {name} here", name=name) }}',
    "glue.html": '{{ "Name: " ~ _("Name") }}',
    "named.html": '{{ _("From {a} to {b}", a="<", b="B") | named }}',
    "list.html": "{{ names | listed }}; {{ names | listed('unit-short') }}",
}


def rendered(template: str, tag: str = "en", **context: object) -> str:
    made = templates.environment(
        DictLoader(TEMPLATES), locales.find(tag), autoescape=lambda name: str(name).endswith(".html")
    )
    return made.get_template(template).render(context)


def test_messages_are_rendered_in_pages_and_in_their_macros() -> None:
    assert rendered("page.html", name="<A>") == (
        '<p>See <strong>&lt;A&gt;</strong></p><label title="Name">Name</label>'
    )
    assert rendered("page.html", pseudo.TAG, name="A") == (
        '<p>⟦Šéé <strong>A</strong>····⟧</p><label title="⟦Ñåɱé··⟧">⟦Ñåɱé··⟧</label>'
    )


def test_plain_text_is_not_escaped() -> None:
    assert rendered("plain.txt", name="<A>") == "See <A> here"


def test_gluing_a_message_to_text_is_an_error() -> None:
    with pytest.raises(TypeError, match="a locale makes text of it"):
        rendered("glue.html")


def test_values_can_be_shown_in_bold() -> None:
    assert rendered("named.html") == "From <strong>&lt;</strong> to <strong>B</strong>"


def test_lists_are_made_by_the_language() -> None:
    assert rendered("list.html", names=["A", "B", "C"]) == "A, B and C; A, B, C"
