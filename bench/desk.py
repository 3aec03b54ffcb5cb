"""Pages of the dashboard for the largest agency of a large installation: `make bench-desk`.

The installation has 200 agencies with 20,000 links; one more has 5,000 links, 50,000 access requests and as many
grants, 500,000 events, 100,000 deliveries and as many entries in its audit log. An owner asks for each page, one
request at a time, in a real web process on an embedded PostgreSQL that writes to disk. Each page says how many
statements it needed for one link and needs for 5,000, and which large tables it reads from end to end: a page that
does fails the run. Prints a table, and as its last line JSON.
"""

import argparse
import asyncio
import json
import math
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI, Request
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, select, text, update
from starlette.routing import Route

from app import routes
from app.access.imports.models import Import
from app.dashboard.member_session import COOKIE, PATH
from app.events import catalog, rendering
from app.kit import ids
from app.kit.database import CROSS_TENANT, Sessions, make_engine, make_sessions
from app.links.models import AccessRequest
from app.links.presets.service import AgencyPreset
from app.services import services_of
from app.tenants.members import passwords
from app.tenants.members import service as members
from bench import writes
from bench.webhooks.stage import cpu_seconds, postgres
from bench.writes import serve, serving
from tests import many, plans, world
from tests.api import belongings
from tests.world import Corner

BEFORE_EXECUTE = "before_cursor_execute"
#: Requests of a page before it is measured.
WARM = 3
#: Events of each access request.
EVENTS = 10
DELIVERIES = 100_000
#: Rows of a table from which nothing may read it from end to end.
LARGE = 3_000
#: Pages that need a token of their own, or a form before them; those of nobody; exports.
ELSEWHERE = re.compile(r"/(?:sign-in|setup|join|oidc|files|second-factor|connect)\b|\{(?:code|token|file_id)\}|\.\w+$")
#: Pages with much to find, besides their plain address.
STATES = (
    f"{PATH}?turn=client", f"{PATH}?sort=newest", f"{PATH}?code=not_bc_admin&preset=own",
    f"{PATH}?turn=verified&q=lune+5a", f"{PATH}/access?finding=drifted",
    f"{PATH}/audit?q=lune+5a7", f"{PATH}/access?q=brand+5a7", f"{PATH}/links/{{link_id}}?calls=all&events=all",
    f"{PATH}/links/{{link_id}}?why={{access_request_id}}", f"{PATH}/time-to-access?months=12",
    f"{PATH}/webhooks/{{endpoint_id}}/deliveries?status=succeeded",
)  # fmt: skip

