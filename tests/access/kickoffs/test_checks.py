"""Results of the checks of a kickoff: only a read passes, and a statement never stands against a read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from app.access.kickoffs import checks, texts
from app.access.kickoffs.checks import AccessReading, Key, KickoffCheck, MemberStatement, RequestFacts
from app.access.readiness.checks import ClientStatement, Item, ReadinessVerdict
from app.access.reconciler.status import Status
from app.kit.i18n.message import Message
from app.platforms.access import Observation, ReadFailure
from app.platforms.resources import AssetDetails, AssetHolder
from app.platforms.tiktok.kinds import AD_ACCOUNT, PIXEL

NOW = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
NORA = MemberStatement("Nora North", NOW, country="FR")
ACCOUNT = RequestFacts("access_1", "tiktok", AD_ACCOUNT, "OPERATOR", "7200", "Lune EU")
VERIFIED = Status("verified", None, None, "OPERATOR", "agency")
GOOD = AccessReading(
    ACCOUNT, VERIFIED, Observation("OPERATOR"), holders=[AssetHolder("1", "n@north.example", "ADMIN")],
    details=AssetDetails(None, "FR", "EUR"),
)  # fmt: skip
EVENTS = AccessReading(
    RequestFacts("access_2", "tiktok", PIXEL, "LINK", "C4", None, "7200"),
    Status("verified", None, None, "LINK", "agency"), Observation("LINK"),
    events={"PAGE_VIEW": 400, "ON_WEB_ORDER": 12},
)  # fmt: skip
PAID = {"payment": Item("payment", ReadinessVerdict("pass", "client", NOW), ClientStatement("own", "Ana", NOW))}
DENIED = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")
AWAY = Observation(why_not=ReadFailure.UNAVAILABLE)
NO_TOKEN = Observation(why_not=ReadFailure.NO_TOKEN)


def _by_key(
    *readings: AccessReading, items: Mapping[str, Item] = PAID, stated: tuple[str, ...] = ()
) -> dict[str, KickoffCheck]:
    found = {each.key: each for each in checks.of_kickoff(readings, items, {})}
    statements = {found[key].id: NORA for key in stated if key in found}
    return {str(each.key): each for each in checks.of_kickoff(readings, items, statements)}


def test_what_was_read_passes_and_the_rest_takes_statements() -> None:
    found = _by_key(GOOD, EVENTS)
    assert {key: each.status for key, each in found.items()} == {
        "payment": "attested", "billing": "cannot_tell", "country": "cannot_tell", "access": "pass",
        "campaign": "pass", "people": "pass", "events": "pass",
    }  # fmt: skip
    assert (found["campaign"].role, found["people"].count, found["events"].count) == ("OPERATOR", 1, 412)
    assert (found["country"].country, found["country"].currency) == ("FR", "EUR")
    assert [key for key, each in found.items() if each.can_attest] == ["payment", "billing", "country"]
    assert "Ana" not in found["payment"].model_dump_json(), "the client's person is not named"
    assert not checks.is_launch_ready(found.values())
    ready = _by_key(GOOD, EVENTS, stated=("billing", "country"))
    assert checks.is_launch_ready(ready.values())
    assert ready["billing"].statement == NORA
    assert not checks.is_launch_ready([each for each in ready.values() if each.key != "payment"])


@pytest.mark.parametrize(
    ("reading", "key", "expected"),
    [
        (replace(GOOD, details=AssetDetails("ad_account_suspended")), "campaign",
         ("to_do", "ad_account_suspended", False)),
        (replace(GOOD, details=None), "campaign", ("cannot_tell", "not_read", True)),
        (replace(GOOD, details=AWAY), "campaign", ("cannot_tell", "platform_unavailable", True)),
        (replace(GOOD, status=replace(VERIFIED, role_seen="ANALYST")), "campaign", ("to_do", "role_too_low", False)),
        (replace(GOOD, holders=[AssetHolder("1", "", "ANALYST")]), "people", ("to_do", "nobody_can_open", False)),
        (replace(GOOD, holders=DENIED), "people", ("cannot_tell", "scope_not_authorized", True)),
        (replace(GOOD, status=Status("verified"), observation=NO_TOKEN), "access",
         ("cannot_tell", "agency_not_connected", True)),
        (replace(GOOD, status=Status("drifted", "client", "asset_not_shared"), observation=Observation()), "access",
         ("to_do", "asset_not_shared", False)),
        (replace(GOOD, status=Status("drifted", "client", "asset_not_shared")), "people",
         ("cannot_tell", "after_access", False)),
        (replace(GOOD, status=Status("waiting", "client"), observation=None), "access", ("to_do", "waiting", False)),
        (replace(GOOD, status=Status("attested")), "access", ("attested", None, True)),
        (replace(GOOD, status=Status("attested")), "campaign", ("cannot_tell", "not_read", True)),
        (replace(EVENTS, events={}), "events", ("to_do", "pixel_silent", False)),
        (replace(EVENTS, events=DENIED), "events", ("cannot_tell", "pixel_events_unread", True)),
    ],
)  # fmt: skip
def test_what_is_missing_or_unread(reading: AccessReading, key: str, expected: tuple[Any, ...]) -> None:
    check = _by_key(reading)[key]
    assert (check.status, check.code, check.can_attest) == expected
    if not check.is_done:
        assert check.next_actor
        assert isinstance(texts.reason(check.code), str | Message)
        assert texts.reason(check.code) != check.code, "every code has a sentence"


def test_a_statement_is_kept_only_while_no_read_decides() -> None:
    unread = replace(GOOD, holders=DENIED)
    assert _by_key(unread, stated=("people",))["people"].status == "attested"
    assert _by_key(replace(GOOD, holders=[]), stated=("people",))["people"].status == "to_do"
    assert _by_key(GOOD, stated=("people",))["people"].stated_by is None, "read: no statement is needed"
    other = replace(GOOD, details=AssetDetails(None, "DE", "EUR"))
    contradicted = _by_key(other, stated=("country",))["country"]
    assert (contradicted.status, contradicted.code, contradicted.next_actor) == ("to_do", "country_differs", "client")
    assert contradicted.can_attest, "it was misheard, perhaps"


def test_an_audit_needs_no_campaign_but_the_payment_method() -> None:
    analyst = replace(GOOD, request=replace(ACCOUNT, role="ANALYST"), status=replace(VERIFIED, role_seen="ANALYST"))
    found = _by_key(analyst, items={})
    assert set(found) == {"payment", "access", "people"}
    assert (found["payment"].status, found["payment"].next_actor) == ("cannot_tell", "agency")


@pytest.mark.parametrize(
    ("key", "verdict", "expected"),
    [
        ("payment", ReadinessVerdict("to_do", "client", NOW, code="later"), ("to_do", "payment_later", "client", True)),
        ("verification", ReadinessVerdict("pass", "platform", NOW), ("pass", None, None, False)),
        ("verification", ReadinessVerdict("pass", "client", NOW), ("attested", None, None, True)),
        ("verification", ReadinessVerdict("to_do", "platform", NOW, code="not_verified"),
         ("to_do", "not_verified", "client", True)),
        ("verification", ReadinessVerdict("to_do", "platform", NOW, code="verification_in_review"),
         ("to_do", "verification_in_review", "platform", True)),
        ("verification", ReadinessVerdict("cannot_tell"), ("cannot_tell", "verification_unknown", "agency", True)),
    ],
)  # fmt: skip
def test_the_readiness_list_counts(key: str, verdict: ReadinessVerdict, expected: tuple[Any, ...]) -> None:
    check = _by_key(GOOD, items={key: Item(key, verdict, None)})[key]
    assert (check.status, check.code, check.next_actor, check.can_attest) == expected


def test_each_check_has_a_title_and_a_statement() -> None:
    assert set(texts.TITLES) == set(texts.STATEMENTS) == set(get_args(Key))
