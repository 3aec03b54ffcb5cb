"""Brand colours stay readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tenants.agencies import branding

colours = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@given(colours)
def test_white_text_on_any_brand_colour_can_be_read(colour: str) -> None:
    assert branding.contrast(_parts(branding.readable(colour)), (255, 255, 255)) >= 4.5


def test_a_dark_enough_colour_is_left_as_it_is() -> None:
    assert branding.readable("#7a2e8e") == "#7a2e8e"


def test_contrast_of_black_and_white_is_21() -> None:
    assert branding.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "url(x)", "#123456;"])
def test_what_is_no_colour_is_not_taken(text: str) -> None:
    assert not branding.is_colour(text)
