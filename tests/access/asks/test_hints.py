"""What the agency is told to do."""

from app.access.asks.hints import CODES, hint
from app.access.connections import choices
from app.access.handshakes.deciding.status import ACTORS
from app.platforms.tiktok import codes


def test_every_code_that_a_decision_can_give_has_a_sentence() -> None:
    given = {*choices._STATUS_CODES.values(), *ACTORS, *(codes.blocker(code) for code in range(40000, 61000))}
    assert given - CODES - {"auth_code_expired"} == set()


def test_states_where_nothing_is_to_be_done_say_nothing() -> None:
    for state in ("waiting", "approved", "verified", "declined", "ended"):
        assert hint(state, None) is None


def test_a_blocker_we_do_not_know_points_to_the_evidence() -> None:
    assert hint("blocked", "something_new") == "See the exchanges for what the platform answered."
    assert hint("unverifiable", None) == hint("unverifiable", None) is not None


def test_sentences_are_sentences() -> None:
    for code in CODES:
        sentence = hint("blocked", code)
        assert sentence
        assert sentence[0].isupper()
        assert sentence.endswith((".", ")."))


def test_of_a_written_platform_no_connection_is_promised() -> None:
    for state in ("awaiting_client", "awaiting_partner"):
        said = hint(state, None, custom=True)
        assert said is not None
        assert "attestation" in said
    assert hint("attested", None, custom=True) is None
