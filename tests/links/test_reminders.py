"""Schedules of reminders by the API: of the agency and of a link."""

from typing import Any

import httpx2
import pytest

from tests.world import World

DEFAULT = {"days": [1, 3, 7], "quiet_from": 20, "quiet_until": 8, "on_weekends": False, "time_zone": "UTC"}


async def test_the_schedule_of_an_agency(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/agency/reminders")).json() == DEFAULT
    wanted = {"days": [7, 2], "quiet_from": 22, "quiet_until": 7, "on_weekends": True, "time_zone": "Europe/Paris"}
    assert (await api.put("/agency/reminders", json=wanted)).json() == {**wanted, "days": [2, 7]}
    assert (await api.get("/agency/reminders")).json() == {**wanted, "days": [2, 7]}
    assert (await api.put("/agency/reminders", json={"days": []})).json() == {**DEFAULT, "days": []}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"days": [0]}, "days"), ({"days": [1, 1.5]}, "days.1"), ({"days": [1], "quiet_from": 24}, "quiet_from"),
        ({"days": [1], "time_zone": "Paris"}, "time_zone"), ({}, "days"),
    ],
)  # fmt: skip
async def test_a_wrong_schedule_is_refused(api: httpx2.AsyncClient, wrong: dict[str, Any], field: str) -> None:
    answer = await api.put("/agency/reminders", json=wrong)
    assert answer.status_code == 422
    assert field in answer.text


async def test_the_schedule_of_a_link(api: httpx2.AsyncClient, world: World) -> None:
    path = f"/links/{world.north.link_id}"
    before = (await api.get(path)).json()
    assert (before["reminder_days"], before["time_zone"], before["reminders_ended_at"]) == (None, None, None)
    wanted = {"reminder_days": [5, 2], "time_zone": "Asia/Ho_Chi_Minh"}
    after = (await api.put(f"{path}/reminders", json=wanted)).json()
    assert (after["reminder_days"], after["time_zone"]) == ([2, 5], "Asia/Ho_Chi_Minh")
    off = (await api.put(f"{path}/reminders", json={"reminder_days": []})).json()
    assert (off["reminder_days"], off["time_zone"]) == ([], None)
    assert (await api.put(f"{path}/reminders", json={"reminder_days": [99]})).status_code == 422
    assert (await api.put(f"/links/{world.south.link_id}/reminders", json=wanted)).status_code == 404


async def test_a_link_is_made_with_its_schedule(api: httpx2.AsyncClient) -> None:
    made = await api.post("/links", json={"client": {"name": "Brand"}, "reminder_days": [], "time_zone": "Asia/Tokyo"})
    assert (made.json()["reminder_days"], made.json()["time_zone"]) == ([], "Asia/Tokyo")
