"""Ids in whatever people paste: a right id is found however it is wrapped, a wrong one gets a sentence that helps."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.kit.input.text import TextWrong
from app.platforms.tiktok import typed_ids
from app.platforms.tiktok.typed_ids import AD_ACCOUNT, BUSINESS_CENTER, CATALOG

BC, ONE, TWO = "7111222233334444555", "7200000000000000101", "7301122334455667789"
CODE, OTHER = "C4ABCDEFGH77U7QBTM10", "CD1JKLMNOP77VD28TR20"


def one(text: str) -> str:
    """The only Business Center in a text."""
    (found,) = typed_ids.every(text, BUSINESS_CENTER)
    return found


#: The zero of every set of decimal digits that Unicode has.
ZEROS = [chr(each) for each in range(0x110000) if unicodedata.decimal(chr(each), None) == 0]
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202e\u2060\u2066\u2069\ufeff\u00ad\u2028\u0085"
SEPARATORS = " -‐‑‒–—.,'’_·\u00a0\u2009\u202f\uff0c"
SENTENCES = [
    "{}",
    "BC ID: {}",
    "Business Center ID {}",
    "#{}",
    "“{}”",
    '"{}"',
    "({})",
    "[{}]",
    "{}.",
    "{},",
    "Maison Lune\t{}",
    "{}\tMaison Lune",
    "Brand FR 1 {}",
    "ID={}",
    "« {} »",
    "*{}*",
    "`{}`",
    "1. {}",
    "• {}",
    "our id is {}, thanks!",
]
ADDRESSES = [
    "https://business.tiktok.com/manage/overview?{name}={id}",
    "<https://business.tiktok.com/manage?{name}={id}&x=1#top>",
    "[here](https://business.tiktok.com/?{name}={id})",
    "https://business.tiktok.com/?a=1&amp;{name}={id}",
    "https://business.tiktok.com/#/manage?{name}={id}",
    "business.tiktok.com/manage?{name}={id}.",
]


def in_digits(number: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(each)) for each in number)


numbers = some.integers(10**18 + 1, 10**19 - 1).filter(lambda each: each % 10_000).map(str)


@pytest.mark.parametrize("zero", ZEROS, ids=lambda zero: unicodedata.name(zero))
def test_digits_of_every_script_are_ascii_afterwards(zero: str) -> None:
    assert one(in_digits(BC, zero)) == BC
    assert typed_ids.every(f"{in_digits(ONE, zero)}\n{in_digits(TWO, zero)}", AD_ACCOUNT) == (ONE, TWO)


@given(numbers, some.sampled_from(ZEROS), some.sampled_from(SENTENCES), some.text(INVISIBLE, max_size=3), some.data())
def test_a_right_id_is_taken_whatever_wraps_it(
    number: str, zero: str, sentence: str, invisible: str, data: some.DataObject
) -> None:
    at = data.draw(some.integers(0, len(number)))
    hidden = "".join(each for each in invisible if each not in "\u2028\u0085")  # a line break ends a number
    typed = in_digits(number[:at], zero) + hidden + in_digits(number[at:], zero)
    assert one(invisible + sentence.format(typed) + invisible) == number


@given(numbers, some.sampled_from(SEPARATORS), some.sampled_from(["fours", "threes", "from the right"]))
def test_one_number_may_be_written_in_groups(number: str, sign: str, kind: str) -> None:
    size = 3 if kind == "threes" else 4
    first = len(number) % size if kind != "fours" else size
    cut = [number[:first], *(number[at : at + size] for at in range(first, len(number), size))]
    assert one(sign.join(filter(None, cut))) == number


@given(
    numbers,
    some.sampled_from(ADDRESSES),
    some.sampled_from(["org_id", "Org_Id", "ORG_ID", "bc_id", "orgId", "bcId"]),
    some.integers(0, 2),
)
def test_an_address_is_opened_however_it_is_wrapped(number: str, address: str, name: str, wrapped: int) -> None:
    text = address.format(name=name, id=number)
    for around in (
        "https://www.google.com/url?q={}&sa=D",
        "https://eur02.safelinks.protection.outlook.com/?url={}&data=05%7C638421234567890123%7C",
    )[:wrapped]:
        text = around.format(quote(text, safe=""))
    assert one(text) == number


@given(
    some.lists(numbers, min_size=2, max_size=6, unique=True),
    some.sampled_from(
        ["\n", ", ", ",", ";", " ; ", " / ", " and ", " | ", "\t", "，", "、", " & ", " + ", "\u2028", "\r\n"]
    ),
    some.sampled_from(
        ["{id}", "- {id}", "• {id}", '"{id}"', "Brand {at} {id}", "Brand\t{id}", "{at}. {id}", "{at}) {id}"]
    ),
)
def test_every_id_of_a_list_is_found(ids: list[str], between: str, row: str) -> None:
    text = between.join(row.format(at=at, id=each) for at, each in enumerate(ids, 1))
    assert typed_ids.every(text, AD_ACCOUNT) == tuple(ids)


@pytest.mark.parametrize(
    "text",
    [
        f'"Name","ID","Currency"\n"Brand, FR","{ONE}","EUR"\n"B","{TWO}","EUR"',
        f"{ONE},12,500.00,EUR\n{TWO},1,EUR",
        "7200 0000 0000 0000 101, 7301 1223 3445 5667 789",
        "7,200,000,000,000,000,101\n7,301,122,334,455,667,789",
        f"https://ads.tiktok.com/i18n/dashboard?aadvid={ONE} and {TWO}",
        f"https://business.tiktok.com/?org_id={BC}&aadvid={ONE}\n{TWO}",
        f"{ONE}-{TWO}",
        f"{ONE}.{TWO}.",
        f"{ONE} {ONE} {TWO}",
    ],
)
def test_rows_as_they_are_copied(text: str) -> None:
    assert typed_ids.every(text, AD_ACCOUNT) == (ONE, TWO)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7.11122E+18", "spreadsheet shortened"),
        ("7,11122E+18", "spreadsheet shortened"),
        ("7.11E18", "spreadsheet"),
        ("7111222233334440000", "ends in 0000"),
        ("711122223333444000", "ends in 000,"),
        ("+33 6 12 34 56 78", "phone number"),
        ("+1 (415) 555-2671", "phone number"),
        ("12345", "shorter than any ID"),
        ("71112222333344", "shorter than any"),
        ("0612345678", "shorter than any"),
        (BC * 2, "38 digits"),
        (f"https://ads.tiktok.com/?aadvid={ONE}", "is an ad account ID"),
        ("Maison Lune", "no letters"),
        ("https://business.tiktok.com/manage", "found no ID in this address"),
    ],
)
def test_lost_digits_are_told_apart(text: str, said: str) -> None:
    with pytest.raises(TextWrong, match=r".") as told:
        one(text)
    assert said in str(told.value)


def test_a_number_that_really_ends_in_zeros_is_taken_from_its_address() -> None:
    assert one("https://business.tiktok.com/?org_id=7111222233334440000").endswith("0000")


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        f"ttq.load('{CODE}');",
        f"https://analytics.tiktok.com/i18n/pixel/events.js?sdkid={CODE}&lib=ttq",
        f"https://ads.tiktok.com/i18n/events_manager/datasource/pixel/detail/{CODE}?org_id={BC}&aadvid={ONE}",
        f'"{CODE}"',
        f"Pixel ID: {CODE}",
        "".join(chr(ord(each) + 0xFEE0) for each in CODE),
        f"\u202a{CODE}\u202c",
        f"{CODE[:7]}\u200b{CODE[7:]}",
        f"Brand pixel\t{CODE}\tActive",
    ],
)
def test_a_pixel_code_is_found(text: str) -> None:
    assert typed_ids.pixel_codes(text) == (CODE,)
    assert typed_ids.pixel_codes(f"{text}\n{OTHER}") == (CODE, OTHER)


def test_the_number_of_a_pixel_is_told_from_its_code() -> None:
    with pytest.raises(TextWrong, match=r"number TikTok’s API uses.*code that stands beside it"):
        typed_ids.pixel_codes("7300000000000000999")
    with pytest.raises(TextWrong, match="20 letters and digits"):
        typed_ids.pixel_codes("internationalization")


@given(some.text(max_size=300))
def test_any_text_is_read_or_refused_with_one_sentence(text: str) -> None:
    for sort in (BUSINESS_CENTER, AD_ACCOUNT, CATALOG):
        try:
            found = typed_ids.every(text, sort)
        except TextWrong as told:
            found, sentence = (), str(told)
        else:
            sentence = "none is needed"
        assert 10 < len(sentence) < 300
        assert all(each.isascii() and each.isdigit() and 15 <= len(each) <= 20 for each in found)
