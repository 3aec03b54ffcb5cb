"""The Business Center pages, where people do by hand what the guided lane asks."""

import re

import httpx2
import pytest

from simulator import seed
from tests.simulator.caller import Caller

LUNE = f"/business-center/{seed.MAISON_LUNE}"
NORTH = f"/business-center/{seed.NORTH_AGENCY}"
FORM = {
    "partner_id": seed.NORTH_AGENCY,
    "asset_ids": [seed.LUNE_EU, seed.LUNE_UK],
    "advertiser_role": "OPERATOR",
}


async def text(caller: Caller, path: str) -> str:
    """A page without its tags."""
    page = await caller.client.get(path)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def goes_back(response: httpx2.Response, path: str) -> bool:
    return response.status_code == 303 and response.headers["Location"] == path


async def test_the_list(caller: Caller) -> None:
    page = await caller.client.get("/business-center")
    for bc_id in (seed.NORTH_AGENCY, seed.MAISON_LUNE, seed.BIG_RETAIL):
        assert f"/business-center/{bc_id}" in page.text
    assert goes_back(await caller.client.get("/"), "/business-center")


async def test_add_see_and_remove(caller: Caller) -> None:
    assert goes_back(await caller.client.post(f"{LUNE}/partners", data=FORM), LUNE)
    assert f"Maison Lune EU {seed.LUNE_EU} · Operator Remove" in await text(caller, LUNE)
    assert f"Maison Lune EU {seed.LUNE_EU} · Operator" in await text(caller, NORTH)
    form = {"partner_id": seed.NORTH_AGENCY, "asset_id": seed.LUNE_EU}
    assert goes_back(await caller.client.post(f"{LUNE}/removals", data=form), LUNE)
    assert seed.LUNE_EU not in await text(caller, NORTH)
    assert seed.LUNE_UK in await text(caller, NORTH)


async def test_approve(caller: Caller) -> None:
    await caller.switch(partner_approval=True)
    await caller.client.post(f"{LUNE}/partners", data=FORM)
    assert "Approve" not in await text(caller, LUNE)
    waiting = await text(caller, NORTH)
    assert f"Partner requests Maison Lune {seed.MAISON_LUNE} Approve" in waiting
    assert seed.LUNE_EU not in waiting
    form = {"partner_id": seed.MAISON_LUNE}
    for _ in range(2):
        assert goes_back(await caller.client.post(f"{NORTH}/approvals", data=form), NORTH)
    approved = await text(caller, NORTH)
    assert "Partner requests" not in approved
    assert seed.LUNE_EU in approved


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"partner_id": "12345"}, "There is no Business Center with this ID."),
        ({"partner_id": ""}, "There is no Business Center with this ID."),
        ({"partner_id": seed.MAISON_LUNE}, "A Business Center cannot be its own partner."),
        ({"asset_ids": [seed.SOLO_ACCOUNT]}, "does not belong to this Business Center."),
    ],
)
async def test_problems_stand_beside_the_field(caller: Caller, change: dict[str, str], problem: str) -> None:
    response = await caller.client.post(f"{LUNE}/partners", data={**FORM, **change})
    assert response.status_code == 400
    assert problem in response.text
    assert 'aria-describedby="partner_problem"' in response.text
    assert "No partners yet." in await text(caller, LUNE)


async def test_a_person_chooses_the_role(caller: Caller) -> None:
    page = await caller.client.get(LUNE)
    assert page.text.count('<option value="">Choose a role</option>') == 2
    for form in ({**FORM, "advertiser_role": ""}, {**FORM, "asset_ids": [seed.CATALOG_LUNE], "catalog_role": ""}):
        response = await caller.client.post(f"{LUNE}/partners", data=form)
        assert response.status_code == 400
        assert "Choose a role on Maison Lune" in response.text
    assert "No partners yet." in await text(caller, LUNE)


@pytest.mark.parametrize("role", ["ADMIN", "ANALYST"])
async def test_change_a_role(caller: Caller, role: str) -> None:
    await caller.client.post(f"{LUNE}/partners", data=FORM)
    form = {"partner_id": seed.NORTH_AGENCY, "asset_id": seed.LUNE_EU, "role": role}
    assert goes_back(await caller.client.post(f"{LUNE}/roles", data=form), LUNE)
    north = await text(caller, NORTH)
    assert f"Maison Lune EU {seed.LUNE_EU} · {role.capitalize()}" in north
    assert f"Maison Lune UK {seed.LUNE_UK} · Operator" in north


async def test_a_role_on_what_is_not_shared(caller: Caller) -> None:
    form = {"partner_id": seed.NORTH_AGENCY, "asset_id": seed.LUNE_EU, "role": "ADMIN"}
    response = await caller.client.post(f"{LUNE}/roles", data=form)
    assert (response.status_code, "is not shared with this partner" in response.text) == (400, True)


async def test_spaces_around_a_pasted_id_do_not_matter(caller: Caller) -> None:
    form = {**FORM, "partner_id": f" {seed.NORTH_AGENCY}\n"}
    assert goes_back(await caller.client.post(f"{LUNE}/partners", data=form), LUNE)


async def test_a_partner_without_ad_accounts(caller: Caller) -> None:
    await caller.client.post(f"{LUNE}/partners", data={"partner_id": seed.NORTH_AGENCY})
    assert "You’ve shared Nothing." in await text(caller, LUNE)


async def test_an_unknown_business_center(caller: Caller) -> None:
    assert (await caller.client.get("/business-center/12345")).status_code == 404
    assert (await caller.client.post("/business-center/12345/partners", data=FORM)).status_code == 404


async def test_pixels_and_catalogs_are_shared_here_too(caller: Caller) -> None:
    page = await text(caller, LUNE)
    assert f"Pixels to share maisonlune.example web {seed.PIXEL_LUNE_CODE}" in page
    assert f"Catalogs to share Maison Lune catalog {seed.CATALOG_LUNE}" in page
    form = {**FORM, "asset_ids": [seed.PIXEL_LUNE, seed.CATALOG_LUNE, seed.LUNE_EU], "catalog_role": "ADMIN"}
    assert goes_back(await caller.client.post(f"{LUNE}/partners", data=form), LUNE)
    north = await text(caller, NORTH)
    assert f"maisonlune.example web {seed.PIXEL_LUNE_CODE} Maison" in north
    assert f"Maison Lune catalog {seed.CATALOG_LUNE} · Admin" in north
    assert f"Maison Lune EU {seed.LUNE_EU} · Operator" in north


async def test_an_invitation_is_answered_here(caller: Caller) -> None:
    for email in ("bo@northagency.example", "kim@northagency.example"):
        await caller.control("POST", f"business-centers/{seed.MAISON_LUNE}/invitations", {"email": email})
    assert "bo@northagency.example Standard · Pending Accept Reject" in await text(caller, LUNE)
    for email, answer in (("bo@northagency.example", "accept"), ("kim@northagency.example", "reject")):
        for _ in range(2):
            form = {"email": email, "answer": answer}
            assert goes_back(await caller.client.post(f"{LUNE}/invitation-answers", data=form), LUNE)
    page = await text(caller, LUNE)
    assert "Bo Buyer bo@northagency.example · Standard" in page
    assert "kim@northagency.example Standard · Rejected" in page
    assert "Pending" not in page
