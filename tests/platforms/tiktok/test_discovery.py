"""Who authorized and what there is to choose from, in few calls, whatever else is refused."""

from typing import Any

import pytest

from app.platforms.port import Access, RecordedCall
from app.platforms.resources import DiscoveredAsset
from app.platforms.tiktok.adapter import TikTok
from simulator import seed
from tests.platforms.tiktok.answering import Answering, answer, page, refusal
from tests.platforms.tiktok.conftest import APP
from tests.tiktok import TikTokWorld


async def test_one_business_center_takes_six_calls_after_the_exchange(
    platform: TikTok, ana: Access, kept: list[RecordedCall]
) -> None:
    found = await platform.discover(APP, ana, kept.append)
    assert [call.operation for call in kept] == [
        "user/info", "oauth2/advertiser/get", "bc/get", "bc/asset/admin/get", "bc/asset/admin/get", "advertiser/info",
    ]  # fmt: skip
    center = found.account(seed.MAISON_LUNE)
    assert center is not None
    assert (center.verification, center.verification_code, center.usable) == ("VERIFIED", None, True)
    account = next(each for each in found.assets if each.asset_id == seed.LUNE_EU)
    assert (account.kind, account.owned, account.problem, account.own_problem) == ("ad_account", True, None, None)
    assert (account.currency, account.timezone) == ("EUR", "Europe/Paris")
    pixel = next(each for each in found.assets if each.asset_id == seed.PIXEL_LUNE_CODE)
    assert (pixel.kind, pixel.account_id, pixel.owned, pixel.problem) == ("pixel", seed.MAISON_LUNE, True, None)


@pytest.mark.parametrize("refused", ["advertiser/info/", "pixels"])
async def test_what_is_good_to_know_may_be_refused(
    examples: TikTok, answering: Answering, access: Access, kept: list[RecordedCall], refused: str
) -> None:
    account = {
        "asset_id": "7200000000000000101", "asset_name": "Maison Lune EU", "relation_type": "OWNER_BC",
        "relation_status": "PENDING", "owner_bc_name": "Maison Lune",
    }  # fmt: skip
    _will(answering, [account], "pixels" if refused == "pixels" else None, refused == "advertiser/info/")
    found = await examples.discover(APP, access, kept.append)
    (seen,) = (each for each in found.assets if each.kind == "ad_account")
    assert (seen.owned, seen.problem) == (True, "request_pending")
    assert (seen.currency == "") is (refused == "advertiser/info/")
    assert (not any(each.kind == "pixel" for each in found.assets)) is (refused == "pixels")


async def test_details_are_asked_for_a_hundred_owned_and_ticked_accounts_at_a_time(
    examples: TikTok, answering: Answering, access: Access, kept: list[RecordedCall]
) -> None:
    ids = [str(7200000000000000000 + number) for number in range(251)]
    rows = [{"asset_id": each, "asset_name": each, "relation_type": "OWNER_BC"} for each in ids]
    rows[0]["relation_type"] = "OWNER_PARTNER"
    _will(answering, rows, None, False, ticked=ids[:-1])
    answering.will("advertiser/info/", answer("advertiser_info"), answer("advertiser_info"))
    await examples.discover(APP, access, kept.append)
    asked = [sent["advertiser_ids"] for path, sent in answering.asked if path == "advertiser/info/"]
    assert [len(each) for each in asked] == [100, 100, 49]
    assert [each for batch in asked for each in batch] == ids[1:-1]


async def test_pixels_without_a_code_cannot_be_linked_and_are_left_out(
    examples: TikTok, answering: Answering, access: Access, kept: list[RecordedCall]
) -> None:
    _will(answering, [], None, False)
    found = await examples.discover(APP, access, kept.append)
    bc, elsewhere = "7111222233334444555", "asset_owned_elsewhere"
    assert found.assets == (
        DiscoveredAsset("pixel", bc, "C4ABCDEFGH77U7QBTM10", "maisonlune.example web"),
        DiscoveredAsset("pixel", bc, "C2", "a partner's", problem=elsewhere, own_problem=elsewhere, owned=False),
    )


async def test_a_person_may_have_no_name(
    examples: TikTok, answering: Answering, access: Access, kept: list[RecordedCall]
) -> None:
    nameless = answer("user_info")
    nameless["data"] |= {"display_name": "", "email": ""}
    _will(answering, [], None, False, person=nameless)
    assert (await examples.discover(APP, access, kept.append)).person is None


async def test_a_standard_member_sees_no_assets(
    platform: TikTok, tiktok: TikTokWorld, kept: list[RecordedCall]
) -> None:
    sam = Access(await tiktok.token(seed.SAM_STANDARD), APP.app_id)
    found = await platform.discover(APP, sam, kept.append)
    assert ([each.problem for each in found.accounts], found.assets) == (["not_bc_admin"], ())
    assert len(kept) == 3


def _will(
    answering: Answering,
    accounts: list[dict[str, str]],
    pixels_refused: str | None,
    info_refused: bool,
    ticked: list[str] | None = None,
    person: dict[str, Any] | None = None,
) -> None:
    reached = answer("advertisers")
    if ticked is not None:
        reached["data"]["list"] = [{"advertiser_id": each, "advertiser_name": each} for each in ticked]
    pixels = answer("pixel_assets")
    pixels["data"]["list"] += [
        {"asset_id": "1", "asset_name": "without a code", "relation_type": "OWNER_BC"},
        {"asset_id": "2", "asset_name": "a partner's", "relation_type": "OWNER_PARTNER", "pixel_code": "C2"},
    ]
    answering.will("user/info/", person or answer("user_info"))
    answering.will("oauth2/advertiser/get/", reached)
    answering.will("bc/get/", answer("business_centers"))
    answering.will("bc/asset/admin/get/", page(accounts, 1, of=1), refusal(40001) if pixels_refused else pixels)
    answering.will("advertiser/info/", refusal(40001) if info_refused else answer("advertiser_info"))
