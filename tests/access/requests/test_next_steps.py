"""What the agency is told to do."""

from app.access.requests.next_steps import hint
from app.platforms.blockers import BLOCKERS
from app.platforms.port import EVENTS_WITHIN


def test_the_hint_fits_the_status_and_the_kind() -> None:
    assert "review" not in (hint("blocked", "bc_punished") or "")
    assert "suspended" not in (hint("blocked", "ad_account_limited") or "")
    assert f"{EVENTS_WITHIN.days} days" in (hint("blocked", "pixel_silent") or "")
    assert "accept it in your Business Center" in (hint("awaiting_partner", None, kind="ad_account") or "")
    person = hint("awaiting_partner", None, kind="person") or ""
    assert "accepted TikTok's e-mail" in person
    assert "Business Center" not in person
    assert "nothing has to be removed" in (hint("blocked", "role_higher_than_requested", kind="person") or "")


def test_a_permission_that_the_platform_named_is_named() -> None:
    said = hint("blocked", "scope_not_authorized", permissions=["Business Center Partner Management"])
    assert said is not None
    assert "lacks “Business Center Partner Management”" in said


def test_states_where_nothing_is_to_be_done_say_nothing() -> None:
    for status in ("waiting", "approved", "verified", "declined", "ended"):
        assert hint(status, None) is None


def test_a_blocker_we_do_not_know_points_to_the_evidence() -> None:
    assert hint("blocked", "something_new") == "See the platform calls for what the platform answered."
    unread = hint("unverifiable", None)
    assert unread is not None
    assert "refused" not in unread
    assert "/attestation" in unread


def test_sentences_are_sentences() -> None:
    for code in BLOCKERS:
        sentence = hint("blocked", code)
        assert sentence
        assert sentence[0].isupper()
        assert sentence.endswith((".", ")."))


def test_of_a_manual_platform_no_connection_is_promised() -> None:
    for status in ("awaiting_client", "awaiting_partner"):
        said = hint(status, None, manual=True)
        assert said is not None
        assert "attestation" in said
    assert hint("attested", None, manual=True) is None
