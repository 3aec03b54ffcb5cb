"""Kickoffs over the API, with the calls that they rest on, and on a second platform."""

import httpx2
from sqlalchemy import select

from app.access.call_recorder import PlatformCall
from app.access.kickoffs import service
from app.kit.database import Sessions
from simulator.seed import LUNE_EU
from tests.house import House
from tests.world import PUBLIC_URL, World

STATES = {"payment", "verification", "billing", "country", "access", "campaign", "people"}


async def test_a_kickoff_is_run_attested_shared_and_kept(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    await house.share(world.north, LUNE_EU)
    path = f"/links/{world.north.link_id}/kickoffs"
    async with sessions() as session:
        rows = select(PlatformCall.id).where(PlatformCall.agency_id == world.north.agency_id)
        before = set((await session.scalars(rows)).all())
        made = (await api.post(path)).json()
        calls = select(PlatformCall).where(PlatformCall.agency_id == world.north.agency_id)
        new = [each for each in (await session.scalars(calls)).all() if each.id not in before]
    assert {each.operation for each in new} == {"bc/partner/asset/get", "advertiser/info", "bc/asset/member/get"}
    assert {(each.side, each.purpose, each.actor_kind) for each in new} == {("agency", "read", "api_key")}
    assert all(each.handshake_id and each.connection_id for each in new)
    assert not any("balance" in str(each.answer) for each in new), "balances are not read"

    found = {each["key"]: each for each in made["checks"]}
    assert set(found) == STATES
    assert (made["launch_ready"], made["left"], made["ran_by"]) == (False, 3, "tests")
    statement = {"by": "Ana Agent", "note": "Seen on the call."}
    one = f"/kickoffs/{made['id']}"
    for key in ("payment", "billing", "country"):
        sent = {"check_id": found[key]["id"], **statement}
        if key == "country":
            assert (await api.post(f"{one}/attestations", json=sent)).json()["errors"]["country"]
            sent["country"] = "France"
        attested = await api.post(f"{one}/attestations", json=sent)
        assert attested.status_code == 200, attested.text
    assert attested.json()["launch_ready"]
    told = (await api.get("/events", params={"types": "kickoff.*"})).json()["data"]
    found_events = [(each["type"], each["data"]["status"], each["data"]["checks_left"]) for each in told]
    assert sorted(found_events) == [
        ("kickoff.attested", "launch_ready", 0), ("kickoff.attested", "not_ready", 1),
        ("kickoff.attested", "not_ready", 2), ("kickoff.completed", "not_ready", 3),
    ]  # fmt: skip
    refused = await api.post(f"{one}/attestations", json={"check_id": found["campaign"]["id"], **statement})
    assert (refused.status_code, refused.json()["code"]) == (409, "check_not_attestable")
    assert (await api.post(f"{one}/attestations", json={"check_id": "none", **statement})).status_code == 404

    again = (await api.post(path)).json()
    assert again["launch_ready"], "statements are kept"
    assert [each["id"] for each in (await api.get(path)).json()["data"]] == [again["id"], made["id"]]
    late = await api.post(f"{one}/attestations", json={"check_id": "payment", **statement})
    assert late.json()["code"] == "kickoff_not_newest"

    shared = (await api.post(f"{one}/share", json={"days": 3})).json()
    assert shared["address"].startswith(f"{PUBLIC_URL}/kickoffs/")
    token = shared["address"].rpartition("/")[2]
    renewed = (await api.post(f"{one}/share", json={})).json()["address"].rpartition("/")[2]
    async with sessions() as session:
        assert await service.by_token(session, token) is None, "replaced"
        assert await service.by_token(session, renewed)
    assert "address" not in (await api.get(one)).json()
    assert (await api.delete(f"{one}/share")).json()["shared_until"] is None
    async with sessions() as session:
        assert await service.by_token(session, renewed) is None


async def test_without_a_connection_nothing_is_read_and_nothing_passes(
    api: httpx2.AsyncClient, house: House, world: World
) -> None:
    path = f"/links/{world.north.link_id}/kickoffs"
    found = {each["key"]: each for each in (await api.post(path)).json()["checks"]}
    assert (found["access"]["status"], found["access"]["next_actor"]) == ("to_do", "client")
    await house.share(world.north, LUNE_EU)
    for connection in (await api.get("/connections")).json()["data"]:
        if connection["status"] == "live":
            assert (await api.post(f"/connections/{connection['id']}/revocation")).is_success
    made = (await api.post(path)).json()
    found = {each["key"]: each for each in made["checks"]}
    assert (found["access"]["status"], found["access"]["code"]) == ("cannot_tell", "agency_not_connected")
    assert found["campaign"]["code"] == "after_access"
    assert not any(each["status"] == "pass" for each in found.values() if each["key"] != "verification")
    sent = {"check_id": found["access"]["id"], "by": "Ana Agent"}
    attested = (await api.post(f"/kickoffs/{made['id']}/attestations", json=sent)).json()
    assert {each["key"]: each["status"] for each in attested["checks"]}["access"] == "attested"


async def test_another_agency_and_too_many_runs_are_refused(api: httpx2.AsyncClient, world: World) -> None:
    for refused in (
        await api.post(f"/links/{world.south.link_id}/kickoffs"),
        await api.get(f"/links/{world.south.link_id}/kickoffs"),
        await api.get("/kickoffs/kickoff_01ksy1q3e0fzs8qj5m8g3d4w7s"),
        await api.delete("/kickoffs/kickoff_01ksy1q3e0fzs8qj5m8g3d4w7s/share"),
    ):  # fmt: skip
        assert refused.status_code == 404
    answers = [await api.post(f"/links/{world.north.link_id}/kickoffs") for _ in range(service.RUNS_OF_LINK.most + 1)]
    assert {each.status_code for each in answers[:-1]} == {201}
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "too_many_kickoffs")
    step = service.RUNS_OF_LINK.step.total_seconds()
    assert step / 2 < int(answers[-1].headers["retry-after"]) <= step, "the true wait"
