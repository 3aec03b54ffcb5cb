"""A large installation: 200 agencies with 5,000 links and 50,000 access requests, most of them of one agency.

Rows are copies of the world's, written without triggers.
"""

from sqlalchemy import bindparam, text

from app.kit import ids
from app.kit.database import Sessions
from tests.world import Corner

AGENCIES, LINKS, REQUESTS_OF_LINK = 200, 5_000, 10
LINKS_OF_CLIENT = 5

_STATEMENTS = f"""
SET LOCAL session_replication_role = replica;

INSERT INTO agencies
SELECT made.*
FROM agencies AS agency, generate_series(3, {AGENCIES}) AS number,
    jsonb_populate_record(agency, jsonb_build_object('id', new_id(), 'slug', 'agency-' || number)) AS made
WHERE agency.id = :agency_id;

INSERT INTO clients
SELECT made.*
FROM clients AS client, agencies AS agency,
    generate_series(1, CASE agency.id WHEN client.agency_id THEN :clients ELSE 1 END) AS number,
    jsonb_populate_record(client, jsonb_build_object(
        'agency_id', agency.id, 'id', new_id(), 'external_id', 'many:' || number
    )) AS made
WHERE client.id = :client_id;

INSERT INTO links
SELECT made.*
FROM links AS link, clients AS client, generate_series(1, {LINKS_OF_CLIENT}) AS number,
    LATERAL (SELECT (hashtext(client.id || '/' || number) & 65535) AS chance) AS drawn,
    jsonb_populate_record(link, jsonb_build_object(
        'agency_id', client.agency_id, 'id', new_id(), 'client_id', client.id,
        'external_id', client.external_id || '/' || number,
        'token_hash', sha256((client.id || '/' || number)::bytea),
        'status', (ARRAY['sent', 'submitted', 'drifted', 'completed'])[1 + chance % 4],
        'stage', (ARRAY['waiting_for_client', 'waiting_for_agency', 'drifted', 'verified'])[1 + chance % 4],
        'next_actor', (ARRAY['client', 'agency', 'client', NULL])[1 + chance % 4],
        'next_actor_since', CASE chance % 4 WHEN 3 THEN NULL ELSE now() - chance * interval '1 minute' END,
        'created_at', now() - chance * interval '2 minutes', 'updated_at', now() - chance * interval '1 minute'
    )) AS made
WHERE link.id = :link_id AND client.external_id LIKE 'many:%';

INSERT INTO access_requests
SELECT made.*
FROM access_requests AS asked, links AS link, generate_series(1, {REQUESTS_OF_LINK}) AS number,
    jsonb_populate_record(asked, jsonb_build_object(
        'agency_id', link.agency_id, 'id', new_id(), 'link_id', link.id, 'asset_id', 7200000000000000000 + number,
        'position', number
    )) AS made
WHERE asked.link_id = :link_id AND link.external_id LIKE 'many:%'
"""
_KINDS = {"agency_id": "agency", "client_id": "client", "link_id": "link"}


async def fill(sessions: Sessions, corner: Corner, links: int = LINKS - LINKS_OF_CLIENT * (AGENCIES - 1)) -> None:
    """Write it, and let the planner count. Each other agency has one client; `links`: of this one."""
    values = {name: getattr(corner, name) for name in _KINDS}
    async with sessions.begin() as session:
        for statement in _STATEMENTS.split(";"):
            used = [bindparam(name, type_=ids.Id(kind)) for name, kind in _KINDS.items() if f":{name}" in statement]
            bound = {each.key: values[each.key] for each in used}
            if ":clients" in statement:
                bound["clients"] = links // LINKS_OF_CLIENT
            await session.execute(text(statement).bindparams(*used), bound)
    async with sessions.begin() as session:
        await session.execute(text("ANALYZE agencies, clients, links, access_requests"))
