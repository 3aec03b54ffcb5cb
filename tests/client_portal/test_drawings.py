"""Drawn screens: every shape is an SVG with its labels, small, described, and without a colour of its own."""

import re

import pytest

from app.kit.html.render import environment
from app.kit.i18n.content import ByLanguage
from app.platforms.drawings import SHAPES, DrawnTable

LONG = "Deliver ads through the Business Account of your brand and others"


def _drawn(shape: str, label: str, marks: int = 3) -> str:
    labels = [ByLanguage(en=f"{label} {number}") for number in range(SHAPES[shape])]
    table = DrawnTable.model_validate({"shape": shape, "labels": labels, "alt": ByLanguage(en="In words & numbers")})
    source = '{% from "client_portal:parts/drawn.html" import drawing %}{{ drawing(drawn, marks) }}'
    return environment("en").from_string(source).render(drawn=table.drawn(), marks=marks)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_shows_its_labels_and_is_described(shape: str) -> None:
    svg = _drawn(shape, "Tab")
    assert set(re.findall(r">(Tab \d)<", svg)) == {f"Tab {number}" for number in range(SHAPES[shape])}
    assert 'role="img" aria-label="In words &amp; numbers"' in svg
    assert len(svg) < 5000, "a picture weighs little"
    assert not re.search(r"#[0-9a-f]{3}|style=|fill=|href=", svg), "its colours are those of the page"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_label_stays_in_its_place(shape: str) -> None:
    for label in (LONG, "\u6210\u5458\u7ba1\u7406" * 12):
        svg = _drawn(shape, label)
        assert svg.count("textLength=") >= SHAPES[shape]
        assert all(len(text) < 60 for text in re.findall(r">([^<>]+)</text>", svg))


def test_a_drawing_numbers_no_more_than_there_are_acts() -> None:
    numbered = [re.findall(r'class="pic-n"[^>]*>(\d)<', _drawn("form", "Tab", marks)) for marks in (1, 2, 3)]
    assert numbered == [["1"], ["1", "2"], ["1", "2", "3"]]