#: What happened in the installation, of the agency and of the links whose ids are given in both forms.
_HISTORY = (
    """
    INSERT INTO links SELECT made.* FROM links AS link, generate_series(1, 20) AS number,
        jsonb_populate_record(link, jsonb_build_object(
            'id', new_id(), 'token_hash', sha256((link.id::text || number)::bytea), 'external_id', NULL
        )) AS made
    WHERE link.agency_id <> :agency_id
    """,
    """
    INSERT INTO grants
        (agency_id, id, client_id, access_request_id, platform, kind, asset_id, asset_name, origin, client_account_id,
         agency_account_id, role, status, seen_by, verified_at, last_seen_at, created_at, updated_at)
    SELECT asked.agency_id, new_id(), link.client_id, asked.id, asked.platform, asked.kind,
        (7300000000000000000 + row_number() OVER ())::text, 'Brand ' || row_number() OVER (), 'asked',
        '7111222233334444' || abs(hashtext(link.client_id::text)) % 1000, '7000999988887777666', asked.role,
        CASE WHEN abs(hashtext(asked.id::text)) % 64 = 0 THEN 'drifted' ELSE 'live' END, 'agency',
        now(), now(), now(), now()
    FROM access_requests AS asked JOIN links AS link ON (link.agency_id, link.id) = (asked.agency_id, asked.link_id)
    WHERE asked.agency_id = :agency_id
    """,
    """
    INSERT INTO events (agency_id, id, type, occurred_at, subject_type, subject_id, sequence, test, facts,
        transaction_id, actor_kind, actor_id)
    SELECT :agency_id, new_id(), happened.type, now() - happened.number * interval '1 hour', 'link', asked.link,
        1000 + asked.place * 100 + happened.number, false,
        happened.facts || jsonb_build_object('link_id', asked.link, 'access_request_id', asked.id),
        pg_current_xact_id()::text::bigint + transaction_base(), 'system', 'worker'
    FROM unnest(CAST(:links AS text[]), CAST(:asked AS text[])) WITH ORDINALITY AS asked(link, id, place),
        unnest(CAST(:types AS text[]), CAST(:facts AS jsonb[])) WITH ORDINALITY AS happened(type, facts, number)
    """,
    """
    INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, status,
        body_id, body_created_at, attempt_count, last_code, first_attempt_at, last_attempt_at, expires_at, created_at)
    SELECT agency_id, new_id(), :endpoint_id, id, type, subject_id, sequence,
        (ARRAY['succeeded', 'succeeded', 'succeeded', 'exhausted'])[1 + abs(hashtext(id::text)) % 4],
        new_id(), now(), 1, 'success', now(), now(), now() + interval '1 day', now()
    FROM (SELECT * FROM events WHERE agency_id = :agency_id AND NOT test LIMIT :deliveries) AS event
    """,
    """
    INSERT INTO webhook_attempts (agency_id, id, created_at, delivery_id, endpoint_id, number, late, arrived, code,
        explanation, status, headers, body, total_ms, worker)
    SELECT agency_id, new_id(), now(), id, endpoint_id, 1, false, true,
        CASE status WHEN 'succeeded' THEN 'success' ELSE 'http_error' END, 'The receiver answered.',
        CASE status WHEN 'succeeded' THEN 200 ELSE 500 END, '{}', '', 20, 'worker'
    FROM webhook_deliveries WHERE agency_id = :agency_id AND endpoint_id = :endpoint_id
    """,
    """
    INSERT INTO audit_entries (agency_id, id, occurred_at, action, subject_type, subject_id, link_id, changed, before,
        after, transaction_id, actor_kind, actor_id)
    SELECT agency_id, new_id(), now(), changed.action, 'access_request', id, link_id, '["role"]', '{}',
        '{"role": "OPERATOR"}', pg_current_xact_id()::text::bigint + transaction_base(), 'system', 'worker'
    FROM access_requests, unnest(ARRAY['created', 'changed']) AS changed(action) WHERE agency_id = :agency_id
    """,
    """
    UPDATE clients SET name = 'Maison Lune ' || right(id::text, 4) WHERE agency_id = :agency_id
    """,
    """
    UPDATE access_requests AS asked
    SET asset_name = 'Brand ' || right(asked.id::text, 4),
        code = (ARRAY['role_higher_than_requested', 'not_bc_admin'])[abs(hashtext(asked.id::text)) % 64]
    WHERE agency_id = :agency_id
    """,
    """
    INSERT INTO buyer_access
        (agency_id, id, grant_id, agency_account_id, email, role, status, requested_at, created_at, due_at)
    SELECT agency_id, new_id(), id, agency_account_id, 'bo@north.example', role,
        CASE abs(hashtext(id::text)) % 64 WHEN 3 THEN 'blocked' ELSE 'open' END, now(), now(), now()
    FROM grants WHERE agency_id = :agency_id
    """,
    """
    INSERT INTO partners (agency_id, id, platform, agency_account_id, account_id, name, client_id, linked, import_id)
    SELECT client.agency_id, new_id(), 'tiktok', '7000999988887777666',
        (7500000000000000000 + row_number() OVER ())::text, client.name, client.id, true, new_id()
    FROM clients AS client WHERE client.agency_id = :agency_id
    """,
)
#: Types of what happens to an access request in its life, again and again.
_TYPES = (
    catalog.ACCESS_REQUESTED, catalog.ACCESS_APPROVED, catalog.ACCESS_AWAITING_PARTNER, catalog.ACCESS_BLOCKED,
    catalog.ACCESS_VERIFIED,
)  # fmt: skip

