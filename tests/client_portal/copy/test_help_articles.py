"""Help articles fit what stands in the way: whose an ad account is decides who can share it."""

import pytest

from app.access.readiness.checks import IN_THE_WAY
from app.kit.i18n.locales import english
from app.platforms.tiktok import steps


@pytest.mark.parametrize("code", sorted(IN_THE_WAY))
def test_an_account_that_cannot_be_shared_yet_has_its_help(code: str) -> None:
    assert steps.help_by_code()[code]


def test_a_persons_account_and_one_of_another_business_center_have_different_help() -> None:
    person, center = (
        steps.help_by_code()["asset_owned_by_person"],
        steps.help_by_code()["asset_owned_elsewhere"],
    )
    assert not set(person) & set(center)
    assert all("my own account" in english(each.question) for each in person)
    assert all("Another Business Center" in english(each.question) for each in center)


def test_every_article_is_about_a_topic_or_a_code_and_says_something() -> None:
    found = {each for topic in steps.help_topics() for each in topic.articles}
    found |= {each for articles in steps.help_by_code().values() for each in articles}
    assert len(found) == len(steps.help_file().articles)
    for each in found:
        assert each.points or each.steps, english(each.question)
        assert each.search
