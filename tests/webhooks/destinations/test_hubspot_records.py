"""What is said of an event, and in which portions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import catalog
from app.webhooks.destinations import hubspot, hubspot_records
from app.webhooks.destinations.hubspot import Calls
from tests.webhooks.destinations.outbound import NOW, event

STAGES = (*hubspot.ORDER, "other", "12345", "", None)


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
def test_every_value_is_text_and_every_property_is_in_the_set(event_type: str) -> None:
    made = hubspot_records.property_set()
    told = event(event_type, client_id="client_1", contact_email="ana@brand.example")
    contact = hubspot_records.contact(told)
    assert contact is not None
    for kind, record in (("companies", hubspot_records.company(told)), ("contacts", contact)):
        assert all(isinstance(value, str) for value in record.told.values())
        assert record.told.keys() <= {each["name"] for each in made[kind]}


def test_an_event_about_one_asset_leaves_platform_and_account_of_the_company() -> None:
    known = {"onboarding_platform": "tiktok", "onboarding_platform_account_id": "7111222233334444555"}
    assert hubspot_records.company(event("link.completed")).told.items() >= known.items()
    told = hubspot_records.company(event("access.verified", platform="meta", platform_account_id="act_1")).told
    assert not known.keys() & told.keys()
    assert told["onboarding_platforms"] == "tiktok,meta"


def test_the_set_names_one_unique_key_and_its_group() -> None:
    made = hubspot_records.property_set()
    every = made["companies"] + made["contacts"]
    assert {each["groupName"] for each in every} == {made["group"]["name"]} == {hubspot_records.GROUP}
    assert [each["name"] for each in every if each.get("hasUniqueValue")] == [hubspot_records.COMPANY_KEY]


def test_a_note_shows_no_markup_of_others() -> None:
    made = hubspot_records.note(event("access.blocked", asset_name="<script>", dashboard_url='https://x.example/"><b>'))
    assert "<script>" not in made
    assert '"><b>' not in made
    assert made.endswith(hubspot_records.mark(event()))


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_holds_no_more_than_hubspot_takes(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        Calls("https://api.hubapi.com", "token", NOW).batch("company", "/x", [{}] * count)


@given(st.sampled_from(STAGES), st.sampled_from(STAGES))
def test_a_stage_never_goes_back(current: str | None, wanted: str | None) -> None:
    after = hubspot.forwards(current, wanted)
    assert after in (None, wanted)
    if after is not None:
        assert after in hubspot.ORDER
        assert not current or hubspot.ORDER.index(after) > hubspot.ORDER.index(current)
    assert hubspot.forwards(after or current, wanted) is None
