"""What clients pick, type and tick becomes what is kept, and is shown again as it was."""

from types import SimpleNamespace

import pytest

from app.access.connections.selectable_assets import Choice
from app.client_portal.forms import assets as asset_forms
from app.client_portal.forms import intake
from app.client_portal.forms.intake import ContactFields
from app.client_portal.in_app_browsers import app_around
from app.kit.i18n.locales import ENGLISH, english
from app.links import pasted_ids
from app.platforms.tiktok.client_texts import TEXTS
from app.platforms.tiktok.kinds import AD_ACCOUNT

CAN = Choice("7200000000000000101", "EU", True)
OTHER = Choice("7200000000000000102", "UK", True)
CANNOT = Choice("7200000000000000103", "US", False, "account_not_ticked")
SEEN = [CAN, OTHER, CANNOT]


def test_only_what_can_be_picked_is_picked() -> None:
    assert asset_forms.picked_assets([CANNOT.id, CAN.id, CAN.id, "7999"], SEEN, AD_ACCOUNT, agreed=[]).values == (
        CAN.id,
    )
    assert asset_forms.picked_assets([CANNOT.id], SEEN, AD_ACCOUNT, agreed=[]).problem
    assert asset_forms.picked_assets([], SEEN, AD_ACCOUNT, agreed=[]).problem
    assert asset_forms.picked_assets([], SEEN, AD_ACCOUNT, agreed=["7200000000000000999"]).problem is None
    assert asset_forms.picked_account(CAN.id, SEEN, TEXTS.account).values == (CAN.id,)
    assert asset_forms.picked_account(CANNOT.id, SEEN, TEXTS.account).problem
    assert asset_forms.picked_account("", SEEN, TEXTS.account).problem


def test_where_nothing_was_seen_numbers_are_read() -> None:
    typed = ["https://ads.tiktok.com/i18n/dashboard?aadvid=7200000000000000101\n7200000000000000102"]
    assert asset_forms.picked_assets(typed, [], AD_ACCOUNT, agreed=[]).values == (
        "7200000000000000101",
        "7200000000000000102",
    )
    assert asset_forms.picked_assets(["abc"], [], AD_ACCOUNT, agreed=[]).problem
    assert asset_forms.picked_assets([" "], [], AD_ACCOUNT, agreed=[]).problem
    assert asset_forms.picked_assets([" "], [], AD_ACCOUNT, agreed=["7200000000000000101"]).problem is None


def test_more_than_a_call_can_share_is_refused() -> None:
    many = [Choice(str(7200000000000000000 + number), "x", True) for number in range(51)]
    refused = asset_forms.picked_assets([choice.id for choice in many], many, AD_ACCOUNT, agreed=[]).problem
    assert "50" in english(refused or "")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("uk", "GB"), ("usa", "US"), ("united k", "GB"), ("cote d'iv", "CI"), ("ivory", "CI"), ("turkiye", "TR"),
        ("turkey", "TR"), ("uae", "AE"), ("reunion", "RE"), ("holland", "NL"), ("curacao", "CW"), ("de", "DE"),
    ],
)  # fmt: skip
def test_a_country_is_found_by_what_people_type(typed: str, code: str) -> None:
    near, others = intake.grouped_countries(ENGLISH.countries, [])
    found = {each.code for each in (*near, *others) if f" {typed}" in f" {each.found_by}"}
    assert code in found
    assert len(found) < 12


def test_countries_chosen_before_stand_among_the_first() -> None:
    near, others = intake.grouped_countries(ENGLISH.countries, ["AD", "FR"])
    assert [(each.name, each.found_by) for each in near if each.code == "AD"] == [("Andorra", "andorra ad")]
    assert [each.code for each in near].count("FR") == 1
    assert "AD" not in {each.code for each in others}
    assert len(near) + len(others) == len(ENGLISH.countries)


def test_countries_of_time_zones_are_named_once_and_not_guessed() -> None:
    zones = ["Europe/Berlin", "America/New_York", "Europe/Berlin", "Etc/GMT+3", "UTC", "nonsense", ""]
    assert intake.countries_of(zones) == ["DE", "US"]


class Fields:
    """A form of contacts."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields

    def text(self, name: str, *, most: int = 200) -> str:
        """One field."""
        return self.fields.get(name.replace("-", "_"), "")[:most]

    line = text

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))


def test_one_person_may_have_every_role() -> None:
    given = intake.read_contacts(
        Fields(approver_name="Ana", approver_email="ana@brand.com", billing_same="yes", technical_same="yes")
    )
    assert intake.contact_problems(given) == {}
    assert {(row["role"], row["email"]) for row in intake.contact_rows(given)} == {
        (role, "ana@brand.com") for role in pasted_ids.CONTACT_ROLES
    }


def test_a_role_that_is_somebody_elses_needs_both_fields() -> None:
    given = intake.read_contacts(Fields(approver_name="Ana", approver_email="nonsense", technical_name="Ina"))
    assert set(intake.contact_problems(given)) == {
        "approver-email", "billing-name", "billing-email", "technical-email"
    }  # fmt: skip


def test_what_was_kept_is_shown_again() -> None:
    given = {
        "approver": ContactFields("Ana", "ana@brand.com", same=False),
        "billing": ContactFields(same=True),
        "technical": ContactFields("Ina", "ina@brand.com", same=False),
    }
    invited = SimpleNamespace(contact_name="Somebody", contact_email="else@brand.com")
    assert intake.shown_contacts(intake.contact_rows(given), invited) == given


def test_whom_the_agency_named_need_not_be_typed() -> None:
    invited = SimpleNamespace(contact_name="Ana", contact_email="ana@brand.com")
    assert intake.shown_contacts(None, invited)["approver"] == ContactFields("Ana", "ana@brand.com", same=False)
    nobody = SimpleNamespace(contact_name=None, contact_email=None)
    assert intake.shown_contacts(None, nobody)["approver"] == ContactFields("", "", same=False)
    assert intake.shown_contacts(None, nobody)["billing"].same


@pytest.mark.parametrize(
    ("agent", "app"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Instagram 300.0.0", "Instagram"),
        ("Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0", "WeChat"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit musical_ly_33.0.0 JsSdk/2.0", "TikTok"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605 Version/17.0 Mobile Safari/604.1", None),
        ("", None),
    ],
)
def test_a_page_inside_another_app_is_noticed(agent: str, app: str | None) -> None:
    assert app_around(agent) == app
