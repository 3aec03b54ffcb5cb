"""Worlds x faults: what is shown, whose turn it is, that nothing is green or red that is not so, and that it ends."""

import re

import pytest

from app.client_portal.status_texts import BLOCKER_TEXTS
from tests.access.worlds.row import ENDED, GREEN, Row, played
from tests.access.worlds.stage import play
from tests.access.worlds.table import accounts, drift, faults, people, pixels, stubborn
from tests.house import House
from tests.prepared import Prepared

ROWS: tuple[Row, ...] = (
    *people.PERSONS, *people.CENTERS, *people.TRIPS,
    *accounts.OWNERS, *accounts.STATUSES, *accounts.HELD, *accounts.MIXED,
    *pixels.PIXELS, *pixels.CATALOGS, *pixels.PEOPLE,
    *faults.WRITES, *faults.READS, *faults.PIXEL_CODES, *faults.SLOW,
    *drift.DRIFT, *drift.BLIND, *stubborn.STUBBORN,
)  # fmt: skip

#: Codes of JOURNEYS' table that no row can show, and why.
WITHOUT_ROW = {
    "account_missing": "an ad account is declined before its pixel: tests/access/reconciler/test_status.py",
    "bc_not_enabled": "a status that TikTok does not name yet: tests/client_portal/test_status_texts.py",
    "tt_account_already_linked": "the client says so, no call shows it: tests/client_portal/pages/test_linking.py",
}


@pytest.mark.parametrize("row", played(ROWS), ids=lambda row: re.sub(r"[^a-z0-9]+", "-", row.name.lower()))
async def test_a_world(house: House, prepared: Prepared, row: Row) -> None:
    await play(house, row, prepared)


def test_every_name_is_of_one_row() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names)) >= 60


def test_every_blocker_has_a_row_or_a_reason() -> None:
    shown = {shown.code for row in ROWS for shown in (*row.before, *row.after) if shown.code}
    assert shown <= set(BLOCKER_TEXTS)
    assert set(BLOCKER_TEXTS) - shown == set(WITHOUT_ROW)


def test_every_world_that_people_mend_ends_verified_or_taken_away() -> None:
    not_green = {row.name for row in ROWS if set(row.after) != {GREEN} and not row.name.startswith("taking away")}
    assert not_green == {"of two, one is somebody else's"}
    assert all(set(row.after) == {ENDED} for row in ROWS if row.name.startswith("taking away"))
