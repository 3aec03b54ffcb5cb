"""Parts of addresses that are made of names."""

import pytest

from app.links import url


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Zoë & Co.", "zoe-co"),
        ("小红书", "platform"),
        ("—", "platform"),
        ("x" * 50, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_name_becomes_a_part_of_an_address(name: str, made: str) -> None:
    assert url.slug(name, "platform") == made
