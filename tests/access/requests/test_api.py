"""Access requests over HTTP: status, hint and evidence; checking and attesting."""

import httpx2

from simulator import seed
from tests.house import House


async def the_access_request(api: httpx2.AsyncClient, house: House) -> dict[str, object]:
    """The one access request of north's link."""
    (access_request,) = (await api.get(f"/links/{house.world.north.link_id}/access-requests")).json()["data"]
    return dict(access_request)


async def test_a_verified_access_request_tells_by_what_it_is_proved(api: httpx2.AsyncClient, house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    access_request = await the_access_request(api, house)
    evidence = (await api.get(f"/access-requests/{access_request['id']}")).json()
    assert (evidence["status"], evidence["role_seen"], evidence["seen_by"]) == ("verified", "OPERATOR", "agency")
    assert evidence["verified_at"]
    assert (evidence["hint"], evidence["next_actor"], evidence["code"]) == (None, None, None)
    assert 1 <= len(evidence["calls"]) <= 5
    every = (await api.get(f"/access-requests/{access_request['id']}/calls", params={"limit": 1})).json()
    newest, more = every["data"][0], every["next_cursor"]
    assert newest == evidence["calls"][0]
    assert newest["platform_request_id"]
    older = (await api.get(f"/access-requests/{access_request['id']}/calls", params={"cursor": more})).json()["data"]
    assert {"read", "share"} <= {each["purpose"] for each in [*older, newest]}
    (grant,) = (await api.get("/grants")).json()["data"]
    assert (grant["access_request_id"], grant["role"], grant["status"]) == (access_request["id"], "OPERATOR", "live")
    kept = {each["side"]: each for each in (await api.get("/connections")).json()["data"]}
    assert (kept["agency"]["status"], kept["client"]["status"]) == ("live", "revoked")
    assert "100" in kept["agency"]["scopes"]


async def test_a_blocked_access_request_says_whose_turn_it_is_and_what_to_do(
    api: httpx2.AsyncClient, house: House
) -> None:
    north = house.world.north
    await house.connect_client(north)
    await house.agree(north, "7299999999999999999")
    await house.work()
    access_request = await the_access_request(api, house)
    assert (access_request["status"], access_request["code"], access_request["next_actor"]) == (
        "blocked",
        "asset_not_found",
        "client",
    )
    assert str(access_request["hint"]).startswith("No list that Keyturn can read contains this id")
    link = (await api.get(f"/links/{north.link_id}")).json()
    assert (link["next_actor"], link["assets"]["blocked"]) == ("client", 1)


async def test_before_consent_nothing_can_be_checked_or_attested(api: httpx2.AsyncClient, house: House) -> None:
    access_request = await the_access_request(api, house)
    for path, body in (("verification", None), ("attestation", {"by": "Nora North"})):
        answer = await api.post(f"/access-requests/{access_request['id']}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "access_request_not_approved")


async def test_without_any_token_a_persons_word_counts_until_one_can_read(
    api: httpx2.AsyncClient, house: House
) -> None:
    north = house.world.north
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work()
    access_request = await the_access_request(api, house)
    assert (access_request["status"], access_request["hint"]) == (
        "awaiting_client",
        "The client does the steps by hand; nothing is visible yet.",
    )
    said = await api.post(f"/access-requests/{access_request['id']}/attestation", json={"by": "Nora North"})
    assert (said.status_code, said.json()["status"], said.json()["attested_by"]) == (200, "attested", "Nora North")
    assert (await api.get(f"/links/{north.link_id}")).json()["status"] == "completed"
    await house.connect_agency(north)
    refused = await api.post(f"/access-requests/{access_request['id']}/attestation", json={"by": "Nora North"})
    assert (refused.status_code, refused.json()["code"]) == (409, "read_possible")


async def test_a_check_looks_again_at_once(api: httpx2.AsyncClient, house: House) -> None:
    north = house.world.north
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work(1)
    access_request = await the_access_request(api, house)
    checked = await api.post(f"/access-requests/{access_request['id']}/verification")
    assert (checked.status_code, checked.json()["id"]) == (202, access_request["id"])
