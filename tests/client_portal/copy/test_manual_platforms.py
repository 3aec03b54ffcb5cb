"""How manual platforms read: offers, plan, steps with the agency's ids, and whose turn it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.client_portal.copy import manual_platforms
from app.client_portal.copy.manual_platforms import ManualRequest
from app.kit.i18n.locales import english
from app.platforms.manual import library
from app.platforms.manual.library import CUSTOM

WHEN = datetime(2026, 3, 3, 14, 32, tzinfo=UTC)
META = ManualRequest("access_1", library.find("meta"), "MANAGE_CAMPAIGNS", "To run ads.", "awaiting_client", WHEN)
OWN = ManualRequest(
    "access_request_2", library.find("other"), "AS_WRITTEN", "To see bookings.", "awaiting_client", WHEN,
    title="Booking tool {reports}", own_steps=("Open it.", "Invite {us}."),
)  # fmt: skip
IDS = {"meta": {"portfolio_id": "1234567890123456"}}


def lines(*asked: ManualRequest) -> list[manual_platforms.ManualLine]:
    """The lines of their groups, one after the other."""
    return [line for group in manual_platforms.groups(asked, agency="Acme", identifiers=IDS) for line in group.lines]


def test_steps_carry_the_agencys_id_in_a_field_to_copy() -> None:
    (line,) = lines(replace(META, given="act_123456"))
    copied = [(english(step.label), step.value) for step in line.steps if step.label]
    assert copied == [("Acme: Business portfolio ID", "1234567890123456")]
    texts = " ".join(english(step.acts[0]) for step in line.steps)
    assert "Paste Acme’s business portfolio ID:" in texts
    assert "tick yours, and switch on Manage campaigns" in texts
    assert "{" not in texts


def test_an_id_the_agency_took_away_is_asked_for_in_words() -> None:
    (group,) = manual_platforms.groups([META], agency="Acme", identifiers={})
    assert [english(step.value) for step in group.lines[0].steps if step.label] == [
        "(ask Acme for “Business portfolio ID”)"
    ]


def test_the_agencys_own_steps_are_shown_as_written() -> None:
    (line,) = lines(OWN)
    assert [step.acts[0] for step in line.steps] == ["Open it.", "Invite {us}."]
    assert line.name == "Booking tool {reports}"
    assert line.removal


def test_access_requests_are_grouped_by_platform_and_dated_where_we_wrote_them() -> None:
    page = replace(META, id="access_request_3", role="PAGE_ADS")
    found = manual_platforms.groups([META, OWN, page], agency="Acme", identifiers=IDS)
    assert [(group.key, len(group.lines)) for group in found] == [("meta", 2), ("other", 1)]
    assert [group.dated for group in found] == [META.platform.guided_dated, None]


@pytest.mark.parametrize(
    ("status", "can_say", "can_take_back", "tone"),
    [
        ("waiting", False, False, "yours"),
        ("approved", True, False, "yours"),
        ("awaiting_client", True, False, "yours"),
        ("awaiting_partner", False, True, "moving"),
        ("attested", False, False, "quiet"),
        ("declined", False, False, "quiet"),
        ("ended", False, False, "quiet"),
    ],
)
def test_each_state_offers_what_is_possible_and_none_is_green(
    status: str, can_say: bool, can_take_back: bool, tone: str
) -> None:
    for asked in (META, OWN):
        (line,) = lines(replace(asked, status=status))
        assert (line.can_say_done, line.can_take_back, line.tone) == (can_say, can_take_back, tone)
        assert bool(line.steps) == can_say
        assert english(line.short)
        assert "{" not in english(line.sentence)


def test_the_plan_says_who_does_it_and_who_can_tell() -> None:
    said = list(map(english, manual_platforms.plan([replace(META, given="act_123456"), OWN], agency="Acme")))
    assert said[0] == "Meta Business: Ad account act_123456. Give Acme the role “Manage campaigns” there."
    assert said[1] == "Give Acme “Booking tool {reports}”."
    places = "Meta Business and “Booking tool {reports}”"
    assert said[2].startswith(f"At {places} you do this yourself, step by step, and Acme confirms")
    assert manual_platforms.plan([], agency="Acme") == []


@pytest.mark.parametrize(
    ("key", "role"), [(key, role) for key, each in library.every().items() for role in each.kinds[CUSTOM].roles]
)
def test_every_role_of_every_platform_can_be_told_whole(key: str, role: str) -> None:
    platform = library.find(key)
    ids = {key: {need.key: need.example for need in platform.needs}}
    asked = replace(META, platform=platform, role=role, own_steps=("One.",) if platform.own_words else ())
    ((line,),) = [group.lines for group in manual_platforms.groups([asked], agency="Acme", identifiers=ids)]
    shown = [part for step in (*line.steps, *line.removal) for part in (*step.acts, step.where, *step.variants)]
    texts = [english(part) for part in shown if part]
    assert not [text for text in texts if "{" in text or "}" in text]
    copied = {step.value for step in line.steps if step.label}
    assert copied == set(ids[key].values())
    assert manual_platforms.offer(asked).can