router = APIRouter(include_in_schema=False)


@router.put("/planning")
async def start_planning(request: Request) -> None:
    """Note statements with their values from now on."""
    noted = request.app.state.noted = plans.Noted()
    event.listen(writes.engine_of(request).sync_engine, BEFORE_EXECUTE, noted)


@router.delete("/planning")
async def stop_planning(request: Request) -> list[str]:
    """Large tables that what was noted reads from end to end, one for each such read."""
    noted: plans.Noted = request.app.state.noted
    engine = writes.engine_of(request)
    event.remove(engine.sync_engine, BEFORE_EXECUTE, noted)
    found = [await plans.of(engine, *each) for each in noted.statements if each[0].startswith(("SELECT", "WITH"))]
    async with services_of(request).sessions() as session:
        counted = await session.execute(
            text("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND reltuples >= :large"), {"large": LARGE}
        )
    large = set(counted.scalars())
    return [name for plan in found for name in plans.sequential(plan) if name in large]


def web() -> FastAPI:
    """The application, with the routes of the benches besides."""
    app = writes.web()
    app.include_router(router)
    return app


@dataclass(frozen=True)
class Figures:
    """Of one page. `small`: statements among what a new agency has. Times of the web process, in ms."""

    statements: int
    small: int
    bytes: int
    cpu_ms: float
    median_ms: float
    p95_ms: float
    scans: Sequence[str]


def addresses() -> Iterator[str]:
    """The address of every page of a member, with the names of its parameters."""
    for route in routes.served("pages"):
        if not isinstance(route, Route) or "GET" not in (route.methods or ()):
            continue
        if route.path.startswith(PATH) and not ELSEWHERE.search(route.path):
            yield route.path
    yield from STATES


async def statements(browser: httpx2.AsyncClient, address: str) -> int:
    """Statements of a page, on a connection that is warm."""
    (await browser.get(address)).raise_for_status()
    (await browser.put("/listening")).raise_for_status()
    await browser.get(address)
    return len((await browser.delete("/listening")).json())


async def measure(browser: httpx2.AsyncClient, pid: int, address: str, number: int, small: int) -> Figures:
    """The figures of a page."""
    for _ in range(WARM):
        answer = await browser.get(address)
    cpu, waited = [], []
    for _ in range(number):
        before, started = cpu_seconds(pid), time.perf_counter()
        answer = await browser.get(address)
        waited.append((time.perf_counter() - started) * 1000)
        cpu.append((cpu_seconds(pid) - before) * 1000)
        assert answer.status_code == 200, (address, answer.status_code)
    needed = await statements(browser, address)
    (await browser.put("/planning")).raise_for_status()
    await browser.get(address)
    scans = (await browser.request("DELETE", "/planning")).json()
    slow = sorted(waited)[math.ceil(len(waited) * 0.95) - 1]
    return Figures(
        needed, small, len(answer.content), round(median(cpu), 1), round(median(waited), 1), round(slow, 1),
        sorted(set(scans)),
    )  # fmt: skip


async def fill(sessions: Sessions, corner: Corner, endpoint_id: str, links: int = many.LINKS) -> None:
    """Write the rows of years for this agency, and let the planner count."""
    await many.fill(sessions, corner, links=links)
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        found = select(AccessRequest.link_id, AccessRequest.id).where(AccessRequest.agency_id == corner.agency_id)
        of_links, asked = zip(*await session.execute(found), strict=True)
        facts = [json.dumps(rendering.example(each).facts) for each in _TYPES]
        repeated = EVENTS // len(_TYPES)
        values = {
            "agency_id": _raw("agency", corner.agency_id), "endpoint_id": _raw("endpoint", endpoint_id),
            "links": of_links, "asked": asked, "deliveries": DELIVERIES,
            "types": [each.name for each in _TYPES] * repeated, "facts": facts * repeated,
        }  # fmt: skip
        for statement in _HISTORY:
            used = {name: value for name, value in values.items() if re.search(rf":{name}\b", statement)}
            await session.execute(text(statement), used, execution_options=CROSS_TENANT)
    async with sessions.kw["bind"].connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))


