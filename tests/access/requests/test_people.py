"""Asking for people by address: what is taken, what is refused, and what is said about it."""

import httpx2
import pytest

from tests.world import World

REASON = "To help with the launch."


def _body(email: str, **more: str) -> dict[str, str]:
    return {"email": email, "role": "ANALYST", "reason": REASON, **more}


async def test_names_people_use_become_official_ones(api: httpx2.AsyncClient, world: World) -> None:
    body = _body("Nora@North.example", role="Observer", member_role="Employee")
    answer = await api.post(f"/links/{world.north.link_id}/people", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["role"], made["member_role"], made["person_email"]) == ("ANALYST", "STANDARD", "nora@north.example")
    assert (made["kind"], made["status"], made["warnings"]) == ("person", "waiting", [])
    assert made["asset_id"].startswith("person_")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "no address"}, "email"), ({"email": "a@b..c"}, "email"), ({"role": "ADMIN"}, "role"),
        ({"reason": " "}, "reason"), ({"member_role": "Guest"}, "member_role"), ({"member_role": "Owner"}, "body"),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_by_field(
    api: httpx2.AsyncClient, world: World, wrong: dict[str, str], field: str
) -> None:
    answer = await api.post(f"/links/{world.north.link_id}/people", json={**_body("nora@north.example"), **wrong})
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


async def test_a_free_mail_address_is_taken_with_a_warning(api: httpx2.AsyncClient, world: World) -> None:
    made = (await api.post(f"/links/{world.north.link_id}/people", json=_body("nora@gmail.com"))).json()
    assert len(made["warnings"]) == 1
    assert "gmail.com" in made["warnings"][0]


async def test_one_person_once_and_twenty_at_most(api: httpx2.AsyncClient, world: World) -> None:
    path = f"/links/{world.north.link_id}/people"
    for number in range(20):
        assert (await api.post(path, json=_body(f"p{number}@north.example"))).status_code == 201
    again = await api.post(path, json=_body("P3@north.example"))
    assert (again.status_code, again.json()["code"]) == (409, "person_known")
    more = await api.post(path, json=_body("p20@north.example"))
    assert (more.status_code, more.json()["code"]) == (409, "too_many_people")


async def test_a_preset_cannot_ask_for_a_person_without_an_address(api: httpx2.AsyncClient, world: World) -> None:
    body = {"kind": "person", "role": "ANALYST", "reason": REASON}
    answer = await api.post(f"/links/{world.north.link_id}/access-requests", json=body)
    assert answer.status_code == 422
    assert "/people" in answer.json()["errors"]["kind"]


async def test_taken_off_before_the_yes_and_asked_for_again(api: httpx2.AsyncClient, world: World) -> None:
    path = f"/links/{world.north.link_id}/people"
    made = (await api.post(path, json=_body("nora@north.example"))).json()
    gone = await api.delete(f"{path}/{made['id']}")
    assert (gone.status_code, gone.json()["status"]) == (202, "ended")
    assert (await api.delete(f"{path}/{made['id']}")).status_code == 404
    assert (await api.post(path, json=_body("nora@north.example"))).status_code == 201
