"""Who authorized and what there is to choose from, in few calls, whatever else is refused."""

import pytest

from app.platforms.port import Access, RecordedCall
from app.platforms.resources import Pixel
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
    center = next(each for each in found.business_centers if each.account_id == seed.MAISON_LUNE)
    assert (center.verification, center.area, center.usable) == ("VERIFIED", "FR", True)
    account = next(each for each in found.accounts if each.asset_id == seed.LUNE_EU)
    assert (account.owned, account.ticked, account.owner, account.relation) == (True, True, "Maison Lune", "BOUND")
    assert (account.currency, account.timezone, account.country) == ("EUR", "Europe/Paris", "FR")
    pixel = next(each for each in found.pixels if each.code == seed.PIXEL_LUNE_CODE)
    assert (pixel.account_id, pixel.number, pixel.owned) == (seed.MAISON_LUNE, seed.PIXEL_LUNE, True)


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
    (seen,) = found.accounts
    assert (seen.owned, seen.ticked, seen.relation) == (True, True, "PENDING")
    assert (seen.currency == "") is (refused == "advertiser/info/")
    assert (found.pixels == ()) is (refused == "pixels")


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
    assert found.pixels == (
        Pixel(
            "7111222233334444555", "C4ABCDEFGH77U7QBTM10", "7255667788990011223", "maisonlune.example web", owned=True
        ),
        Pixel("7111222233334444555", "C2", "2", "a partner's", owned=False),
    )


async def test_a_standard_member_sees_no_assets(
    platform: TikTok, tiktok: TikTokWorld, kept: list[RecordedCall]
) -> None:
    sam = Access(await tiktok.token(seed.SAM_STANDARD), APP.app_id)
    found = await platform.discover(APP, sam, kept.append)
    assert (found.accounts, found.pixels) == ((), ())
    assert len(kept) == 3


def _will(
    answering: Answering,
    accounts: list[dict[str, str]],
    pixels_refused: str | None,
    info_refused: bool,
    ticked: list[str] | None = None,
) -> None:
    reached = answer("advertisers")
    if ticked is not None:
        reached["data"]["list"] = [{"advertiser_id": each, "advertiser_name": each} for each in ticked]
    pixels = answer("pixel_assets")
    pixels["data"]["list"] += [
        {"asset_id": "1", "asset_name": "without a code", "relation_type": "OWNER_BC"},
        {"asset_id": "2", "asset_name": "a partner's", "relation_type": "OWNER_PARTNER", "pixel_code": "C2"},
    ]
    answering.will("user/info/", answer("user_info"))
    answering.will("oauth2/advertiser/get/", reached)
    answering.will("bc/get/", answer("business_centers"))
    answering.will("bc/asset/admin/get/", page(accounts, 1, of=1), refusal(40001) if pixels_refused else pixels)
    answering.will("advertiser/info/", refusal(40001) if info_refused else answer("advertiser_info"))
