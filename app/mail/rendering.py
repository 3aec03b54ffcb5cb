"""Rendering of e-mails from their three templates: subject, text and HTML."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from jinja2 import Environment, StrictUndefined

from app.kit.html import dates
from app.kit.html.templates import Rooms
from app.mail import addresses
from app.mail.rendered_email import EmailBranding, RenderedEmail

#: Template values: text (always one line), times, booleans, lists of text.
Shown = str | datetime | bool | None | tuple[str, ...]


def render(kind: str, letterhead: EmailBranding, language: str, context: Mapping[str, Shown]) -> RenderedEmail:
    """Render the e-mail of `templates/<kind>`. An undefined name in a template is an error."""
    shown = {
        "agency": letterhead.agency,
        "contact_name": letterhead.contact.name,
        "contact_email": letterhead.contact.email,
        "colour": letterhead.colour,
        "language": language,
        **context,
    }
    lines = {key: _in_one_line(value) for key, value in shown.items()}
    subject, text, html = (
        _environment().get_template(f"mail:{kind}/{part}").render(lines)
        for part in ("subject.txt", "text.txt", "html.html")
    )
    return RenderedEmail(letterhead.agency, letterhead.contact, addresses.one_line(subject), text.strip() + "\n", html)


def _in_one_line(value: Shown) -> Shown:
    if isinstance(value, str):
        return addresses.one_line(value)
    if isinstance(value, tuple):
        return tuple(addresses.one_line(each) for each in value)
    return value


def _escapes(template: str | None) -> bool:
    return not (template or "").endswith(".txt")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=Rooms(),
        autoescape=_escapes,  # noqa: S701 - only plain text is not escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=dates.day, moment=dates.moment)
    return made
