"""What is read is made fit to be kept, and compared with what was known."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.access.imports import api as imports_api
from app.access.imports.diff import KnownGrant, compare, one_line, valid_partners, valid_shares
from app.platforms.resources import AssetShare, PartnerInfo


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Maison Lune", "Maison Lune"),
        ("  a\tb\nc\x00d ", "a b c d"),
        ("株式会社 ルナ 🌙", "株式会社 ルナ 🌙"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ud800half", "half"),
        ("a\u2028b", "a b"),
        ("\x00\x07", ""),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_name_becomes_one_line(name: str, shown: str) -> None:
    assert one_line(name) == shown


@given(some.text(some.characters(exclude_categories=())))
def test_any_name_can_be_kept(name: str) -> None:
    kept = one_line(name).encode()
    assert b"\x00" not in kept
    assert b"\n" not in kept
    assert one_line(one_line(name)) == one_line(name)


def test_partners_without_a_usable_id_are_counted_and_the_agency_is_nobodys_partner() -> None:
    seen = [
        PartnerInfo("7111", "One"), PartnerInfo("7111", "One again"), PartnerInfo("7000", "Ourselves"),
        PartnerInfo("7222", "\x00"), PartnerInfo("x' OR 1=1", "Odd"), PartnerInfo("", "None"),
        PartnerInfo("7" * 33, "Long"), PartnerInfo("७१११", "Other digits"),
    ]  # fmt: skip
    assert valid_partners(seen, "7000") == (
        [PartnerInfo("7111", "One again"), PartnerInfo("7222", "Business Center 7222")], 4,
    )  # fmt: skip


def test_shares_that_cannot_be_used_are_named() -> None:
    shares = {
        "7201": AssetShare("7201", "OPERATOR", "Brand\nFR"),
        "7202": AssetShare("7202", "operator\x00", "Odd role"),
        "ab\x00": AssetShare("ab\x00", "ANALYST"),
    }
    assert valid_shares(shares) == (
        {"7201": AssetShare("7201", "OPERATOR", "Brand FR")}, frozenset({"7202", "ab\x00"}),
    )  # fmt: skip


def test_what_is_new_changed_renamed_or_gone() -> None:
    known = {
        "1": KnownGrant("grant_1", "ANALYST", "One"), "2": KnownGrant("grant_2", "ANALYST", "Two"),
        "3": KnownGrant("grant_3", "ANALYST", "Three"), "4": KnownGrant("grant_4", "ANALYST", "Four"),
        "5": KnownGrant("grant_5", "ANALYST", "Five"),
    }  # fmt: skip
    seen = {
        "1": AssetShare("1", "ANALYST", ""), "2": AssetShare("2", "ADMIN", "Deux"),
        "3": AssetShare("3", "ANALYST", "Trois"), "6": AssetShare("6", "ADMIN", "Six"),
    }  # fmt: skip
    said = compare(seen, known, unreadable={"5"})
    assert [share.asset_id for share in said.new] == ["6"]
    assert [share.asset_id for share in said.changed] == ["2"]
    assert [share.asset_id for share in said.renamed] == ["3"]
    assert said.gone == ("4",)  # not 5: it is there, and cannot be read


@pytest.mark.parametrize("code", sorted(imports_api.IMPORT_CODES))
def test_a_hint_is_one_or_two_sentences(code: str) -> None:
    said = imports_api.import_hint(code)
    assert said is not None
    assert said.endswith(".")
    assert len(said) < 260


def test_an_unknown_code_has_a_hint_and_no_code_has_none() -> None:
    assert (imports_api.import_hint("new_code"), imports_api.import_hint(None)) == (
        "See what TikTok answered, and import again.",
        None,
    )
