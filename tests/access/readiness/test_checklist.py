"""From facts to the list: each rule as a table, and at random: no pass without a source, no guess."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.access.readiness import checks
from app.access.readiness.checks import ANSWERS, KEYS, ClientStatement, Facts, Item, RequestedAsset, checklist
from app.client_portal.copy import readiness
from app.kit.i18n.locales import english
from app.platforms.resources import DiscoveredAsset, DiscoveredAssets, PlatformAccount
from app.platforms.tiktok.kinds import AD_ACCOUNT

BC, OTHER = "7111222233334444555", "7111222233334444601"
TEXTS = datetime(2026, 11, 1, tzinfo=UTC)
FOUND = datetime(2026, 11, 2, tzinfo=UTC)
SAID = datetime(2026, 11, 3, tzinfo=UTC)
CENTER = PlatformAccount(BC, "Maison Lune", verification="VERIFIED")
EU = DiscoveredAsset("ad_account", BC, "7200000000000000101", "Maison Lune EU", currency="EUR", timezone="Europe/Paris")
US = replace(EU, asset_id="7200000000000000103", name="Maison Lune US", currency="USD", timezone="America/New_York")
UNVERIFIED = replace(CENTER, verification="FAILED", verification_code="not_verified")
IN_REVIEW = replace(CENTER, verification="REVIEWING", verification_code="verification_in_review")
NOT_OURS = replace(US, owned=False, own_problem="asset_owned_elsewhere")
NOTHING = Facts(today=date(2026, 11, 22), platform="tiktok")
ASKED = replace(
    NOTHING, kinds=frozenset({"ad_account", "pixel"}), account_id=BC, accounts=(RequestedAsset(EU.asset_id),),
    pixel_codes=(), markets=("FR", "DE"), emails=("ana@maisonlune.example",), approver="Ana Client", intake_at=TEXTS,
)  # fmt: skip


def _found(*accounts: DiscoveredAsset, center: PlatformAccount = CENTER) -> DiscoveredAssets:
    return DiscoveredAssets("Ana Client", (center,), accounts)


CONNECTED = replace(ASKED, found=_found(EU, US), found_at=FOUND)


def _item(facts: Facts, key: str) -> Item:
    return next(item for item in checklist(facts) if item.key == key)


def _said(facts: Facts, **answers: str) -> Facts:
    return replace(facts, said={key: ClientStatement(answer, "Ana Client", SAID) for key, answer in answers.items()})


def _brief(item: Item) -> tuple[str, str | None, str | None, bool]:
    return item.verdict.status, item.verdict.source, item.verdict.code, item.verdict.blocks


UNKNOWN = ("cannot_tell", None, None, False)
SEEN = ("pass", "platform", None, False)
WORD = ("pass", "client", None, False)

CASES = [
    # nobody told anything yet
    *[(NOTHING, key, UNKNOWN) for key in KEYS],
    # the Business Center
    (ASKED, "business_center", UNKNOWN),
    (CONNECTED, "business_center", SEEN),
    (replace(CONNECTED, account_id=OTHER), "business_center", UNKNOWN),
    (
        replace(CONNECTED, found=_found(center=replace(CENTER, problem="bc_under_review"))), "business_center",
        ("to_do", "platform", "bc_under_review", True),
    ),
    (
        replace(CONNECTED, found=_found(center=replace(CENTER, problem="not_bc_admin"))), "business_center",
        ("to_do", "platform", "not_bc_admin", False),
    ),
    # verified by TikTok
    (ASKED, "verification", UNKNOWN),
    (_said(ASKED, verification="yes"), "verification", WORD),
    (_said(ASKED, verification="later"), "verification", ("to_do", "client", "later", False)),
    (CONNECTED, "verification", SEEN),
    (
        _said(replace(CONNECTED, found=_found(center=UNVERIFIED)), verification="yes"),
        "verification", ("to_do", "platform", "not_verified", False),
    ),
    (
        replace(CONNECTED, found=_found(center=IN_REVIEW)), "verification",
        ("to_do", "platform", "verification_in_review", False),
    ),
    (replace(CONNECTED, found=_found(center=replace(CENTER, verification=""))), "verification", UNKNOWN),
    # an ad account that can be shared
    (ASKED, "ad_account", ("pass", "intake", None, False)),
    (CONNECTED, "ad_account", SEEN),
    (replace(CONNECTED, accounts=()), "ad_account", SEEN),
    (replace(CONNECTED, accounts=(), found=_found()), "ad_account", ("to_do", "platform", "no_ad_account", True)),
    (replace(CONNECTED, found=_found(US)), "ad_account", ("to_do", "platform", "asset_not_found", True)),
    (
        replace(CONNECTED, found=_found(replace(EU, owned=False, own_problem="asset_owned_elsewhere"))), "ad_account",
        ("to_do", "platform", "asset_owned_elsewhere", True),
    ),
    (
        replace(CONNECTED, found=_found(replace(EU, own_problem="request_pending"))), "ad_account",
        ("to_do", "platform", "request_pending", True),
    ),
    (
        replace(CONNECTED, found=_found(replace(EU, own_problem="ad_account_suspended"))), "ad_account",
        ("to_do", "platform", "ad_account_suspended", False),
    ),
    (replace(CONNECTED, found=_found(replace(EU, problem="account_not_ticked"))), "ad_account", SEEN),
    (
        replace(CONNECTED, found=_found(replace(EU, own_problem="ad_account_suspended"), NOT_OURS),
                accounts=(RequestedAsset(EU.asset_id), RequestedAsset(US.asset_id))),
        "ad_account", ("to_do", "platform", "asset_owned_elsewhere", True),
    ),
    (replace(ASKED, accounts=(RequestedAsset(EU.asset_id, FOUND),)), "ad_account", SEEN),
    # what it counts in
    (CONNECTED, "currency", SEEN),
    (replace(CONNECTED, markets=("US",)), "currency", ("to_do", "platform", "unusual_currency", False)),
    (_said(replace(CONNECTED, markets=("US",)), currency="yes"), "currency", WORD),
    (
        _said(replace(CONNECTED, markets=("US",)), currency="later"), "currency",
        ("to_do", "platform", "unusual_currency", False),
    ),
    (replace(CONNECTED, markets=None), "currency", UNKNOWN),
    (replace(CONNECTED, found=_found(replace(EU, currency=""))), "currency", UNKNOWN),
    (_said(replace(CONNECTED, found=_found(replace(EU, currency=""))), currency="yes"), "currency", WORD),
    (
        replace(CONNECTED, accounts=(RequestedAsset(EU.asset_id), RequestedAsset("7200000000000000999"))),
        "currency", UNKNOWN,
    ),
    # when its days begin
    (CONNECTED, "time_zone", SEEN),
    (replace(CONNECTED, markets=("DE",)), "time_zone", SEEN),
    (replace(CONNECTED, markets=("US",)), "time_zone", ("to_do", "platform", "unusual_time_zone", False)),
    (replace(CONNECTED, found=_found(replace(EU, timezone="Mars/Olympus"))), "time_zone", UNKNOWN),
    # what only the client can tell
    *[(_said(ASKED, **{key: "yes"}), key, WORD) for key in ("two_factor", "ownership", "events_api")],
    *[(_said(ASKED, **{key: "later"}), key, ("to_do", "client", "later", False)) for key in ("two_factor", "payment")],
    (_said(ASKED, events_api="no"), "events_api", WORD),
    (_said(ASKED, payment="own"), "payment", WORD),
    # the pixel
    (ASKED, "pixel", ("to_do", "intake", "no_pixel", False)),
    (replace(ASKED, pixel_codes=("C4ABCDEFGH77U7QBTM10",)), "pixel", UNKNOWN),
    (_said(replace(ASKED, pixel_codes=("C4ABCDEFGH77U7QBTM10",)), pixel="yes"), "pixel", WORD),
    (replace(ASKED, pixels=(RequestedAsset("C4"),)), "pixel", ("to_do", "intake", "pixel_to_connect", False)),
    (replace(ASKED, pixels=(RequestedAsset("C4", FOUND),)), "pixel", SEEN),
    # whom to talk to
    (ASKED, "company_email", ("pass", "intake", None, False)),
    (replace(ASKED, emails=("a@brand.fr", "b@gmail.com")), "company_email", ("to_do", "intake", "free_mail", False)),
    (ASKED, "primary_contact", ("pass", "intake", None, False)),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "key", "expected"), CASES)
def test_each_thing_is_judged_by_what_is_known_of_it(
    facts: Facts, key: str, expected: tuple[str, str | None, str | None, bool]
) -> None:
    assert _brief(_item(facts, key)) == expected


def test_what_was_read_is_shown_with_when() -> None:
    item = _item(CONNECTED, "currency")
    assert (item.verdict.seen, item.verdict.since) == (("EUR",), FOUND)
    assert _item(_said(ASKED, two_factor="yes"), "two_factor").verdict.since == SAID


def test_nobody_is_asked_for_what_a_machine_read() -> None:
    assert not _item(CONNECTED, "verification").is_asked
    assert _item(ASKED, "verification").is_asked
    assert _item(_said(ASKED, verification="yes"), "verification").is_asked, "so that it can be taken back"
    assert not _item(ASKED, "company_email").is_asked


def test_a_link_without_an_ad_account_is_not_asked_about_one() -> None:
    keys = {item.key for item in checklist(replace(ASKED, kinds=frozenset({"custom"})))}
    assert keys == {"company_email", "primary_contact", "ownership"}


ACCOUNTS = some.builds(
    DiscoveredAsset, kind=some.just("ad_account"), account_id=some.sampled_from([BC, OTHER]),
    asset_id=some.sampled_from([EU.asset_id, US.asset_id]), name=some.text(max_size=5), owned=some.booleans(),
    own_problem=some.sampled_from([None, "request_pending", "ad_account_suspended"]),
    currency=some.sampled_from(["", "EUR", "USD", "XXX"]),
    timezone=some.sampled_from(["", "Europe/Paris", "Etc/GMT+8", "../x", "Nowhere"]),
)  # fmt: skip
CENTERS = some.builds(
    PlatformAccount, account_id=some.sampled_from([BC, OTHER]), name=some.text(max_size=5),
    problem=some.sampled_from([None, "not_bc_admin", "bc_under_review"]),
    verification=some.sampled_from(["", "VERIFIED", "FAILED"]),
    verification_code=some.sampled_from([None, "not_verified"]),
)  # fmt: skip
FOUNDS = some.builds(
    DiscoveredAssets, person=some.just("Ana"), accounts=some.lists(CENTERS, max_size=3).map(tuple),
    assets=some.lists(ACCOUNTS, max_size=4).map(tuple),
)  # fmt: skip
CHOSEN = some.lists(
    some.builds(RequestedAsset, some.sampled_from([EU.asset_id, US.asset_id]), some.sampled_from([None, FOUND])),
    max_size=3,
).map(tuple)
WORDS = some.fixed_dictionaries(
    {},
    optional={
        key: some.builds(
            ClientStatement, some.sampled_from(answers), some.just("Ana"), some.just(SAID), some.text(max_size=5)
        )
        for key, answers in ANSWERS.items()
    },
)
WORLDS = some.builds(
    Facts, today=some.just(date(2026, 11, 22)), platform=some.just("tiktok"),
    kinds=some.frozensets(some.sampled_from(["ad_account", "pixel", "catalog", "person", "custom"])),
    account_id=some.sampled_from([None, BC, OTHER]), accounts=CHOSEN, pixels=CHOSEN,
    pixel_codes=some.sampled_from([None, (), ("C4",)]),
    markets=some.sampled_from([None, (), ("FR",), ("US", "VN"), ("QQ",)]),
    emails=some.sampled_from([None, ("a@gmail.com",), ("@", "a@b.c")]), approver=some.sampled_from([None, "Ana"]),
    intake_at=some.just(TEXTS), found=some.none() | FOUNDS, found_at=some.just(FOUND), said=WORDS,
)  # fmt: skip


@given(WORLDS)
def test_in_no_world_is_anything_guessed(facts: Facts) -> None:
    for item in checklist(facts):
        verdict = item.verdict
        assert (verdict.source is None) == (verdict.status == "cannot_tell"), item
        assert (verdict.since is None) == (verdict.source is None), item
        assert (verdict.code is not None) == (verdict.status == "to_do"), item
        assert not verdict.blocks or verdict.status == "to_do"
        if verdict.source == "client":
            assert item.key in facts.said
        if verdict.source == "platform":
            assert facts.found is not None or any(each.verified_at for each in (*facts.accounts, *facts.pixels))
        if facts.said.get(item.key) is None:
            assert verdict.source != "client"


@given(WORLDS)
def test_in_every_world_there_are_words_for_the_agency_and_for_the_client(facts: Facts) -> None:
    items = checklist(facts)
    for item in items:
        assert (checks.hint(item) is None) == (item.verdict.status == "pass")
    names = {"agency": "North {agency}", "bc": "Maison {x}", "asset": "", "platform": "TikTok"}
    lines = readiness.lines(items, names, AD_ACCOUNT)
    for item, line in zip(items, lines, strict=True):
        assert line.title
        assert line.mark_words
        assert not line.asked or (line.question and line.answers and line.how)
        assert "{role" not in english(line.sentence or "")
        if item.verdict.blocks:
            assert line.sentence


def test_every_thing_has_a_title_and_every_question_knows_its_answers() -> None:
    assert set(readiness.TEXTS) == set(checks.TITLES) == set(KEYS)
    for key, answers in ANSWERS.items():
        assert {value for value, _ in readiness.TEXTS[key].answers} == set(answers), key
