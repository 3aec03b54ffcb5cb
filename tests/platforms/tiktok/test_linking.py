"""Linking of a TikTok account: every place for every account, its steps, and handles as people paste them."""

import pytest

from app.kit.i18n.locales import english
from app.kit.i18n.message import placeholders
from app.platforms.port import GuidedStep
from app.platforms.tiktok import linking

GUIDE = linking.guide()
STEPS = list(dict.fromkeys(step for path in GUIDE.paths.values() for step in path))


def test_there_is_a_way_at_each_place_with_a_new_and_an_existing_account() -> None:
    assert set(GUIDE.paths) == {(place, account) for place in GUIDE.places for account in GUIDE.accounts}
    assert (len(GUIDE.places), len(GUIDE.accounts)) == (3, 2)
    assert set(GUIDE.after) == set(GUIDE.accounts)
    for path in GUIDE.paths.values():
        assert any("Authorize" in english(step.title) for step in path if step.title)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_its_drawing_with_a_number_for_each_act(step: GuidedStep) -> None:
    assert step.drawn
    assert step.title
    assert step.help_url
    assert step.help_search
    said = step.drawn.alt.msgid
    assert [number for number in range(1, 5) if f" {number}" in said] == list(range(1, len(step.acts) + 1))
    texts = (step.title, *step.acts, *step.drawn.labels, step.drawn.alt)
    assert {name for text in texts for name in placeholders(text.msgid)} <= {"link", "end"}
    assert bool(step.opens) == any("{link}" in act.msgid for act in step.acts)


def test_the_beta_is_said_by_market() -> None:
    assert GUIDE.beta(["FR", "VN"]) == GUIDE.beta_here
    assert GUIDE.beta(["FR"]) == GUIDE.beta(()) == GUIDE.beta_elsewhere


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@MaisonLune", "maisonlune"),
        ("maison.lune_1", "maison.lune_1"),
        ("  “@maisonlune” ", "maisonlune"),
        ("https://www.tiktok.com/@maisonlune?lang=fr", "maisonlune"),
        ("tiktok.com/@Maison.Lune/video/7123", "maison.lune"),
        ("＠ｍａｉｓｏｎ", "maison"),
        ("Maison Lune", None),
        ("https://vm.tiktok.com/abc", None),
        ("@", None),
        ("", None),
        ("ana@brand.example", None),
        ("<b>lune</b>", None),
    ],
)
def test_a_handle_has_one_spelling(text: str, handle: str | None) -> None:
    assert GUIDE.handle(text) == handle
