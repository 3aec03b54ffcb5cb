"""Every call with TikTok's documented answer: what is asked, what is read from it, all pages of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kit import clock
from app.platforms.port import Access, Denied, RecordedCall, Unavailable, Unclear, UnexpectedAnswer
from app.platforms.resources import AccountMember, ActivityEntry, AssetHolder, AssetShare, PartnerInfo
from app.platforms.tiktok.adapter import TikTok
from tests.platforms.tiktok.answering import OK, Answering, answer, page, refusal

BC, PARTNER, ACCOUNT = "7111222233334444555", "7000999988887777666", "7200000000000000101"
CODE, NUMBER = "C4ABCDEFGH77U7QBTM10", "7255667788990011223"
TODAY = clock.now().date()


@pytest.fixture
def record(kept: list[RecordedCall]) -> Any:
    return kept.append


async def test_partners(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    answering.will("bc/partner/get/", answer("partners"))
    assert await examples.partners(access, account_id=BC, record=record) == (PartnerInfo(PARTNER, "North Agency"),)
    assert answering.asked == [("bc/partner/get/", {"bc_id": BC, "page": 1, "page_size": 50})]


async def test_shares_of_ad_accounts(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    answering.will("bc/partner/asset/get/", answer("partner_assets"))
    shares = await examples.shared_to(access, account_id=PARTNER, partner_id=BC, kind="ad_account", record=record)
    assert shares == {ACCOUNT: AssetShare(ACCOUNT, "ANALYST", "Maison Lune EU")}
    ((_, asked),) = answering.asked
    assert (asked["bc_id"], asked["partner_id"], asked["asset_type"], asked["share_type"]) == (
        PARTNER, BC, "ADVERTISER", "SHARED",
    )  # fmt: skip


async def test_shares_of_catalogs_all_pages(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    rows = [{"asset_id": str(1000000 + n), "asset_name": f"Catalog {n}", "catalog_role": "ADMIN"} for n in range(3)]
    answering.will("bc/partner/asset/get/", *(page([row], n, of=3) for n, row in enumerate(rows, 1)))
    shares = await examples.shared_by(access, bc_id=BC, partner_id=PARTNER, kind="catalog", record=record)
    assert shares == {row["asset_id"]: AssetShare(row["asset_id"], "ADMIN", row["asset_name"]) for row in rows}
    assert [(each["asset_type"], each["share_type"], each["page"]) for _, each in answering.asked] == [
        ("CATALOG", "SHARING", 1), ("CATALOG", "SHARING", 2), ("CATALOG", "SHARING", 3),
    ]  # fmt: skip


async def test_a_share_without_its_role_is_not_taken_for_one(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    answering.will("bc/partner/asset/get/", page([{"asset_id": ACCOUNT, "catalog_role": None}], 1, of=1))
    with pytest.raises(UnexpectedAnswer):
        await examples.shared_by(access, bc_id=BC, partner_id=PARTNER, kind="ad_account", record=record)


@pytest.mark.parametrize(
    ("kind", "asset_type"), [("ad_account", "ADVERTISER"), ("catalog", "CATALOG"), ("pixel", "PIXEL")]
)
async def test_taking_back(
    examples: TikTok, answering: Answering, access: Access, record: Any, kind: str, asset_type: str
) -> None:
    answering.will("bc/partner/asset/delete/", OK, refusal(40007))
    for _ in range(2):  # what is gone already is taken back
        await examples.unshare(access, bc_id=BC, partner_id=PARTNER, kind=kind, asset_ids=[ACCOUNT], record=record)
    assert answering.asked[0][1] == {
        "bc_id": BC, "partner_id": PARTNER, "asset_type": asset_type, "asset_ids": [ACCOUNT],
    }  # fmt: skip


async def test_links_of_a_pixel_and_how_they_change(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    answering.will("bc/pixel/link/get/", *(page([{"advertiser_id": str(n)}], n, of=2) for n in (1, 2)))
    assert await examples.pixel_accounts(access, bc_id=BC, code=CODE, record=record) == {"1", "2"}
    answering.will("bc/pixel/link/update/", OK, OK, refusal(40007))
    for link in (True, False, False):
        await examples.link_pixel(access, bc_id=BC, code=CODE, account_ids=[ACCOUNT], link=link, record=record)
    body = {"bc_id": BC, "pixel_code": CODE, "advertiser_ids": [ACCOUNT], "relation_status": "LINK"}
    assert [each for _, each in answering.asked[2:]] == [body, *[{**body, "relation_status": "UNLINK"}] * 2]


async def test_linking_a_pixel_that_does_not_exist_is_no_success(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    answering.will("bc/pixel/link/update/", refusal(40007))
    with pytest.raises(Denied) as refused:
        await examples.link_pixel(access, bc_id=BC, code=CODE, account_ids=[ACCOUNT], link=True, record=record)
    assert (refused.value.blocker, refused.value.call.code) == ("asset_not_found", 40007)


async def test_pixels_of_an_ad_account(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    more = page([{"pixel_id": "2", "pixel_code": "C2", "pixel_name": "Two"}], 2, of=2, name="pixels")
    first = answer("pixels")
    first["data"]["page_info"] |= {"total_page": 2, "total_number": more["data"]["page_info"]["total_number"]}
    answering.will("pixel/list/", first, more)
    found = await examples.pixels_of(access, account_id=ACCOUNT, record=record)
    assert found == {CODE: "maisonlune.example web", "C2": "Two"}
    assert [each["page_size"] for _, each in answering.asked] == [20, 20]


async def test_events_of_a_pixel_by_its_number(
    examples: TikTok, answering: Answering, access: Access, record: Any, kept: list[RecordedCall]
) -> None:
    answering.will("pixel/list/", answer("pixels"), answer("pixels"))
    answering.will("pixel/event/stats/", answer("pixel_stats"), {**OK, "data": {"list": []}})
    week = datetime.combine(TODAY - timedelta(days=7), datetime.min.time(), UTC)
    assert await examples.pixel_events(access, account_id=ACCOUNT, code=CODE, since=week, record=record) == {
        "ON_WEB_ORDER": 412, "PAGE_VIEW": 18211,
    }  # fmt: skip
    year = week - timedelta(days=365)
    assert await examples.pixel_events(access, account_id=ACCOUNT, code=CODE, since=year, record=record) == {}
    assert answering.asked[0][1]["code"] == CODE
    asked = [each for path, each in answering.asked if path == "pixel/event/stats/"]
    assert [each["pixel_ids"] for each in asked] == [[NUMBER], [NUMBER]]
    assert [each["date_range"] for each in asked] == [
        {"start_date": str(TODAY - timedelta(days=days)), "end_date": str(TODAY)} for days in (7, 29)
    ]
    assert [call.operation for call in kept] == ["pixel/list", "pixel/event/stats"] * 2


async def test_a_pixel_that_is_not_there_has_not_just_no_events(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    answering.will("pixel/list/", page([], 1, of=0, name="pixels"))
    with pytest.raises(Denied) as refused:
        await examples.pixel_events(access, account_id=ACCOUNT, code=CODE, since=clock.now(), record=record)
    assert refused.value.blocker == "pixel_not_linked"


async def test_members_and_who_is_invited(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    answering.will("bc/member/get/", answer("members"))
    assert await examples.members(access, account_id=BC, record=record) == (
        AccountMember("7012345678901234567", "Ana Client", "ana@maisonlune.example", "ADMIN", "BOUND"),
        AccountMember("", "", "ops@north.example", "STANDARD", "PENDING"),
    )
    assert answering.asked[0][1]["page_size"] == 20


async def test_a_person_is_invited_as_standard_and_removed(
    examples: TikTok, answering: Answering, access: Access, record: Any, kept: list[RecordedCall]
) -> None:
    answering.will("bc/member/invite/", OK)
    answering.will("bc/member/delete/", OK, OK, refusal(40007))
    await examples.invite(
        access, bc_id=BC, email="ops@north.example", account_ids=[ACCOUNT], role="ANALYST", record=record
    )
    await examples.remove_member(
        access, bc_id=BC, user_id="7012345678901234567", email="a@north.example", record=record
    )
    for _ in range(2):
        await examples.remove_member(access, bc_id=BC, user_id="", email="ops@north.example", record=record)
    assert [each for _, each in answering.asked[:3]] == [
        {
            "bc_id": BC, "emails": ["ops@north.example"], "user_role": "STANDARD", "asset_ids": [ACCOUNT],
            "advertiser_role": "ANALYST",
        },
        {"bc_id": BC, "user_id": "7012345678901234567"},
        {"bc_id": BC, "user_email": "ops@north.example"},
    ]  # fmt: skip
    assert "ops@north.example" not in str(kept)
    assert kept[0].request["emails"] == ["o…@north.example"]


async def test_who_can_open_an_ad_account(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    answering.will("bc/asset/member/get/", answer("holders"))
    assert await examples.holders(access, account_id=BC, asset_id=ACCOUNT, record=record) == (
        AssetHolder("7012345678901234567", "ana@maisonlune.example", "ADMIN"),
    )
    assert answering.asked[0][1] == {
        "bc_id": BC, "asset_type": "ADVERTISER", "asset_id": ACCOUNT, "page": 1, "page_size": 20,
    }  # fmt: skip


async def test_an_ad_account_is_given_to_a_member_and_taken_again(
    examples: TikTok, answering: Answering, access: Access, record: Any
) -> None:
    whom = {"account_id": BC, "user_id": "7012345678901234567", "asset_id": ACCOUNT}
    answering.will("bc/asset/assign/", OK)
    answering.will("bc/asset/unassign/", OK, refusal(40007))
    await examples.assign(access, **whom, role="OPERATOR", record=record)
    for _ in range(2):
        await examples.unassign(access, **whom, record=record)
    held = {"bc_id": BC, "user_id": whom["user_id"], "asset_type": "ADVERTISER", "asset_id": ACCOUNT}
    assert [each for _, each in answering.asked] == [{**held, "advertiser_role": "OPERATOR"}, held, held]


async def test_the_change_log(examples: TikTok, answering: Answering, access: Access, record: Any) -> None:
    line = {
        "time": "2026-11-21 10:00:00", "activity_type": "ACCOUNT", "operator_id": "7012345678901234567",
        "activity_log": "ana@maisonlune.example shared ad account Maison Lune EU with North Agency",
    }  # fmt: skip
    answering.will("changelog/get/", {**OK, "data": {"changelog_list": [line]}})
    since = clock.now() - timedelta(days=2)
    assert await examples.changes(access, account_id=BC, since=since, record=record) == (
        ActivityEntry(line["time"], "ACCOUNT", line["operator_id"], line["activity_log"]),
    )
    ((_, asked),) = answering.asked
    assert asked["filtering"] == {
        "start_date": str(since.date()), "end_date": str(TODAY), "activity_type": "ACCOUNT",
    }  # fmt: skip
    assert (asked["page"], asked["page_size"], asked["sort_field"], asked["sort_type"]) == (
        1, 50, "operation_time", "DESC",
    )  # fmt: skip


async def test_evidence_holds_no_addresses_of_people(
    examples: TikTok, answering: Answering, access: Access, record: Any, kept: list[RecordedCall]
) -> None:
    answering.will("bc/member/get/", answer("members"))
    answering.will("bc/asset/member/get/", answer("holders"))
    answering.will("bc/member/delete/", refusal(40002, "user_email: nobody with ops@north.example is here"))
    await examples.members(access, account_id=BC, record=record)
    await examples.holders(access, account_id=BC, asset_id=ACCOUNT, record=record)
    with pytest.raises(Denied):
        await examples.remove_member(access, bc_id=BC, user_id="", email="ops@north.example", record=record)
    assert kept[0].answer["list"][0]["user_email"] == "a…@maisonlune.example"
    assert kept[2].message == "user_email: nobody with o…@north.example is here"
    assert "ana@" not in str(kept)
    assert "ops@" not in str(kept)
    assert access.token not in str(kept)


@pytest.mark.parametrize(
    ("code", "failure"), [(20001, Unclear), (50000, Unclear), (40202, Unavailable), (40001, Denied), (40050, Unclear)]
)
async def test_a_write_fails_in_one_of_four_ways(
    examples: TikTok,
    answering: Answering,
    access: Access,
    record: Any,
    kept: list[RecordedCall],
    code: int,
    failure: type[Any],
) -> None:
    answering.will("bc/partner/add/", refusal(code, "because"))
    with pytest.raises(failure) as failed:
        await examples.share(access, bc_id=BC, partner_id=PARTNER, asset_ids=[ACCOUNT], role="ANALYST", record=record)
    assert failed.value.call is kept[0]
    assert (kept[0].code, kept[0].message, kept[0].request_id) == (code, "because", OK["request_id"])
