"""Reading what clients type and paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.i18n.locales import english
from app.links import pasted_ids
from app.platforms.client_texts import LONGEST_ID, AccountTexts, IdForm, plain_ids
from app.platforms.tiktok.client_texts import AD_ACCOUNT_IDS, PIXEL_IDS, TEXTS

BC, AGENCY = "7111222233334444555", "7000999988887777666"
ONE, TWO = "7200000000000000101", "7301122334455667789"


@pytest.mark.parametrize(
    "text",
    [
        " ".join([BC[:4], BC[4:8], BC[8:12], BC[12:16], BC[16:]]),
        BC, f"  {BC}\n",
        f"https://business.tiktok.com/manage/overview?org_id={BC}",
        f"https://business.tiktok.com/manage/overview?org_id={BC}&detail_adv=1#top",
        f"https://business.tiktok.com/#/manage?bc_id={BC}",
    ],
)  # fmt: skip
def test_a_business_center_is_found(text: str) -> None:
    assert pasted_ids.account(text, TEXTS.account, agency_account_ids=[AGENCY]).values == (BC,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter your Business Center ID"),
        ("Brand FR", "is not an ID"),
        ("7111A22223333", "shorter than any ID"),
        ("1234", "about 19 digits"),
        (f"{BC} {ONE}", "these are 2"),
        (AGENCY, "agency's Business Center ID"),
        ("https://business.tiktok.com/manage", "found no ID in this address"),
        ("http://[broken?org_id=1", "no ID"),
        ("x" * 5000, "x" * 39 + "…"),
    ],
)
def test_what_is_no_business_center_gets_a_sentence(text: str, words: str) -> None:
    read = pasted_ids.account(text, TEXTS.account, agency_account_ids=[AGENCY])
    assert read.problem is not None
    assert words in english(read.problem)


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\n{TWO}",
        f"{ONE},{TWO}",
        f"{ONE}; {TWO}, {ONE}",
        f"https://ads.tiktok.com/i18n/dashboard?aadvid={ONE} {TWO}",
    ],
)
def test_ad_accounts_are_found_each_once(text: str) -> None:
    assert pasted_ids.assets(text, AD_ACCOUNT_IDS) == pasted_ids.ParsedField((ONE, TWO))


def test_too_many_ad_accounts_are_said_and_kept() -> None:
    read = pasted_ids.assets("\n".join(str(7200000000000000101 + each) for each in range(51)), AD_ACCOUNT_IDS)
    assert len(read.values) == 51
    assert english(read.problem or "") == "Enter at most 50 IDs here."


@pytest.mark.parametrize(("text", "values"), [("", ()), ("c4abcdefgh77u7qbtm10", ("C4ABCDEFGH77U7QBTM10",))])
def test_pixels_are_optional_and_in_capitals(text: str, values: tuple[str, ...]) -> None:
    assert pasted_ids.optional(text, PIXEL_IDS) == pasted_ids.ParsedField(values)


def test_a_wrong_pixel_says_what_one_looks_like() -> None:
    assert "20 letters and digits" in english(pasted_ids.optional("C4SHORT", PIXEL_IDS).problem or "")


def test_markets_are_countries() -> None:
    assert pasted_ids.markets(["fr", "BE", "FR"]).values == ("FR", "BE")
    assert english(pasted_ids.markets([]).problem or "") == "Choose at least one country where you want to advertise."
    assert "XX" in english(pasted_ids.markets(["XX"]).problem or "")


@pytest.mark.parametrize(
    ("name", "email", "needed", "fields"),
    [
        ("Ana", "ana@brand.com", True, set()), ("", "", False, set()), ("", "", True, {"name", "email"}),
        ("Ana", "", False, {"email"}), ("", "ana@brand.com", False, {"name"}), ("Ana", "ana@brand", True, {"email"}),
        ("Ana", "ana brand@x.y", True, {"email"}),
    ],
)  # fmt: skip
def test_a_contact_needs_a_name_and_an_address(name: str, email: str, needed: bool, fields: set[str]) -> None:
    assert set(pasted_ids.contact(name, email, needed=needed)) == fields


@pytest.mark.parametrize("text", ["shop-101 shop_7", "shop-101,\nshop_7;", " shop-101\u200b  shop-101 shop_7"])
def test_ids_without_a_form_of_their_own_are_words(text: str) -> None:
    assert pasted_ids.assets(text, IdForm()).values == ("shop-101", "shop_7")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter at least one ID."), (" , ;", "Enter at least one ID."), ("https://plaza.example/7", "an address"),
        ("<b>", "is not an ID"), ("-7", "is not an ID"), ("x" * (LONGEST_ID + 1), "is not an ID"),
    ],
)  # fmt: skip
def test_what_is_no_word_gets_a_sentence(text: str, words: str) -> None:
    assert words in english(pasted_ids.assets(text, IdForm()).problem or "")


def test_a_neutral_account_is_one_and_not_the_agencys() -> None:
    def read(text: str) -> str:
        return english(pasted_ids.account(text, AccountTexts(), agency_account_ids=["biz-north"]).problem or "")

    assert read("biz-lune") == ""
    assert read("") == "Enter the ID of your account."
    assert read("biz-lune biz-2") == "Enter one ID here; these are 2."
    assert read("biz-north") == "This is the ID of the agency’s account. Enter your own."


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for read in (
        pasted_ids.account(text, TEXTS.account, agency_account_ids=[AGENCY]), pasted_ids.assets(text, AD_ACCOUNT_IDS),
        pasted_ids.optional(text, PIXEL_IDS),
        pasted_ids.markets([text]),
        pasted_ids.assets(text, IdForm()),
    ):  # fmt: skip
        assert read.problem is None or 0 < len(english(read.problem)) < 300
        assert all(value.isascii() and plain_ids(value) == (value,) for value in read.values if read.problem is None)
