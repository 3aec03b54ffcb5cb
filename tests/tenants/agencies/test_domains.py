"""An agency's own domain: what may be one, what its records must say, and which host shows whose pages."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.responses import Response
from starlette.routing import Route

from app import routes
from app.kit import clock, jobs
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.input.text import TypedWrong
from app.links.own_platforms import pictures
from app.tenants.agencies import domains, hosts, service
from app.tenants.agencies.models import AgencyDomain
from simulator import seed
from tests.client_portal.walk import Walk
from tests.house import House
from tests.kit.egress.servers.name_server import CNAME, NXDOMAIN, SERVFAIL, TXT, A, Found, name_server
from tests.tenants.agencies.pictures import drawn
from tests.world import PUBLIC_URL, TESTS, Corner, World

OWN = domains.host_of(PUBLIC_URL)
Records = dict[tuple[str, int], Found]
HOST, OTHER = "access.north.example", "access.south.example"


class Zone:
    """Records by name and kind; what a name does not have is empty."""

    def __init__(self) -> None:
        self.records: Records = {(OWN, A): ["203.0.113.7"]}

    def __call__(self, name: str, kind: int) -> Found:
        return self.records.get((name, kind), [])


@pytest.fixture
async def zone(app: FastAPI) -> AsyncIterator[Zone]:
    """The name server that the application asks."""
    made = Zone()
    async with name_server(made) as (_dns, server):
        app.state.services.nameservers = (f"127.0.0.1:{server.transport.get_extra_info('sockname')[1]}",)
        yield made


async def verified(sessions: Sessions, corner: Corner, host: str) -> AgencyDomain:
    """A verified domain, whose records were right once."""
    async with sessions.begin() as session:
        row = await domains.add(session, corner.agency_id, host, actor=TESTS)
        row.verified_at = row.checked_at = (await service.find(session, corner.agency_id)).created_at
        (await service.find(session, corner.agency_id)).domain = host
    return row


def test_a_domain_is_a_public_name() -> None:
    for typed in ("access.agency.com", " Access.Agency.COM. ", "https://access.agency.com/links?x"):
        assert domains.read_host(typed, OWN) == "access.agency.com"
    assert domains.read_host("zugänge.agentur.de", OWN) == "xn--zugnge-dua.agentur.de"
    for typed in (
        "", "agency", "localhost", "a.localhost", "127.0.0.1", "[::1]", "a b.com", "-a.com", "x." * 130 + "com", OWN,
        f"https://{OWN}/", "a_b.com", "access.agency.com:443", "me@agency.com",
    ):  # fmt: skip
        with pytest.raises(TypedWrong):
            domains.read_host(typed, OWN)
    assert domains.at_host("a.b.com", "https://go.agency.com/keyturn") == "https://a.b.com/keyturn"
    assert domains.at_host("a.b.com", "http://127.0.0.1:8000") == "http://a.b.com:8000"


async def test_a_domain_is_used_once_its_records_are_right(
    api: httpx2.AsyncClient, zone: Zone, sessions: Sessions, world: World
) -> None:
    made = await api.post("/agency/domains", json={"host": f"https://{HOST}/"})
    assert made.status_code == 201
    domain = made.json()
    assert (domain["status"], domain["in_use"], domain["problem"]) == ("pending", False, None)
    alias, proof = domain["records"]
    assert alias == {"type": "CNAME", "name": HOST, "value": OWN}
    assert (proof["type"], proof["name"]) == ("TXT", f"_keyturn.{HOST}")
    assert (await api.post("/agency/domains", json={"host": HOST})).json()["code"] == "domain_taken"
    assert list((await api.post("/agency/domains", json={"host": OWN})).json()["errors"]) == ["host"]
    path = f"/agency/domains/{domain['id']}/check"
    right: Records = {
        (HOST, CNAME): [f"={OWN}"],
        (HOST, A): ["203.0.113.7"],
        (f"_keyturn.{HOST}", TXT): [proof["value"]],
    }
    wrong: list[tuple[str, Records]] = [
        ("no_record", {}),
        ("no_record", {(HOST, A): NXDOMAIN, (HOST, CNAME): NXDOMAIN}),
        ("elsewhere", {**right, (HOST, CNAME): ["=evil.example"], (HOST, A): ["203.0.113.9"]}),
        ("elsewhere", {**right, (HOST, CNAME): [], (HOST, A): ["203.0.113.7", "203.0.113.9"]}),
        ("no_proof", {**right, (f"_keyturn.{HOST}", TXT): ["another"]}),
        ("no_answer", {**right, (f"_keyturn.{HOST}", TXT): SERVFAIL}),
    ]
    base, since = dict(zone.records), None
    for problem, records in wrong:
        zone.records = base | records
        checked = (await api.post(path)).json()
        assert (checked["status"], checked["problem"]) == ("pending", problem)
        since = since or checked["checked_at"]
        assert checked["problem_since"] == since
    assert (await api.get(f"/links/{world.north.link_id}/address")).json()["address"].startswith(f"{PUBLIC_URL}/")
    zone.records = base | right
    checked = (await api.post(path)).json()
    assert (checked["status"], checked["in_use"], checked["problem"]) == ("verified", True, None)
    assert checked["problem_since"] is None
    assert (
        (await api.get(f"/links/{world.north.link_id}/address")).json()["address"].startswith(f"https://{HOST}/north/")
    )
    zone.records = base
    again = (await api.post(path)).json()
    assert (again["status"], again["in_use"], again["problem"]) == ("verified", True, "no_record"), "once may be a slip"
    again = (await api.post(path)).json()
    assert (again["status"], again["in_use"]) == ("verified", False), "what was verified stays so, but is used no more"
    assert (await api.get(f"/links/{world.north.link_id}/address")).json()["address"].startswith(f"{PUBLIC_URL}/")
    zone.records = base | right
    assert (await api.post(path)).json()["in_use"]
    assert (await api.delete(f"/agency/domains/{domain['id']}")).status_code == 204
    assert (await api.get(f"/links/{world.north.link_id}/address")).json()["address"].startswith(f"{PUBLIC_URL}/")
    assert (await api.get("/agency/domains")).json()["data"] == []
    async with sessions() as session:
        assert await domains.agency_of(session, HOST) is None


async def test_an_address_record_will_do_and_only_one_agency_has_a_name(
    app: FastAPI, api: httpx2.AsyncClient, zone: Zone, sessions: Sessions, world: World
) -> None:
    domain = (await api.post("/agency/domains", json={"host": HOST})).json()
    async with sessions.begin() as session:
        theirs = await domains.add(session, world.south.agency_id, HOST, actor=TESTS)
    zone.records |= {(HOST, A): ["203.0.113.7"], (f"_keyturn.{HOST}", TXT): [theirs.proof]}
    path = f"/agency/domains/{domain['id']}/check"
    assert (await api.post(path)).json()["problem"] == "no_proof", "the word is another agency's"
    assert (await api.post(f"/agency/domains/{theirs.id}/check")).status_code == 404
    assert (await api.delete(f"/agency/domains/{theirs.id}")).status_code == 404
    zone.records |= {(f"_keyturn.{HOST}", TXT): [theirs.proof, domain["records"][1]["value"]]}
    assert (await api.post(path)).json()["status"] == "verified"
    async with sessions.begin() as session:
        row = (await session.scalars(select(AgencyDomain).where(AgencyDomain.agency_id == world.south.agency_id))).one()
        assert row.verified_at is None
    with pytest.raises(domains.DomainTaken):
        await domains.check(
            sessions, app.state.services.nameservers, world.south.agency_id, theirs.id,
            public_url=PUBLIC_URL, actor=TESTS,
        )  # fmt: skip
    for number in range(4):
        await api.post("/agency/domains", json={"host": f"a{number}.north.example"})
    assert (await api.post("/agency/domains", json={"host": "b.north.example"})).json()["code"] == "too_many_domains"


async def test_a_verified_domain_is_checked_every_day_and_soon_after_a_problem(
    app: FastAPI, zone: Zone, sessions: Sessions, world: World
) -> None:
    lost, kept = await verified(sessions, world.north, OTHER), await verified(sessions, world.north, HOST)
    zone.records |= {
        (OTHER, CNAME): [f"={OWN}"], (OTHER, A): ["203.0.113.7"], (f"_keyturn.{OTHER}", TXT): [lost.proof],
    }  # fmt: skip
    [kind] = domains.work(sessions, app.state.services.nameservers, PUBLIC_URL)

    async def due(domain_id: str) -> float:
        async with sessions.begin() as session:
            row = await domains.find(session, world.north.agency_id, domain_id)
            row.due_at = func.now()
        for row in await jobs.claim(sessions, kind.model, limit=9, lease=kind.lease):
            await kind.do(row)
        async with sessions() as session:
            row = await domains.find(session, world.north.agency_id, domain_id)
            assert row.due_at
            return round((row.due_at - clock.now()) / timedelta(hours=1))

    async def used() -> str | None:
        async with sessions() as session:
            return (await service.find(session, world.north.agency_id)).domain

    assert (await due(lost.id), await used()) == (24, HOST)
    assert (await due(kept.id), await used()) == (1, HOST), "its records are gone"
    assert (await due(kept.id), await used()) == (24, OTHER), "and still are"
    zone.records |= {(HOST, CNAME): SERVFAIL, (OTHER, CNAME): SERVFAIL}
    assert (await due(lost.id), await due(lost.id), await used()) == (1, 24, OTHER), "no answer says nothing"


def test_no_agency_is_named_as_pages_of_the_installation_are() -> None:
    """Else its links would hide them, or a domain of another agency would show them."""
    first = {each.path.split("/")[1] for each in routes.served("all") if isinstance(each, Route)}
    assert {each for each in first if "{" not in each} <= service.RESERVED_SLUGS


async def test_a_domain_shows_its_own_agency_and_nothing_else(
    app: FastAPI, browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await verified(sessions, world.north, HOST)
    await verified(sessions, world.south, OTHER)

    async def seen(host: str, path: str, **headers: str) -> httpx2.Response:
        return await browser.get(f"https://{host}{path}", headers=headers)

    north, south = world.north.link_path, world.south.link_path
    public = (await api.post("/public-links", json={})).json()["address"].removeprefix(f"https://{HOST}")
    kickoff = (await api.post(f"/links/{world.north.link_id}/kickoffs")).json()["id"]
    shared = (await api.post(f"/kickoffs/{kickoff}/share", json={})).json()["address"].removeprefix(PUBLIC_URL)
    for host, path, status in (
        (HOST, north, 200), (OWN, north, 200), (OWN, south, 200), (OTHER, south, 200), (f"{HOST}:443", north, 200),
        (HOST.upper(), north, 200), (HOST, south, 404), (OTHER, north, 404), (HOST, f"/x{south}/y", 404),
        (HOST, f"/{world.south.token}", 404), ("evil.example", north, 421), ("evil.example", "/desk", 421),
        (HOST, "/desk", 404), (HOST, "/desk/sign-in", 404), (HOST, "/callbacks/tiktok?state=x", 404),
        (HOST, "/connect/x", 404), (HOST, public, 200), (OTHER, public, 404),
        (OTHER, f"/north/open/x/{public[-43:]}", 404),
        (OWN, shared, 200), (HOST, shared, 404), (OTHER, shared, 404),
        (HOST, "/manual/", 404), ("evil.example", "/healthz", 200), ("127.0.0.1", north, 200),
    ):  # fmt: skip
        page = await seen(host, path)
        assert page.status_code == status, (host, path)
        if path not in ("/healthz", public):
            assert (status == 200) == ("Maison Lune" in page.text)
    forged = await seen(HOST, north, **{"X-Forwarded-Host": OTHER, "Forwarded": f"host={OTHER}"})
    assert forged.status_code == 200
    confused = await browser.get(f"{PUBLIC_URL}{south}", headers={"Host": HOST})
    assert confused.status_code == 404
    started = await browser.post(f"https://{HOST}{north}", headers={"Sec-Fetch-Site": "same-origin"})
    assert (started.status_code, started.headers["location"]) == (303, f"/l/{world.north.link_id}")
    assert "domain=" not in started.headers["set-cookie"].lower(), "the cookie belongs to this host alone"
    screen = f"/l/{world.north.link_id}/tiktok/way"
    assert (await seen(HOST, screen)).status_code == 200
    assert (await seen(OWN, screen)).status_code == 403, "another host, another cookie"
    stolen = started.headers["set-cookie"].split(";")[0]
    assert (await seen(OTHER, screen, Cookie=stolen)).status_code == 403, "nor with the cookie of the first"
    assert (await seen(OWN, screen, Cookie=stolen)).status_code == 200


async def test_a_domain_shows_the_pictures_of_its_own_agency(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await verified(sessions, world.north, HOST)
    await verified(sessions, world.south, OTHER)
    made = pictures.read(drawn())
    async with sessions.begin() as session:
        await pictures.add(session, world.north.agency_id, made)
    path = f"/pictures/{world.north.agency_id}/{made.sha256}.png"
    got = {host: (await browser.get(f"https://{host}{path}")).status_code for host in (OWN, HOST, OTHER)}
    assert got == {OWN: 200, HOST: 200, OTHER: 404}


async def test_pages_of_localhost_have_one_address() -> None:
    """Else a cookie, a passkey or a way back of one would be missing at the other."""
    for public_url, asked, leads_to in (
        (
            "http://localhost:8000",
            "http://127.0.0.1:8000/desk/a%20b?x=1&y=2",
            "http://localhost:8000/desk/a%20b?x=1&y=2",
        ),
        ("http://localhost:8000/k", "http://127.0.0.1:8000/desk", "http://localhost:8000/k/desk"),
        ("http://localhost:8000", "http://127.0.0.1:8000/api/v1/me", None),
        ("http://localhost:8000", "http://127.0.0.1:9000/desk", None),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/desk", None),
        ("https://go.agency.com", "http://127.0.0.1:8000/desk", None),
    ):
        served = hosts.AgencyHosts(Response(), public_url, lambda _request, _error: Response(status_code=500))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(served)) as visitor:
            answer = await visitor.get(asked)
            assert (answer.status_code, answer.headers.get("location")) == (307 if leads_to else 200, leads_to), asked
            assert (await visitor.post(asked)).status_code == 200


async def test_the_consent_comes_back_to_the_domain(
    browser: httpx2.AsyncClient, app: FastAPI, house: House, sessions: Sessions, world: World
) -> None:
    row = await verified(sessions, world.north, HOST)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=f"https://{HOST}") as client:
        walk = Walk(client, world.north)
        await walk.start()
        page = await walk.see("way")
        assert PUBLIC_URL in page.headers["content-security-policy"].split("form-action")[1].split(";")[0]
        for removed in (False, True):
            out = await walk.send("connection")
            query = await house.tiktok.consent(out.headers["location"], seed.ANA_CLIENT)
            if removed:
                async with sessions.begin() as session:
                    await domains.remove(session, world.north.agency_id, row.id, actor=TESTS)
            back = (await browser.get("/callbacks/tiktok", params=query)).headers["location"]
            host = OWN if removed else HOST
            assert back.startswith(f"https://{host}/l/{world.north.link_id}/return?handle=")
            if not removed:
                arrived = await client.get(back)
                assert (arrived.status_code, walk.goes_to(arrived)) == (303, "assets")


async def test_the_proxy_gets_certificates_for_verified_names_only(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await verified(sessions, world.north, HOST)
    async with sessions.begin() as session:
        await domains.add(session, world.south.agency_id, OTHER, actor=TESTS)

    async def ask(domain: str) -> httpx2.Response:
        return await browser.get("http://127.0.0.1/tls/ask", params={"domain": domain})

    for domain, status in ((HOST, 200), (HOST.upper(), 200), (OTHER, 404), (OWN, 404), ("", 404), ("x" * 253, 404)):
        answer = await ask(domain)
        assert (answer.status_code, answer.content) == (status, b""), domain
    for _ in range(10 * hosts.ASKS.most):  # a slow machine gets some of them back meanwhile
        refused = await ask("a.evil.example")
        if refused.status_code == 429:
            break
    assert refused.status_code == 429
    assert (await ask(HOST)).status_code == 200, "those that may are never held up"


async def test_new_addresses_have_the_domain(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    public = (await api.post("/public-links", json={"preset": "run-campaigns"})).json()
    assert public["address"].startswith(f"{PUBLIC_URL}/north/open/")
    await verified(sessions, world.north, HOST)
    shown = (await api.get(f"/public-links/{public['id']}/address")).json()["address"]
    assert shown == public["address"].replace(PUBLIC_URL, f"https://{HOST}")
    made = (await api.post("/links", json={"client_id": world.north.client_id})).json()
    assert re.match(rf"https://{HOST}/north/maison-lune/[\w-]{{43}}$", made["address"])
