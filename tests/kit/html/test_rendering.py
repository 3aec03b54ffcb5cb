"""What every page has in common: dates, names in sentences, headers, and templates that refuse to guess."""

from datetime import date, datetime, timedelta, timezone

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from app.kit import clock
from app.kit.html import static_dir
from app.kit.html.render import environment, static_address
from app.kit.web import headers

SUMMER = datetime(2026, 3, 3, 16, 32, tzinfo=timezone(timedelta(hours=2)))


def test_dates_are_absolute_with_their_zone() -> None:
    assert clock.long_date(SUMMER) == "3 March 2026"
    assert clock.long_date(date(2026, 12, 31)) == "31 December 2026"
    assert clock.long_date(datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "31 December 2025"


def test_a_template_without_a_name_it_needs_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment("en").get_template("kit/html:refusal.html").render(detail="x")


@pytest.mark.parametrize("name", ["kit/html:nothing.html", "nothing", "", "kit/html:"])
def test_a_template_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(TemplateNotFound):
        environment("en").get_template(name)


def test_the_policy_allows_nothing_foreign_but_where_a_form_may_lead() -> None:
    plain = headers.of_page()["Content-Security-Policy"]
    assert "unsafe" not in plain
    assert "http" not in plain
    assert (
        "form-action 'self' https://tiktok.example;"
        in (headers.of_page(form_to=["https://tiktok.example"])["Content-Security-Policy"])
    )
    assert "Strict-Transport-Security" in headers.of_page(secure=True)
    assert "Strict-Transport-Security" not in headers.of_page()


def test_a_static_file_has_another_address_when_it_changes() -> None:
    address = static_address("css/tokens.css")
    assert address.startswith("/static/css/tokens.css?v=")
    assert address != static_address("css/client.css").replace("client", "tokens")


def test_no_page_is_heavier_than_a_phone_likes() -> None:
    """Everything the heaviest page loads, uncompressed, before its own HTML."""
    loaded = [
        path for kind in ("css/*.css", "js/*.js", "vendor/*.css", "vendor/*.js") for path in static_dir.glob(kind)
    ]
    assert sum(path.stat().st_size for path in loaded if path.name not in OF_DESK) < 135_000


#: Of the dashboard, and of the preview of a client's page there: no client loads them.
OF_DESK = ("desk.css", "passkey.js", "preview.css")
PAGES = [
    page
    for room in ("kit", "client_portal", "dashboard")
    for page in (static_dir.parents[2] / room).rglob("templates/**/*.html")
]


def test_templates_hold_no_inline_style_or_script() -> None:
    assert PAGES
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "style=" not in text, page
        assert "<style" not in text, page
        assert " onclick" not in text, page
        assert "<script>" not in text, page
        assert "|safe" not in text.replace(" ", ""), page


def test_pages_load_nothing_from_elsewhere() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert '<link rel="stylesheet" href="http' not in text, page
    for sheet in static_dir.glob("css/*.css"):
        assert "url(" not in sheet.read_text(encoding="utf-8"), sheet
