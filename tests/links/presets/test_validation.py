"""Presets that cannot be asked for: one sentence for each thing that is wrong, naming what there is."""

from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from app.links.presets import builtin, validation
from app.links.presets.preset import Preset, PresetAsk, Question
from app.platforms.tiktok.content.kinds import KINDS

PLATFORMS: Any = MappingProxyType({"tiktok": SimpleNamespace(name="TikTok", kinds=KINDS)})
ACCOUNT = PresetAsk("tiktok", "ad_account", "OPERATOR", "To run ads.")
PIXEL = PresetAsk("tiktok", "pixel", "LINK", "To count.", needs_events=True)
QUESTION = Question("website", "address", "Which website?")
GOOD = Preset("mine", 1, "Mine", "A sentence.", (ACCOUNT, PIXEL), (QUESTION,))


def test_what_is_fine_has_no_problems() -> None:
    assert validation.problems(GOOD, PLATFORMS) == {}


@pytest.mark.parametrize("preset", builtin.every().values(), ids=lambda preset: preset.slug)
def test_keyturns_own_can_be_asked_for(preset: Preset) -> None:
    assert validation.problems(preset, PLATFORMS) == {}
    assert not [ask for ask in preset.asks if ask.role == "ADMIN"]


def test_keyturns_own_are_five() -> None:
    assert set(builtin.newest()) == {"run-campaigns", "audit-only", "tracking-fix", "spark-programme", "prospect"}
    assert builtin.newest()["prospect"].screens == ()
    assert [ask.needs_events for ask in builtin.newest()["tracking-fix"].asks] == [False, True]
    assert builtin.every()["run-campaigns", 1].questions == ()


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"slug": "Not A Slug"}, "slug", "lower-case"),
        ({"asks": ()}, "asks", "at least one"),
        ({"asks": (ACCOUNT,) * 21}, "asks", "these are 21"),
        ({"asks": (replace(ACCOUNT, platform="myspace"),)}, "asks.0.platform", "there is `tiktok`"),
        ({"asks": (replace(ACCOUNT, kind="billing"),)}, "asks.0.kind", "`ad_account`, `pixel`"),
        ({"asks": (replace(ACCOUNT, role="OWNER"),)}, "asks.0.role", "`ANALYST`, `OPERATOR`, `ADMIN`"),
        ({"asks": (PIXEL,)}, "asks.0.kind", "ask for `ad_account` as well"),
        ({"asks": (replace(ACCOUNT, needs_events=True),)}, "asks.0.needs_events", "Only a pixel"),
        ({"screens": ("markets",)}, "screens", "add the screen `pixels`"),
        ({"screens": ("pixels", "shoes")}, "screens", "no screen “shoes”"),
        ({"questions": (QUESTION, QUESTION)}, "questions.1.key", "own"),
        ({"questions": (replace(QUESTION, key="9"),)}, "questions.0.key", "letter first"),
        ({"questions": tuple(replace(QUESTION, key=f"q{each}") for each in range(21))}, "questions", "these are 21"),
        ({"questions": (replace(QUESTION, kind="choice"),)}, "questions.0.choices", "2 to 20"),
        ({"questions": (replace(QUESTION, kind="choice", choices=("a", "a")),)}, "questions.0.choices", "same"),
        ({"questions": (replace(QUESTION, choices=("a", "b")),)}, "questions.0.choices", "Only a question"),
    ],
)
def test_what_is_wrong_has_a_sentence(changed: dict[str, Any], field: str, said: str) -> None:
    problems = validation.problems(replace(GOOD, **changed), PLATFORMS)
    assert said in problems[field]


def test_full_control_is_allowed() -> None:
    assert validation.problems(replace(GOOD, asks=(replace(ACCOUNT, role="ADMIN"),)), PLATFORMS) == {}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.key)
def test_each_kind_has_the_article_of_its_name(kind: Any) -> None:
    said = validation.of_ask(replace(ACCOUNT, kind=kind.key, role="KING"), PLATFORMS, beside=())["role"]
    assert said.startswith("An " if kind.one[0] in "aeio" else "A "), said