def _raw(prefix: str, public_id: str) -> Any:
    return ids.parse(prefix, public_id)


async def ready(sessions: Sessions, corner: Corner) -> tuple[str, Mapping[str, str]]:
    """The cookie of an owner who is signed in, and the parameters of addresses."""
    one_of_each = await belongings.of(sessions, world.keyring(), corner)
    body = {
        "name": "Own", "sentence": "Access to one ad account.", "screens": [], "questions": [],
        "access_requests": [{"platform": "tiktok", "kind": "ad_account", "role": "OPERATOR", "reason": "To run ads."}],
    }  # fmt: skip
    async with sessions.begin() as session:
        owner = await members.add(
            session, corner.agency_id, name="Nora North", email="nora@north.example", role="owner",
            password_hash=await passwords.hashed("plum harbor violet anchor"),
        )  # fmt: skip
        session.add(AgencyPreset(agency_id=corner.agency_id, id=ids.new("preset"), slug="own", version=1, body=body))
        done = update(Import).where(Import.agency_id == corner.agency_id, Import.id == one_of_each["import_id"])
        await session.execute(done.values(status="done", finished_at=datetime.now(UTC)))
        return await members.sign_in(session, owner), {
            **one_of_each, "platform": "tiktok", "name": "way", "slug": "own", "key": "meta",
        }  # fmt: skip


async def run(database_url: str, number: int, only: str) -> dict[str, Any]:
    """The installation, a web process, the figures."""
    engine = make_engine(database_url)
    sessions = make_sessions(engine)
    corner = (await world.make(sessions)).north
    cookie, names = await ready(sessions, corner)
    async with serving(database_url, "bench.desk") as (address, pid):
        paths = [each for each in addresses() if only in each]
        async with _browser(address, cookie) as browser:
            small = {path: await statements(browser, path.format_map(names)) for path in paths}
        started = time.perf_counter()
        await fill(sessions, corner, names["endpoint_id"])
        await engine.dispose()
        sys.stderr.write(f"· written in {time.perf_counter() - started:.0f} s\n")
        async with _browser(address, cookie) as browser:
            return {
                path: asdict(await measure(browser, pid, path.format_map(names), number, small[path]))
                for path in paths
            }  # fmt: skip


def _browser(address: str, cookie: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=address, trust_env=False, cookies={COOKIE: cookie}, timeout=60)


def main() -> int:
    """Run and print; 1 if a page reads a large table from end to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=30, help="of requests of each page")
    parser.add_argument("--only", default="", help="pages with this in their address")
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the web process; for the bench itself")
    given = parser.parse_args()
    if given.serve:
        serve("bench.desk:web", given.serve)
        return 0
    with postgres() as (url, _):
        found = asyncio.run(run(url, given.number, given.only))
    shown = Table("page", "statements", "of a new agency", "bytes", "CPU, ms", "median, ms", "p95, ms", "whole tables")
    for name, figures in found.items():
        shown.add_row(name, *(str(each) for each in list(figures.values())[:-1]), " ".join(figures["scans"]))
    Console(width=170).print(shown)
    sys.stdout.write(json.dumps({"bench": "desk", "number": given.number, "pages": found}) + "\n")
    scanning = [name for name, figures in found.items() if figures["scans"]]
    sys.stderr.writelines(f"· reads a large table from end to end: {name}\n" for name in scanning)
    return 1 if scanning else 0


if __name__ == "__main__":
    sys.exit(main())
