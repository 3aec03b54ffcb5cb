"""Every state and every code has words, and they keep to the writing rules."""

import re
from string import Formatter

import pytest

from app.access.connections.authorising import Outcome
from app.journey import words
from app.journey.words import Blocker
from app.links.status import LANES
from app.platforms.tiktok import codes
from app.tables import metadata

STATES = ("waiting", "approved", "awaiting_partner", "awaiting_client", "verified", "attested", "blocked",
          "unverifiable", "drifted", "declined", "ended")  # fmt: skip
#: The codes of JOURNEYS that a client can meet, and one of our own: who signs in with the agency's Business Center.
CODES = (
    "asset_not_shared", "role_too_low", "role_higher_than_requested", "not_bc_admin", "wrong_bc_selected",
    "wrong_account", "no_business_center", "pixel_not_linked", "pixel_silent", "ad_account_suspended",
    "ad_account_in_review", "ad_account_disapproved", "tt_account_already_linked", "consent_cancelled",
    "auth_code_expired", "scope_not_authorised", "rate_limited", "unverifiable", "account_not_ticked",
    "asset_not_found", "consent_not_finished", "connection_dead", "app_problem", "agency_must_reauthorise",
    "bc_not_enabled", "asset_owned_elsewhere", "request_pending", "agencys_own_center", "invitation_rejected",
    "not_connected", "pixel_events_unread", "partner_declined", "partnership_ended", "share_without_effect",
    "access_interrupted", "removal_refused", "account_missing", "platform_unavailable",
)  # fmt: skip
PLACEHOLDERS = {"agency", "asset", "bc"}


@pytest.mark.parametrize("lane", [*LANES, None])
@pytest.mark.parametrize("state", STATES)
def test_every_state_has_words_in_every_lane(state: str, lane: str | None) -> None:
    said = words.of_state(state, lane)
    assert said.short
    _keeps_the_rules(said.sentence)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_of_its_own(code: str) -> None:
    assert words.of_code(code) is not words.UNKNOWN
    _keeps_the_rules(words.of_code(code).sentence)


def test_no_words_are_left_for_codes_that_are_gone() -> None:
    assert set(words.BLOCKERS) == set(CODES)


def test_every_code_that_tiktoks_answers_stand_for_has_words() -> None:
    given = {codes.blocker(number) for number in range(40000, 41000)}
    assert given <= set(CODES)


def test_a_code_nobody_knows_still_says_whose_turn_it_is() -> None:
    assert words.of_code("brand_new") is words.UNKNOWN
    assert "{agency}" in words.UNKNOWN.sentence


@pytest.mark.parametrize("blocker", [*words.BLOCKERS.values(), words.UNKNOWN], ids=lambda one: one.sentence[:30])
def test_a_button_has_a_label_and_does_something(blocker: Blocker) -> None:
    assert (blocker.label is None) == (blocker.does is None)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in ("connected", "other_browser")])
def test_every_way_back_that_did_not_connect_has_words(outcome: Outcome) -> None:
    title, sentence = words.CAME_BACK[outcome]
    _keeps_the_rules(title)
    _keeps_the_rules(sentence)


def test_the_states_are_those_of_the_table() -> None:
    assert "state" in metadata.tables["asks"].columns
    assert set(words.STATES) == set(STATES)


def _keeps_the_rules(sentence: str) -> None:
    assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= PLACEHOLDERS
    assert re.match(r"[A-Z{]", sentence)
    assert sentence.endswith((".", "?", "!"))
    assert "went wrong" not in sentence.lower()
    assert "'" not in sentence, "use the typographic apostrophe"
