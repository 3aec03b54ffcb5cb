"""Presets as files: what is written is read back, whatever the words are."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.links.presets import builtin, files, preset
from app.links.presets.preset import Preset, PresetAsk, Question

WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@pytest.mark.parametrize("own", builtin.newest().values(), ids=lambda each: each.slug)
def test_keyturns_own_are_read_back(own: Preset) -> None:
    said = files.parsed(files.written(own).encode())
    assert preset.read(said.pop("slug"), 1, said, built_in=True) == own


@given(WORDS, WORDS, some.lists(WORDS.filter(bool), max_size=3))
def test_any_words_are_read_back(name: str, reason: str, choices: list[str]) -> None:
    question = Question("one", "choice", name, choices=tuple(choices))
    made = Preset("mine", 1, name, reason, (PresetAsk("tiktok", "ad_account", "ANALYST", reason or "x"),), (question,))
    said = files.parsed(files.written(made).encode())
    assert preset.read(said.pop("slug"), 1, said) == made


def test_what_is_no_file_says_where() -> None:
    with pytest.raises(files.NoPreset, match="not valid TOML: Invalid value"):
        files.parsed(b'name = "x"\nasks = [')
