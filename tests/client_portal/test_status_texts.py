"""Every status and every code has words that are true for the case, and an action that can be done then."""

import itertools
import re
from dataclasses import replace
from string import Formatter
from typing import get_args

import pytest

from app.access.connections.oauth_flow import ExchangeOutcome
from app.client_portal import status_texts
from app.client_portal.status_texts import BlockerTexts, Case, Held
from app.kit.i18n.locales import english
from app.kit.i18n.message import Message, placeholders
from app.links.status import LANES
from app.platforms.blockers import ANY_KIND, BLOCKERS
from app.platforms.client_texts import ClientTexts
from app.platforms.port import EVENTS_WITHIN, AssetKind
from app.platforms.tiktok import errors
from app.platforms.tiktok.client_texts import TEXTS
from app.platforms.tiktok.kinds import KINDS
from app.tables import metadata
from docs.messages import in_english

STATUSES = ("waiting", "approved", "awaiting_partner", "awaiting_client", "verified", "attested", "blocked",
          "unverifiable", "drifted", "declined", "ended")  # fmt: skip
PLACEHOLDERS = {
    "platform",
    "agency",
    "asset",
    "bc",
    "shared_from",
    "account",
    "role",
    "role_seen",
    "lacking",
    "confirmed",
}
#: Every case of every code: who may meet it, in which lane, with or without the client's authorization, before or
#: after it was proved, in a list to choose from or later.
CASES = [
    (code, Case(KINDS[kind], lane, held, was_verified, choosing, texts=TEXTS))
    for code, about in BLOCKERS.items()
    for kind, lane, held, was_verified, choosing in itertools.product(
        about.kinds, LANES, get_args(Held), (False, True), (False, True)
    )
    if not (was_verified and choosing)
]
AGREED = [(code, case) for code, case in CASES if not case.choosing]


def _named(one: tuple[str, Case]) -> str:
    code, case = one
    return f"{code}-{case.kind.key}-{case.lane}-{case.held}-{'later' if case.was_verified else 'first'}"


@pytest.mark.parametrize("lane", [*LANES, None])
@pytest.mark.parametrize("status", STATUSES)
def test_every_state_has_words_in_every_lane(status: str, lane: str | None) -> None:
    for kind, was_verified, turn in itertools.product(ANY_KIND, (False, True), ("client", "agency", "platform", "us")):
        said = status_texts.of_status(status, Case(KINDS[kind], lane, was_verified=was_verified), turn)
        assert said.short
        _keeps_the_rules(said.sentence)


def test_every_code_has_words_of_its_own_and_no_others_are_left() -> None:
    assert set(status_texts.BLOCKER_TEXTS) == set(BLOCKERS)


def test_every_case_keeps_the_rules() -> None:
    for code, case in CASES:
        found = status_texts.of_code(code, case)
        assert found is not status_texts.UNKNOWN
        _keeps_the_rules(found.sentence)
        assert (found.label is None) == (found.does is None), (code, case)
        assert bool(found.screen) == (found.does == "change"), (code, case)


def test_without_words_of_a_platform_none_is_named() -> None:
    """Each code for a kind without texts of its own, and for access that is taken away."""
    thing = AssetKind("thing", "thing", "things", ())
    neutral = {replace(case, kind=thing, texts=ClientTexts()) for _, case in CASES}
    sentences = [status_texts.of_code(code, case).sentence for case in neutral for code in BLOCKERS]
    sentences += [status_texts.of_leaving(case, "client").sentence for case in neutral]
    sentences += [status_texts.of_status(status, case, "agency").sentence for case in neutral for status in STATUSES]
    said = {in_english(each) for each in sentences}
    assert [each for each in said if re.search("TikTok|Business Center|Ads Manager", each)] == []


def test_a_platforms_own_sentence_is_about_a_code_and_fills_the_same_gaps() -> None:
    assert set(TEXTS.sentences) <= set(status_texts.SENTENCES)
    for sentence in TEXTS.sentences.values():
        assert placeholders(sentence.msgid) <= PLACEHOLDERS


def test_whoevers_turn_it_is_has_something_to_do_and_nobody_else_is_alarmed() -> None:
    for code, case in AGREED:
        found = status_texts.of_code(code, case)
        if BLOCKERS[code].next_actor == "client":
            assert found.does is not None, f"nothing to do for the client: {_named((code, case))}"


def test_what_is_offered_can_be_done_at_that_moment() -> None:
    for code, case in AGREED:
        found, about = status_texts.of_code(code, case), _named((code, case))
        if case.by_hand:
            assert found.does not in ("connect", "by_hand", "reduce"), f"by hand nobody is sent to connect: {about}"
        if found.does == "change":
            assert not case.was_verified, f"proved access cannot be replaced: {about}"
            assert not case.kind.is_person or found.screen == "account", f"nobody chooses people: {about}"
        if found.does == "reduce":
            assert case.kind.can_be_lowered, about
        if found.steps:
            assert case.by_hand, about


def test_a_code_nobody_knows_still_says_whose_turn_it_is() -> None:
    assert status_texts.of_code("brand_new", Case()) is status_texts.UNKNOWN
    assert "{agency}" in in_english(status_texts.UNKNOWN.sentence)


