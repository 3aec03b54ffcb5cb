"""Presets as files: what is written is read back, whatever the words are."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.links.presets import builtin, preset, validation
from app.links.presets.preset import Preset, PresetAccessRequest, Question
from app.platforms.tiktok.kinds import KINDS

WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@pytest.mark.parametrize("own", builtin.newest().values(), ids=lambda each: each.slug)
def test_keyturns_own_are_read_back(own: Preset) -> None:
    said = preset.parse_toml(preset.to_toml(own).encode())
    assert preset.read_preset(said.pop("slug"), 1, said, built_in=True) == own


@given(WORDS, WORDS, some.lists(WORDS.filter(bool), max_size=3))
def test_any_words_are_read_back(name: str, reason: str, choices: list[str]) -> None:
    question = Question("one", "choice", name, choices=tuple(choices))
    made = Preset(
        "mine", 1, name, reason, (PresetAccessRequest("tiktok", "ad_account", "ANALYST", reason or "x"),), (question,)
    )
    said = preset.parse_toml(preset.to_toml(made).encode())
    assert preset.read_preset(said.pop("slug"), 1, said) == made


def test_what_is_no_file_says_where() -> None:
    with pytest.raises(preset.BrokenToml, match="not valid TOML: Invalid value"):
        preset.parse_toml(b'name = "x"\nasks = [')


TOML = 'slug = "mine"\nname = "Café"\nsentence = "x"\nasks = []\n'


def test_a_byte_order_mark_is_left_out() -> None:
    assert preset.parse_toml(b"\xef\xbb\xbf" + TOML.encode())["name"] == "Café"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(preset.BrokenToml) as told:
        preset.parse_toml(TOML.encode(encoding))
    assert "Save it as UTF-8" in str(told.value.hint)


@pytest.mark.parametrize("quotes", ["“”", "„“", "‘’", "«»", "″″"])
def test_curly_quotes_are_named_with_their_line(quotes: str) -> None:
    with pytest.raises(preset.BrokenToml) as told:
        preset.parse_toml(f'slug = "mine"\nname = {quotes[0]}Mine{quotes[1]}\n'.encode())
    assert told.value.hint == f'Line 2 has a curly quote {quotes[0]}: write straight quotes " instead.'


def test_places_are_counted_as_people_count() -> None:
    said = {
        "access_requests.0.role": "a",
        "questions.9.choices.0": "b",
        "access_requests": "c",
        "name": "d",
        "access_requests.1": "e",
    }
    assert list(preset.readable_places(said)) == [
        "access request 1, role", "question 10, choices 1", "access_requests", "name", "access request 2",
    ]  # fmt: skip


def test_everything_wrong_with_a_file_is_told_at_once() -> None:
    given = {
        "slug": "Mine!",
        "access_requests": [{"kind": "ad_account", "role": "Boss"}, {"kind": 3}, {"platform": "x"}],
    }
    tiktok: Any = SimpleNamespace(name="TikTok", kinds=KINDS, connects=True)
    found = validation.problems_of_file(given, {"tiktok": tiktok})
    assert {"slug", "access_requests.0.role", "access_requests.1.kind", "access_requests.2.platform"} <= set(found)
