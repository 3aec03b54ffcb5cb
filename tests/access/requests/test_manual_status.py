"""What people say decides, in every combination; nothing of it is green."""

from dataclasses import replace
from itertools import product

import pytest

from app.access.requests.manual_status import AttestationFacts, AttestationStatus, status

EVERY = [AttestationFacts(*values) for values in product([False, True], repeat=5)]
AGREED = AttestationFacts(approved=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (AttestationFacts(), AttestationStatus("waiting", "client")),
        (AGREED, AttestationStatus("awaiting_client", "client")),
        (replace(AGREED, by_client=True), AttestationStatus("awaiting_partner", "agency")),
        (replace(AGREED, by_client=True, by_agency=True), AttestationStatus("attested")),
        (replace(AGREED, by_agency=True), AttestationStatus("attested")),
        (AttestationFacts(declined=True), AttestationStatus("declined")),
        (AttestationFacts(over=True), AttestationStatus("ended")),
        (replace(AGREED, over=True, by_client=True), AttestationStatus("ended")),
        (replace(AGREED, over=True, by_agency=True), AttestationStatus("attested")),
    ],
)
def test_whose_word_makes_which_state(said: AttestationFacts, expected: AttestationStatus) -> None:
    assert status(said) == expected


@pytest.mark.parametrize("said", EVERY, ids=str)
def test_no_word_makes_it_green_and_somebody_is_named_while_it_is_open(said: AttestationFacts) -> None:
    found = status(said)
    assert found.status in {"waiting", "awaiting_client", "awaiting_partner", "attested", "declined", "ended"}
    assert (found.next_actor is None) == (found.status in {"attested", "declined", "ended"})


@pytest.mark.parametrize("said", [each for each in EVERY if not each.by_agency], ids=str)
def test_without_the_agencys_word_it_is_never_attested(said: AttestationFacts) -> None:
    assert status(said).status != "attested"
