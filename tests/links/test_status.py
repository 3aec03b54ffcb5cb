"""Whose turn it is on a link."""

import pytest

from app.links.status import STATUSES, next_actor


@pytest.mark.parametrize(
    ("status", "actors", "whose"),
    [
        ("draft", ["client"], "agency"),
        ("sent", ["client"], "client"),
        ("in_progress", ["client", None], "client"),
        ("submitted", ["us", "agency", None], "agency"),
        ("submitted", ["agency", "client"], "client"),
        ("submitted", ["us", "platform"], "platform"),
        ("submitted", [None, None], None),
        ("completed", ["client"], "client"),
        ("completed", [None], None),
        ("expired", ["client"], None),
        ("revoked", ["client"], None),
    ],
)
def test_people_come_first_and_dead_links_wait_for_nobody(
    status: str, actors: list[str | None], whose: str | None
) -> None:
    assert next_actor(status, actors) == whose


def test_every_status_has_an_answer() -> None:
    assert {next_actor(status, []) for status in STATUSES} == {None, "agency", "client"}
