"""Access requests and choices in words: what is done, whose turn it is, and what stands on the button."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.access.connections.selectable_assets import Choice
from app.client_portal.copy import status_rows
from app.client_portal.status_texts import STATUSES, Case
from app.kit.i18n.locales import english
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, LinkPlatform
from app.platforms.tiktok.adapter import TikTok

WHEN = datetime(2026, 3, 3, 14, 32, tzinfo=UTC)


def _ask(**values: Any) -> AccessRequest:
    given = {
        "id": "access_1", "platform": "tiktok", "kind": "ad_account", "role": "OPERATOR", "status": "approved",
        "next_actor": "us", "asset_id": "7200000000000000201", "asset_name": "Brand FR", "status_since": WHEN,
    }  # fmt: skip
    return AccessRequest(**{**given, **values})


def _here(lane: str = "connected") -> LinkPlatform:
    return LinkPlatform(
        platform="tiktok", lane=lane, agency_account_id="7000", client_account_id="7111",
        client_account_name="Maison Lune",
    )  # fmt: skip


def _whole(lane: str = "connected", *access_requests: AccessRequest) -> LinkAggregate:
    here = _here(lane)
    made = SimpleNamespace(
        agency=SimpleNamespace(name="Acme"), platforms=[here], access_requests=access_requests, on=lambda _: here
    )
    return cast(LinkAggregate, made)


def _line(lane: str = "connected", **values: Any) -> status_rows.AccessRequestRow:
    platform = TikTok(wire=cast(Any, None), auth_url="", redirect_uri="", default_app=None)
    return status_rows.of_access_request(_ask(**values), _whole(lane), platform)


@pytest.mark.parametrize("lane", ["connected", "guided"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_state_makes_a_line_in_every_lane(status: str, lane: str) -> None:
    line = _line(lane, status=status)
    assert english(line.sentence)
    assert english(line.role) == "Run campaigns (Operator)"


@pytest.mark.parametrize(
    ("status", "lane", "seen_by", "marks"),
    [
        ("waiting", "connected", None, "todo todo todo"),
        ("approved", "connected", None, "now todo todo"),
        ("awaiting_client", "guided", None, "now todo todo"),
        ("awaiting_partner", "connected", None, "done now todo"),
        ("awaiting_partner", "guided", "client", "done now todo"),
        ("unverifiable", "connected", None, "done todo todo"),
        ("unverifiable", "guided", None, "done todo todo"),
        ("attested", "guided", None, ""),
        ("verified", "connected", "agency", "done done done"),
        ("blocked", "connected", None, "stuck todo todo"),
        ("blocked", "connected", "client", "done stuck todo"),
        ("blocked", "connected", "agency", "done done stuck"),
        ("drifted", "connected", "agency", "done done stuck"),
        ("drifted", "connected", None, "stuck todo todo"),
        ("declined", "connected", None, ""),
        ("ended", "connected", None, ""),
    ],
)
def test_nothing_is_marked_done_that_nobody_saw_sent_or_said(
    status: str, lane: str, seen_by: str | None, marks: str
) -> None:
    found = status_rows.marks(_ask(status=status, seen_by=seen_by), Case(lane=lane))
    assert " ".join(mark.status for mark in found) == marks


@pytest.mark.parametrize(
    ("status", "marks"),
    [
        ("awaiting_client", "Share it now, Confirmed todo"),
        ("unverifiable", "Shared done, Confirmed todo"),
        ("verified", "Shared done, Accepted done, Verified done"),
    ],
)
def test_nothing_is_to_be_verified_where_nobody_can_look(status: str, marks: str) -> None:
    found = status_rows.marks(_ask(status=status), Case(lane="guided", can_look=False))
    assert ", ".join(f"{english(mark.label)} {mark.status}" for mark in found) == marks


def test_only_verified_is_green() -> None:
    """Promise 1: an attestation, or an answer that was OK, is never shown as proof."""
    green = {status for status in STATUSES if _line(status=status).tone == "good"}
    assert green == {"verified"}
    full = {
        status for status in STATUSES if all(mark.status == "done" for mark in _line(status=status).marks or [Nothing])
    }
    assert full == {"verified"}


class Nothing:
    """Stands for the stages of an access request that shows none."""

    status = "none"


def test_a_blocker_that_waits_for_the_client_has_its_button() -> None:
    line = _line(status="blocked", code="account_not_ticked", next_actor="client")
    assert (line.does, line.tone, english(line.short)) == ("connect", "yours", "Needs a hand")
    assert "Brand FR" in english(line.sentence)


def test_a_blocker_that_waits_for_the_agency_is_no_alarm_for_the_client() -> None:
    line = _line(status="blocked", code="agency_must_reauthorize", next_actor="agency")
    assert (line.label, line.tone, english(line.short)) == (None, "moving", "Waiting")


def test_by_hand_nobody_is_sent_to_the_consent_page_by_a_blocker() -> None:
    assert _line("guided", status="drifted", code="asset_not_shared", next_actor="client").does == "check"


def test_an_access_request_without_a_name_goes_by_its_number() -> None:
    line = _line(asset_name=None)
    assert (line.name, english(line.detail)) == ("7200000000000000201", "Ad account")


@pytest.mark.parametrize(
    ("access_requests", "lane", "expected"),
    [
        ([{"status": "verified"}], "connected", (1, 1, True, True, None)),
        ([{"status": "attested"}], "guided", (1, 1, True, False, None)),
        ([{"status": "approved"}], "guided", (0, 1, False, False, "client")),
        ([{"status": "approved"}], "connected", (0, 1, False, False, "us")),
        ([{"status": "verified"}, {"status": "awaiting_partner", "next_actor": "platform"}], "connected",
         (1, 2, False, False, "platform")),
        ([{"status": "blocked", "next_actor": "client"}, {"status": "awaiting_partner", "next_actor": "agency"}],
         "connected", (0, 2, False, False, "client")),
        ([{"status": "verified"}, {"status": "declined"}], "connected", (1, 1, True, True, None)),
        ([{"status": "declined"}], "connected", (0, 0, False, True, None)),
        ([{"status": "waiting", "asset_id": None}], "connected", (0, 0, False, True, None)),
    ],
)  # fmt: skip
def test_the_summary_counts_and_says_whose_turn_it_is(
    access_requests: list[dict[str, Any]], lane: str, expected: tuple[object, ...]
) -> None:
    found = status_rows.summary(_whole(lane, *(_ask(**each) for each in access_requests)))
    assert (found.done, found.total, found.all_done, found.all_verified, found.waiting_for) == expected


def test_a_choice_that_cannot_be_picked_says_why_and_what_to_do() -> None:
    here = _here()
    line = status_rows.of_choice(Choice("7111", "Brand DE", False, "not_bc_admin"), _whole(), here)
    assert "Brand DE" in english(line.why or "")
    assert line.does == "connect"
    other = status_rows.of_choice(Choice("72", "Brand FR", False, "account_not_ticked"), _whole(), here, "ad_account")
    assert english(other.why or "").startswith("TikTok asked which accounts to include, and Brand FR")
    assert status_rows.of_choice(Choice("72", "Brand FR", True), _whole(), here).why is None


def test_a_pixel_code_keeps_its_letters_and_a_person_has_no_number() -> None:
    pixel = _line(kind="pixel", role="LINK", asset_name="Shop", asset_id="CD1JKLMNOP77VD28TR20")
    assert english(pixel.detail) == "Pixel CD1JKLMNOP77VD28TR20"
    person = _line(kind="person", role="ANALYST", asset_name=None, asset_id="person_01", person_email="bo@acme.example")
    assert (person.name, english(person.detail)) == ("bo@acme.example", "Person")


def test_the_role_seen_says_what_it_cannot_do() -> None:
    line = _line(status="blocked", code="role_too_low", next_actor="client", role="ADMIN", role_seen="OPERATOR")
    said = english(line.sentence)
    assert "Run campaigns (Operator)" in said
    assert "What is missing: Change your billing" in said
    assert "run ads" not in said


def test_every_action_is_offered_once_and_everything_it_mends_is_told() -> None:
    shown = [
        _line(id="1", status="drifted", code="asset_not_shared", next_actor="client"),
        _line(id="2", status="blocked", code="role_too_low", next_actor="client", role_seen="ANALYST"),
        _line(id="3", status="blocked", code="ad_account_suspended", next_actor="client"),
        _line(id="4", status="blocked", code="role_higher_than_requested", next_actor="client", role_seen="ADMIN"),
        _line(id="5", status="blocked", code="role_higher_than_requested", next_actor="client", role_seen="ADMIN"),
        _line(id="6", status="blocked", code="app_problem", next_actor="agency"),
    ]
    found = status_rows.fixes(shown)
    assert [(fix.does, [line.id for line in fix.lines]) for fix in found] == [
        ("connect", ["1", "2"]), ("change", ["3"]), ("reduce", ["4"]), ("reduce", ["5"]),
    ]  # fmt: skip
    assert english(found[0].label) == "Connect with TikTok"


def test_one_button_for_each_business_center_from_which_something_was_seen() -> None:
    seen = {"1": "7112", "2": "7112", "3": "7113"}
    blocked = {"status": "blocked", "code": "asset_shared_elsewhere", "next_actor": "client"}
    shown = [_line("guided", id=one, shared_from_account_id=account_id, **blocked) for one, account_id in seen.items()]
    found = status_rows.fixes(shown)
    assert [(fix.does, fix.access_request, [line.id for line in fix.lines]) for fix in found] == [
        ("take_center", "1", ["1", "2"]), ("take_center", "3", ["3"]),
    ]  # fmt: skip
