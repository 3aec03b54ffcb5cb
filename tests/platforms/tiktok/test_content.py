"""Kinds, roles and guided steps: complete, ranked, and filled in without a gap."""

import pytest
from pydantic import ValidationError

from app.kit.i18n.content import ByLanguage
from app.kit.i18n.locales import english
from app.kit.i18n.message import placeholders
from app.platforms.drawings import DrawnTable
from app.platforms.port import GuidedStep
from app.platforms.tiktok.kinds import AD_ACCOUNT, CATALOG, KINDS, PIXEL, ROLES
from app.platforms.tiktok.steps import share

PLACES = {"agency", "role", "asset", "through", "first"}


def test_every_role_of_every_kind_has_words() -> None:
    assert {kind: set(words) for kind, words in ROLES.items()} == {key: set(kind.roles) for key, kind in KINDS.items()}
    for words in (each for kind in ROLES.values() for each in kind.values()):
        assert words.label
        assert words.can
        cannot = {english(each) for each in words.cannot}
        assert cannot & {"See your password", "Sign in to your website or change its code"}


def test_roles_rank_from_the_smallest() -> None:
    assert [AD_ACCOUNT.rank(role) for role in ("ANALYST", "OPERATOR", "ADMIN")] == [1, 2, 3]
    assert [CATALOG.rank(role) for role in ("AD_PROMOTE", "ADMIN")] == [1, 2]
    assert PIXEL.rank("LINK") == 1
    assert [PIXEL.rank("ADMIN"), AD_ACCOUNT.rank(""), AD_ACCOUNT.rank(None)] == [0, 0, 0]


def test_what_can_be_shared_by_api_and_what_hangs_on_what() -> None:
    assert {key: kind.by_api for key, kind in KINDS.items()} == {
        "ad_account": True, "pixel": True, "catalog": False, "person": True,
    }  # fmt: skip
    assert {key: kind.through for key, kind in KINDS.items() if kind.through} == {"pixel": "ad_account"}


STEPS = [(kind, is_partner, step) for is_partner in (False, True) for kind in KINDS
         for step in share(is_partner=is_partner)[kind]]  # fmt: skip


@pytest.mark.parametrize(("kind", "is_partner", "step"), STEPS)
def test_guided_steps_say_where_and_hold_only_known_places(kind: str, is_partner: bool, step: GuidedStep) -> None:
    assert step.title
    assert step.where
    assert step.help_url.startswith("https://ads.tiktok.com/help/")
    assert step.help_search
    assert step.variants, (kind, is_partner)
    others = [text for pair in step.otherwise for text in pair]
    assert step.drawn
    texts = (step.title, *step.acts, step.where, *step.variants, *others, *step.drawn.labels, step.drawn.alt)
    places = PLACES | ({"link", "end"} if step.opens else set())
    assert {name for text in texts for name in placeholders(text.msgid)} <= places


@pytest.mark.parametrize(("kind", "is_partner", "step"), STEPS)
def test_the_drawing_of_a_step_has_a_number_for_each_act_and_says_them_all(
    kind: str, is_partner: bool, step: GuidedStep
) -> None:
    assert step.drawn
    said = step.drawn.alt.msgid
    marked = [number for number in range(1, 5) if f" {number}" in said]
    assert marked == list(range(1, len(step.acts) + 1)), (kind, is_partner, step.title)


def test_a_drawing_has_all_its_labels() -> None:
    with pytest.raises(ValidationError, match="no shape menu with 1 labels"):
        DrawnTable.model_validate({"shape": "menu", "labels": [ByLanguage(en="Users")], "alt": ByLanguage(en="A menu")})


def test_a_partner_is_added_by_its_number_and_roles_are_named_where_they_are_picked() -> None:
    for kind in ("ad_account", "pixel", "catalog"):
        assert any(step.copies == "agency_account_id" for step in share()[kind])
    for kind in ("ad_account", "catalog", "person"):
        assert any("{role}" in act.msgid for step in share()[kind] for act in step.acts)
    for kind in ("ad_account", "pixel", "catalog"):
        assert any(step.lists_assets for step in share()[kind])
