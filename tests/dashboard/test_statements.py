"""Statements of every page of the dashboard: as many for many rows as for few, in each turn and filter."""

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.dashboard.member_session import COOKIE, PATH
from app.kit import ids
from app.kit.database import CROSS_TENANT, Sessions
from app.links.turns import TURNS
from bench import desk
from tests import cost
from tests.world import Corner, World

#: Copies of each row, and links of the agency.
COPIES, LINKS = 3, 20
#: One for each copy, because it depends on its number.
NEW_ID = "CASE WHEN number > 0 THEN new_id() END"
#: Tables of which an agency has several rows, with what is unique in each of them beside the id.
SEVERAL = {
    "api_keys": "'key_hash', sha256((number || new_id()::text)::bytea)",
    "agency_domains": "'host', number || '.' || host",
    "client_contacts": "'name', number",
    "connections": "'app_id', number",
    "kickoffs": "'ran_by', number",
    "member_invitations": "'token_hash', sha256((number || new_id()::text)::bytea)",
    "members": "'email', number || email",
    "own_platforms": "'key', key || number",
    "presets": "'slug', slug || number",
    "public_links": "'token_hash', sha256((number || new_id()::text)::bytea)",
    "webhook_endpoints": "'description', number",
    "webhook_replays": "'created_at', created_at",
    "webhook_secrets": "'created_at', created_at",
    "imports": "'created_at', created_at",
    "intake_files": "'name', number",
    "mails": "'created_at', created_at",
    "access_requests": "'position', 100 * number + position, 'asset_id', number || coalesce(asset_id, '')",
    "links": "'token_hash', sha256((number || new_id()::text)::bytea), 'external_id', NULL",
    "grants": "'asset_id', number || asset_id",
    "partners": "'account_id', number || account_id",
    "webhook_deliveries": f"'event_id', {NEW_ID}",
}
#: Filters of the pipeline and of other lists, besides the states of the bench.
FILTERS = (
    *(f"{PATH}?turn={turn}" for turn in TURNS),
    *(f"{PATH}?owner={owner}" for owner in ("mine", "nobody")), f"{PATH}?preset=own", f"{PATH}?q=lune",
    *(f"{PATH}/access?finding={each}" for each in ("all", "none", "wide", "closed", "unlinked")),
    f"{PATH}/audit?thing={{link_id}}", f"{PATH}/audit?who={{member_id}}",
    *(f"{PATH}/links/{{link_id}}?act={each}" for each in ("owner", "buyers", "new-contact", "new-person")),
)  # fmt: skip


async def _copy(sessions: Sessions, corner: Corner) -> None:
    """Copy the rows of an agency."""
    values = {"agency_id": ids.parse("agency", corner.agency_id), "copies": COPIES}
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for table, unique in SEVERAL.items():
            made = f"jsonb_populate_record(copied, jsonb_build_object('id', {NEW_ID}, {unique}))"
            rows = f"SELECT made.* FROM {table} AS copied, generate_series(1, :copies) AS number, {made} AS made"
            written = text(f"INSERT INTO {table} {rows} WHERE copied.agency_id = :agency_id")
            done = await session.execute(written, values, execution_options=CROSS_TENANT)
            assert done.rowcount >= COPIES, table  # type: ignore[attr-defined] # of what writes


async def test_no_page_needs_more_statements_for_more_rows(
    browser: httpx2.AsyncClient, engine: AsyncEngine, sessions: Sessions, world: World
) -> None:
    cookie, names = await desk.ready(sessions, world.north)
    browser.cookies.set(COOKIE, cookie)
    paths = [path.format_map(names) for path in dict.fromkeys((*desk.addresses(), *FILTERS))]

    async def statements(path: str) -> int:
        with cost.meter(engine) as meter:
            async with meter.measure() as needed:
                assert (await browser.get(path)).status_code == 200, path
        return len(needed.statements)

    await desk.fill(sessions, world.north, names["endpoint_id"], LINKS)
    for path in paths:
        await browser.get(path)  # a new connection reads types and settings first
    few = {path: await statements(path) for path in paths}
    await _copy(sessions, world.north)
    await browser.get(f"{PATH}/links/{names['link_id']}/ready")  # the link's own counts are written
    many = {path: await statements(path) for path in paths}
    assert {path: (few[path], many[path]) for path in paths if many[path] > few[path]} == {}
