"""What people say decides, in every combination; nothing of it is green."""

from dataclasses import replace
from itertools import product

import pytest

from app.access.attestations.status import Said, Status, status

EVERY = [Said(*values) for values in product([False, True], repeat=5)]
AGREED = Said(approved=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(), Status("waiting", "client")),
        (AGREED, Status("awaiting_client", "client")),
        (replace(AGREED, by_client=True), Status("awaiting_partner", "agency")),
        (replace(AGREED, by_client=True, by_agency=True), Status("attested")),
        (replace(AGREED, by_agency=True), Status("attested")),
        (Said(declined=True), Status("declined")),
        (Said(over=True), Status("ended")),
        (replace(AGREED, over=True, by_client=True), Status("ended")),
        (replace(AGREED, over=True, by_agency=True), Status("attested")),
    ],
)
def test_whose_word_makes_which_state(said: Said, expected: Status) -> None:
    assert status(said) == expected


@pytest.mark.parametrize("said", EVERY, ids=str)
def test_no_word_makes_it_green_and_somebody_is_named_while_it_is_open(said: Said) -> None:
    found = status(said)
    assert found.state in {"waiting", "awaiting_client", "awaiting_partner", "attested", "declined", "ended"}
    assert (found.next_actor is None) == (found.state in {"attested", "declined", "ended"})


@pytest.mark.parametrize("said", [each for each in EVERY if not each.by_agency], ids=str)
def test_without_the_agencys_word_it_is_never_attested(said: Said) -> None:
    assert status(said).state != "attested"
