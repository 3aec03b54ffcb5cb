"""The words agreed to are those shown, and another text has another mark."""

from app.client_portal.copy.consent import Offer, agreement, kind_name, platform_offers
from app.client_portal.copy.guided_steps import removal_steps, steps
from app.platforms.tiktok.adapter import TikTok
from app.platforms.tiktok.steps import SHARE

TIKTOK = TikTok(wire=None, auth_url="", redirect_uri="", default_app=None)  # type: ignore[arg-type]  # is not called
OFFER = Offer("ad accounts", "Run campaigns", "why", ("run ads",), ("see your password",), "No.", "In the ad accounts")


def test_every_sentence_shown_is_kept_in_order() -> None:
    text = agreement(["Share A.", "Nothing else."], [OFFER, OFFER], agency="Acme", client="Lune")
    assert text.sentences[:4] == ["Share A.", "Nothing else.", "Acme can run ads.", "Acme can’t see your password."]
    assert text.sentences[-1] == text.statement
    assert "Lune" in text.statement
    assert len(text.sentences) == 5, "said once, however many offers say it"


def test_the_mark_changes_with_any_word() -> None:
    one = agreement(["Share A."], [OFFER], agency="Acme", client="Lune")
    assert one.mark == agreement(["Share A."], [OFFER], agency="Acme", client="Lune").mark
    assert one.mark != agreement(["Share B."], [OFFER], agency="Acme", client="Lune").mark


def test_access_requests_alike_are_offered_once() -> None:
    asked = [("ad_account", "OPERATOR", "To run."), ("ad_account", "OPERATOR", "To run."),
             ("ad_account", "ANALYST", "To look.")]  # fmt: skip
    made = platform_offers(asked, TIKTOK)
    assert [(offer.label, offer.things) for offer in made] == [
        ("Run campaigns (Operator)", "TikTok ad accounts"),
        ("View results (Analyst)", "TikTok ad accounts"),
    ]
    assert "budgets" in made[0].money
    assert made[1].money.startswith("No.")


def test_full_control_is_not_called_harmless() -> None:
    assert platform_offers([("ad_account", "ADMIN", "why")], TIKTOK)[0].money.startswith("Yes")


def test_the_steps_name_agency_number_and_role() -> None:
    lines = steps(SHARE["ad_account"], agency="Acme", agency_account_id="7000999988887777666", role="Operator")
    said = " ".join(line.text + " ".join(line.variants) for line in lines)
    assert "{" not in said
    assert "Acme" in said
    assert "Operator" in said
    assert [line.asks_for_id for line in lines].count(True) == 1
    assert "7000999988887777666" not in said, "the number stands in the field to copy"
    assert ("Users", "Partners") in [line.where for line in lines]


def test_access_can_be_taken_back_on_any_platform() -> None:
    assert any("Acme" in step for step in removal_steps("tiktok", agency="Acme"))
    assert removal_steps("elsewhere", agency="Acme") == [
        "Remove Acme from the list of people and partners with access."
    ]


def test_kinds_are_called_by_name() -> None:
    assert (kind_name("ad_account"), kind_name("ad_account", 2)) == ("ad account", "ad accounts")
    assert (kind_name("spark_post"), kind_name("spark_post", 2)) == ("spark post", "spark posts")