def test_every_code_that_tiktoks_answers_stand_for_has_words() -> None:
    given = {errors.blocker(number) for number in range(40000, 41000)}
    assert given <= set(BLOCKERS)


def _all(code: str, **fixed: object) -> list[str]:
    """Every sentence of a code, in the cases that have these values."""
    return [
        in_english(status_texts.of_code(code, case).sentence)
        for each, case in CASES
        if each == code and all(getattr(case, name) == value for name, value in fixed.items())
    ]


def test_a_punished_business_center_is_not_told_as_reviewed() -> None:
    for code in ("bc_punished", "bc_denied", "bc_not_enabled"):
        assert not any("review" in sentence for sentence in _all(code))
    assert all("review" in sentence for sentence in _all("bc_under_review"))


def test_a_limited_account_is_not_suspended() -> None:
    assert not any("suspend" in sentence for sentence in _all("ad_account_limited"))


def test_what_a_low_role_cannot_do_is_read_from_the_role() -> None:
    for sentence in _all("role_too_low"):
        assert "{role_seen}" in sentence
        assert "{lacking}" in sentence
        assert "run ads" not in sentence


def test_a_pixel_is_not_said_to_be_missing_on_itself() -> None:
    for sentence in _all("pixel_not_linked"):
        assert "connected to {account}" in sentence


def test_the_days_named_are_those_counted() -> None:
    assert all(f"last {EVENTS_WITHIN.days} days" in sentence for sentence in _all("pixel_silent"))


def test_no_client_is_asked_to_remove_its_own_admin() -> None:
    for sentence in _all("role_higher_than_requested", kind=KINDS["person"]):
        assert "You need not remove anything" in sentence
        assert "Partners" not in sentence


def test_a_request_that_waits_is_not_the_clients_to_approve() -> None:
    for sentence in _all("request_pending"):
        assert "owner" in sentence
        assert "Users" not in sentence


def test_a_personal_account_is_not_said_to_belong_to_a_business_center() -> None:
    assert not any("another Business Center" in sentence for sentence in _all("asset_owned_by_person"))


def test_after_the_end_of_the_partnership_nobody_is_called_linked() -> None:
    for code in ("asset_not_shared", "partnership_ended"):
        assert not any("linked" in sentence for sentence in _all(code))


def test_a_permission_that_we_gave_back_was_not_ended_by_tiktok() -> None:
    assert all("We gave" in each for each in _all("connection_dead", kind=KINDS["ad_account"], lane="connected",
                                                  held="given_back"))  # fmt: skip
    assert all("has ended" in each for each in _all("connection_dead", kind=KINDS["ad_account"], lane="connected",
                                                    held="ended"))  # fmt: skip


@pytest.mark.parametrize("held", get_args(Held))
@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("kind", ANY_KIND)
def test_what_leaves_is_told_as_what_happens_to_it(kind: str, lane: str, held: Held) -> None:
    case = Case(KINDS[kind], lane, held, was_verified=True)
    assert "We’re taking" in in_english(status_texts.of_leaving(case, "us").sentence)
    for turn in ("agency", "platform", None):
        assert "We’re taking" not in in_english(status_texts.of_leaving(case, turn).sentence)
        assert status_texts.of_leaving(case, turn).does is None
    theirs = status_texts.of_leaving(case, "client")
    assert theirs.does == ("check" if case.by_hand or held == "live" else "connect")
    _keeps_the_rules(theirs.sentence)


@pytest.mark.parametrize(
    "outcome", [one for one in ExchangeOutcome if one not in ("connected", "other_browser", "under_way")]
)
def test_every_way_back_that_did_not_connect_has_words(outcome: ExchangeOutcome) -> None:
    notice = status_texts.CAME_BACK[outcome]
    _keeps_the_rules(notice.title)
    _keeps_the_rules(notice.sentence)


@pytest.mark.parametrize("outcome", sorted(status_texts.BY_HAND_FIRST))
def test_what_the_agency_has_to_mend_is_not_told_as_the_clients_mistake(outcome: str) -> None:
    notice = status_texts.CAME_BACK[outcome]
    title, sentence = in_english(notice.title), in_english(notice.sentence)
    assert "tick" not in sentence
    assert "by hand" in sentence
    assert "busy" not in title


def test_the_states_are_those_of_the_table() -> None:
    assert "status" in metadata.tables["access_requests"].columns
    assert set(status_texts.STATUSES) == set(STATUSES)


def _keeps_the_rules(message: Message) -> None:
    sentence = in_english(message)
    assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= PLACEHOLDERS
    assert re.match(r"[A-Z{]", sentence)
    assert sentence.endswith((".", "?", "!"))
    assert "went wrong" not in sentence.lower()
    assert "'" not in sentence, "use the typographic apostrophe"


def test_a_button_is_a_few_words() -> None:
    labels = {found.label for found in (status_texts.of_code(*each) for each in CASES) if found.label}
    assert all(len(english(label.fill(platform="TikTok"))) < 30 for label in labels)
    assert isinstance(status_texts.UNKNOWN, BlockerTexts)
