"""The words agreed to are those shown, and another text has another mark."""

from app.client_portal.copy.consent import Offer, agreement, platform_offers
from app.kit.i18n import locales, pseudo
from app.kit.i18n.locales import ENGLISH, english
from app.kit.i18n.message import _
from app.platforms import declarations
from app.platforms.tiktok.adapter import TikTok

TIKTOK = TikTok(wire=None, auth_url="", redirect_uri="", default_app=None)  # type: ignore[arg-type]  # is not called
OFFER = Offer(
    "ad accounts", "Run campaigns", "why", (_("Run ads"),), (_("See your password"),), "No.", "In the ad accounts"
)


def test_every_sentence_shown_is_kept_in_order() -> None:
    text = agreement(["Share A.", "Nothing else."], [OFFER, OFFER], agency="Acme", client="Lune")
    assert list(map(english, text.sentences)) == [
        "Share A.", "Nothing else.", "What Acme can do", "Run ads", "What Acme can’t do", "See your password",
        "By saying yes I confirm that I may decide this for Lune, and I share exactly what is listed here with Acme. I "
        "can take it back at any time.",
    ]  # fmt: skip


def test_the_mark_changes_with_any_word_and_with_the_language() -> None:
    one = agreement(["Share A."], [OFFER], agency="Acme", client="Lune")
    assert one.mark(ENGLISH) == agreement(["Share A."], [OFFER], agency="Acme", client="Lune").mark(ENGLISH)
    assert one.mark(ENGLISH) != agreement(["Share B."], [OFFER], agency="Acme", client="Lune").mark(ENGLISH)
    assert one.mark(ENGLISH) != one.mark(locales.find(pseudo.TAG))


def test_access_requests_alike_are_offered_once() -> None:
    asked = [("ad_account", "OPERATOR", "To run."), ("ad_account", "OPERATOR", "To run."),
             ("ad_account", "ANALYST", "To look.")]  # fmt: skip
    made = platform_offers(asked, TIKTOK)
    assert [(english(offer.label), english(offer.things)) for offer in made] == [
        ("Run campaigns (Operator)", "TikTok ad accounts"),
        ("View results (Analyst)", "TikTok ad accounts"),
    ]
    assert "budgets" in english(made[0].money)
    assert english(made[1].money).startswith("No.")


def test_full_control_is_not_called_harmless() -> None:
    assert english(platform_offers([("ad_account", "ADMIN", "why")], TIKTOK)[0].money).startswith("Yes")


def test_access_can_be_taken_back() -> None:
    assert any("Acme" in english(step.fill(agency="Acme")) for step in TIKTOK.take_back_steps)


def test_kinds_are_called_by_name() -> None:
    account, unknown = (declarations.find("tiktok", key).texts for key in ("ad_account", "spark_post"))
    assert [english(account.title(count)) for count in (1, 2)] == ["Ad account", "Ad accounts"]
    assert [english(unknown.title(count)) for count in (1, 2)] == ["Access", "Accesses"]
    assert english(account.all.fill(platform="TikTok")) == "TikTok ad accounts"
