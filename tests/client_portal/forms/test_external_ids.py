"""The client's own ids: each may be left out, a wrong one is refused, none stands for two things."""

from datetime import UTC, datetime

import pytest

from app.client_portal.copy.manual_platforms import ManualRequest
from app.client_portal.forms.assets import manual_id_field, read_manual_ids
from app.kit.i18n.locales import english
from app.kit.i18n.message import _
from app.platforms.manual import library

NOW = datetime(2026, 3, 3, tzinfo=UTC)
ADS = ManualRequest("access_1", library.find("meta"), "MANAGE_CAMPAIGNS", "", "waiting", NOW)
PAGE = ManualRequest("access_2", library.find("meta"), "PAGE_ADS", "", "waiting", NOW)
OWN = ManualRequest("access_3", library.find("other"), "AS_WRITTEN", "", "waiting", NOW, title="Booking")


def typed(**given: str) -> dict[str, str]:
    """What the form sent, by access request."""
    return {f"id-{access_request}": text for access_request, text in given.items()}


def test_leaving_everything_out_is_fine() -> None:
    found = read_manual_ids([ADS, PAGE, OWN], {}, taken={})
    assert (found.values, found.problems) == (
        {"access_1": None, "access_2": None, "access_3": None},
        {},
    )


def test_what_fits_is_kept_without_what_is_around_it() -> None:
    found = read_manual_ids([ADS, PAGE], typed(access_1=" act_1234567 ", access_2="102030405060708"), taken={})
    assert (found.values, found.problems) == ({"access_1": "act_1234567", "access_2": "102030405060708"}, {})


@pytest.mark.parametrize("text", ["my account", "123", "act_12 34", "<script>"])
def test_what_does_not_fit_is_told_beside_its_field(text: str) -> None:
    found = read_manual_ids([ADS, PAGE], typed(access_1=text, access_2="102030405060708"), taken={})
    assert list(found.problems) == [manual_id_field(ADS)]
    assert english(found.problems[manual_id_field(ADS)]).startswith(
        "Ad account ID: 6 to 20 digits, with or without act_ in front"
    )


def test_one_number_is_not_two_things() -> None:
    twice = read_manual_ids([ADS, PAGE], typed(access_1="102030405060708", access_2="102030405060708"), taken={})
    assert {field: english(problem) for field, problem in twice.problems.items()} == {
        manual_id_field(PAGE): "You gave 102030405060708 already, for “Meta Business: Ad account”. Check which of the "
        "two it is."
    }
    before = read_manual_ids(
        [PAGE], typed(access_2="102030405060708"), taken={"102030405060708": _("You gave {number} already.")}
    )
    assert list(before.problems) == [manual_id_field(PAGE)]


def test_an_id_for_the_agencys_own_is_not_taken() -> None:
    assert read_manual_ids([OWN], typed(access_3="anything"), taken={}).values == {"access_3": None}
