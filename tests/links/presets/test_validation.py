"""Presets that cannot be asked for: one sentence for each thing that is wrong, naming what there is."""

from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from app.links.presets import builtin, validation
from app.links.presets.preset import Preset, PresetAccessRequest, Question
from app.platforms.tiktok.kinds import KINDS

PLATFORMS: Any = MappingProxyType({"tiktok": SimpleNamespace(name="TikTok", kinds=KINDS, connects=True)})
ACCOUNT = PresetAccessRequest("tiktok", "ad_account", "OPERATOR", "To run ads.")
PIXEL = PresetAccessRequest("tiktok", "pixel", "LINK", "To count.", needs_events=True)
QUESTION = Question("website", "address", "Which website?")
GOOD = Preset("mine", 1, "Mine", "A sentence.", (ACCOUNT, PIXEL), (QUESTION,))


def test_what_is_fine_has_no_problems() -> None:
    assert validation.problems(GOOD, PLATFORMS) == {}


@pytest.mark.parametrize("preset", builtin.versions().values(), ids=lambda preset: preset.slug)
def test_keyturns_own_can_be_asked_for(preset: Preset) -> None:
    assert validation.problems(preset, PLATFORMS) == {}
    assert not [access_request for access_request in preset.access_requests if access_request.role == "ADMIN"]


def test_keyturns_own_are_five() -> None:
    assert set(builtin.newest()) == {
        "run-campaigns",
        "audit-only",
        "tracking-fix",
        "spark-programme",
        "prospect",
    }
    assert builtin.newest()["prospect"].screens == ()
    assert [access_request.needs_events for access_request in builtin.newest()["tracking-fix"].access_requests] == [
        False,
        True,
    ]
    assert builtin.versions()["run-campaigns", 1].questions == ()


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"slug": "Not A Slug"}, "slug", "lower-case"),
        ({"access_requests": ()}, "access_requests", "at least one"),
        ({"access_requests": (ACCOUNT,) * 21}, "access_requests", "these are 21"),
        (
            {"access_requests": (replace(ACCOUNT, platform="myspace"),)},
            "access_requests.0.platform",
            "there is `tiktok`",
        ),
        ({"access_requests": (replace(ACCOUNT, kind="billing"),)}, "access_requests.0.kind", "`ad_account`, `pixel`"),
        (
            {"access_requests": (replace(ACCOUNT, role="OWNER"),)},
            "access_requests.0.role",
            "`ANALYST`, `OPERATOR`, `ADMIN`",
        ),
        ({"access_requests": (PIXEL,)}, "access_requests.0.kind", "request `ad_account` as well"),
        ({"access_requests": (replace(ACCOUNT, needs_events=True),)}, "access_requests.0.needs_events", "Only a pixel"),
        (
            {"access_requests": (ACCOUNT, replace(ACCOUNT, role="ANALYST"))},
            "access_requests.1.role",
            "chooses ad accounts once, for one role, and OPERATOR is requested already",
        ),
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
    assert validation.problems(replace(GOOD, access_requests=(replace(ACCOUNT, role="ADMIN"),)), PLATFORMS) == {}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.key)
def test_each_kind_has_the_article_of_its_name(kind: Any) -> None:
    said = validation.of_access_request(replace(ACCOUNT, kind=kind.key, role="KING"), PLATFORMS, beside=())["role"]
    assert said.startswith("An " if kind.one[0] in "aeio" else "A "), said
