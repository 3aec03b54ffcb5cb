"""Triggers of audited tables: as declared, on every column, whatever sends the statement, and without secrets."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers.service import NamedBuyer, set_for_center
from app.access.kickoffs.models import Kickoff
from app.audit.entries import AuditEntry, AuditPersonal
from app.kit import audit, clock, ids
from app.kit.actor import KEYTURN, Actor, acting_as
from app.kit.audit import audited, triggers
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.oidc import OidcIdentity
from app.links import queries as links
from app.links import step_links
from app.links.models import Link
from app.tables import metadata
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import AgencyAccount
from app.tenants.agencies.platform_ids import set_platform
from app.tenants.clients.models import Client
from app.tenants.members import identities, second_factor
from app.tenants.members import service as members
from app.tenants.members.models import Member
from app.tenants.members.passkeys import MemberPasskey
from tests.api import belongings
from tests.prepared import Prepared
from tests.world import TESTS, World

ANA = Actor("api_key", "key_of_ana")
TABLES = {subject: metadata.tables[model.__tablename__] for subject, model in audited().items()}
#: Values that differ from those of the tests' rows, by type.
OTHER = {
    ARRAY: "ARRAY['other-value']",
    Boolean: "NOT coalesce({0}, false)",
    DateTime: "now() + interval '3 days'",
    Integer: "coalesce({0}, 0) + 7",
    JSONB: """'{{"other": "é"}}'""",
    LargeBinary: "'\\x5ec2e75ec2e7'",
    String: "'other-value'",
}
#: Columns with few values.
FEW = {
    "webhook_endpoints.payload_mode": "'flat'", "webhook_endpoints.status": "'disabled'",
    "webhook_endpoints.ordering": "'by_subject'", "webhook_endpoints.destination": "'slack'",
    "webhook_endpoints.verification": "'passed'", "webhook_endpoints.timeout_ms": "7000", "clients.origin": "'found'",
    "client_contacts.role": "'approver'",
    "webhook_endpoints.event_types": "'[\"link.opened\"]'", "link_platforms.lane": "'guided'",
    "members.role": "'member'", "member_invitations.role": "'member'", "members.sign_in_failed_with": "'code'",
    "member_sessions.proof": "'provider'",
}  # fmt: skip
#: A further platform of every link.
OTHER_PLATFORM = (
    "INSERT INTO link_platforms (agency_id, link_id, platform, position) "
    "SELECT DISTINCT agency_id, link_id, '{0}', 9 FROM link_platforms"
)
SECRET = {
    "api_keys.key_hash", "kickoffs.share_token_hash",
    "member_invitations.token_hash", "member_passkeys.credential_id", "member_passkeys.public_key",
    "members.password_hash",
    "members.recovery_codes_hash", "members.totp_secret_encrypted",
    "platform_apps.secret_encrypted", "public_links.token_encrypted", "public_links.token_hash",
    "webhook_endpoints.headers_encrypted", "webhook_endpoints.options_encrypted", "webhook_secrets.secret_encrypted",
}  # fmt: skip

#: Subjects whose rows are a link or belong to one. The buyer list of the tests is that of a Business Center.
OF_LINKS = {"link", "link_platform", "access_request", "kickoff", "step_link"}


def audit_of(subject: str) -> audit.Audit:
    """The declaration of a table."""
    found = audit.declaration(audited()[subject])
    assert found
    return found


async def entries(session: AsyncSession, world: World) -> Sequence[AuditEntry]:
    """All entries of the north agency, oldest first."""
    rows = select(AuditEntry).where(AuditEntry.agency_id == world.north.agency_id)
    return (await session.scalars(rows.order_by(AuditEntry.transaction_id, AuditEntry.id))).all()


async def newest(session: AsyncSession, world: World) -> AuditEntry:
    """The last entry of the north agency."""
    return (await entries(session, world))[-1]


def rename(world: World, name: str) -> Any:
    """A statement that changes a client's name without loading it."""
    mine = (Client.agency_id == world.north.agency_id, Client.id == world.north.client_id)
    return update(Client).where(*mine).values(name=name)


@pytest.fixture
async def belongs(prepared: Prepared, sessions: Sessions, keyring: Keyring, world: World) -> None:
    """A row of every audited table."""
    await prepared.reach("a row of every audited table", lambda: _fill(sessions, keyring, world))


async def _fill(sessions: Sessions, keyring: Keyring, world: World) -> None:
    mine = await belongings.of(sessions, keyring, world.north)
    async with sessions.begin() as session:
        agency_id = world.north.agency_id
        await agencies.set_platform_app(
            session, agency_id, platform="tiktok", app_id="7400000000000000001", secret="s", keyring=keyring,
            actor=TESTS,
        )  # fmt: skip
        await set_platform(session, agency_id, "meta", identifiers={"portfolio_id": "1234567890123456"}, actor=TESTS)
        (center,) = await agencies.accounts(session, agency_id, "tiktok")
        await set_for_center(session, agency_id, center.id, [NamedBuyer("bo@north.example", "OPERATOR")], actor=TESTS)
        bo = await session.get_one(Member, (agency_id, mine["member_id"]))
        await second_factor.begin(session, keyring, agency_id, bo.id)
        bo.recovery_codes_hash = ["0123456789abcdef"]
        await identities.member_of(session, OidcIdentity("https://login.example", "1", bo.email, bo.name))
        await members.sign_in(session, bo)
        link = await links.load_link(session, agency_id, world.north.link_id, lock=True)
        await step_links.pass_on(session, link, "tiktok", "Bo Big", keyring=keyring)
        kickoff = await session.get_one(Kickoff, (agency_id, mine["kickoff_id"]))
        kickoff.share_token_hash, kickoff.share_expires_at = b"hash of a shared result", clock.now()
        session.add(
            MemberPasskey(
                agency_id=agency_id, id=ids.new("passkey"), member_id=bo.id, name="Phone", credential_id=b"an id",
                public_key=b"a key", sign_count=0,
            )
        )  # fmt: skip
        await session.execute(
            text(
                "INSERT INTO presets (agency_id, id, slug, version, body) "
                "SELECT id, new_id(), 'mine', 1, '{}' FROM agencies WHERE slug = 'north'"
            )
        )


async def test_the_database_has_the_triggers_that_classes_declare(session: AsyncSession) -> None:
    await session.execute(text("CREATE SCHEMA expected"))
    await session.execute(text("SET search_path = expected, public"))
    for model in audited().values():
        await session.execute(text(f"CREATE TABLE expected.{model.__tablename__} (LIKE public.{model.__tablename__})"))
        for statement in triggers(model):
            await session.execute(text(statement))
    rows = await session.execute(
        text(
            "SELECT relnamespace::regnamespace::text, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger "
            "JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname IN ('audit_rows', 'audit_changes')"
        )
    )
    found: dict[str, set[str]] = {"public": set(), "expected": set()}
    for schema, definition in rows:
        found[schema].add(definition.replace(f"ON {schema}.", "ON "))
    assert len(found["public"]) == 2 * len(audited())
    assert found["public"] == found["expected"]


def audited_columns() -> list[tuple[str, Column[Any]]]:
    """Every audited column with its subject; ids refer to rows, so the tests leave them."""
    return [
        (subject, table.columns[name])
        for subject, table in TABLES.items()
        for name in audit_of(subject).columns(table)
        if not isinstance(table.columns[name].type, ids.Id)
    ]


@pytest.mark.usefixtures("belongs")
@pytest.mark.parametrize(("subject", "column"), audited_columns(), ids=str)
async def test_every_audited_column_is_recorded_and_no_secret_is(
    session: AsyncSession, world: World, subject: str, column: Column[Any]
) -> None:
    table, name = column.table, column.name
    other = next(value for kind, value in OTHER.items() if isinstance(column.type, kind))
    value = FEW.get(str(column)) or other.format(f'"{name}"')
    agency = f"'{ids.parse('agency', world.north.agency_id)}'"
    condition = f"{'id' if subject == 'agency' else 'agency_id'} = {agency}"
    if str(column) == "access_requests.platform":  # it refers to the platform's row of the link
        await session.execute(text(OTHER_PLATFORM.format("other-value")), execution_options=CROSS_TENANT)
    if str(column) == "link_platforms.platform":  # nothing refers to the new one
        await session.execute(text(OTHER_PLATFORM.format("new")), execution_options=CROSS_TENANT)
        condition += " AND platform = 'new'"
    await session.execute(
        text(f'UPDATE {table} SET "{name}" = {value} WHERE {condition}'), execution_options=CROSS_TENANT
    )
    entry = await newest(session, world)
    assert (entry.subject_type, entry.action, entry.changed) == (subject, "changed", [name])
    assert entry.link_id == (world.north.link_id if subject in OF_LINKS else None)
    personal = await session.get(AuditPersonal, (entry.agency_id, entry.id))
    if str(column) in SECRET:
        assert (entry.before, entry.after, personal) == ({}, {}, None)
    elif name in audit_of(subject).personal:
        assert (entry.before, entry.after) == ({}, {})
        assert personal
        assert (list(personal.before or ()), list(personal.after or ())) == ([name], [name])
    else:
        assert (list(entry.before), list(entry.after), personal) == ([name], [name], None)


def test_secrets_are_known_by_their_columns() -> None:
    found = {f"{table}.{name}" for table in TABLES.values() for name in audit.secrets(table)}
    unrecorded = {
        "links.token_hash", "links.token_encrypted", "member_sessions.cookie_hash", "step_links.token_hash",
        "step_links.token_encrypted",
    }  # fmt: skip
    assert found - SECRET == unrecorded, "never change after the link is created, or with each sign-in"


@pytest.mark.usefixtures("belongs")
async def test_entries_of_new_rows_hold_no_bytes_of_any_secret(session: AsyncSession, world: World) -> None:
    """Nor in the personal parts: the bytes of each secret column are searched for as they would be written."""
    kept = json.dumps([[each.before, each.after, each.changed] for each in await entries(session, world)])
    rows = select(AuditPersonal).where(AuditPersonal.agency_id == world.north.agency_id)
    kept += json.dumps([[each.before, each.after] for each in await session.scalars(rows)])
    assert {each.subject_type for each in await entries(session, world)} == audited().keys()
    searched = 0
    for table in TABLES.values():
        for name in audit.secrets(table):
            column = table.columns[name]
            for value in await session.scalars(select(column).where(_agency(table, world), column.is_not(None))):
                for part in value if isinstance(value, list) else [value]:
                    searched += 1
                    assert (part if isinstance(part, str) else part.hex()) not in kept, str(column)
    assert searched > 5


@pytest.mark.parametrize("way", ["object", "statement", "several"])
async def test_every_way_of_writing_is_recorded_with_its_actor(session: AsyncSession, world: World, way: str) -> None:
    with acting_as(ANA):
        if way == "object":
            client = await session.get_one(Client, (world.north.agency_id, world.north.client_id))
            client.name = "Brand"
            await session.flush()
        elif way == "statement":
            await session.execute(rename(world, "Brand"))
        else:
            given = {"agency_id": world.north.agency_id, "id": world.north.client_id, "name": "Brand"}
            await session.execute(update(Client), [given])
    entry = await newest(session, world)
    assert (entry.actor_kind, entry.actor_id, entry.changed) == (ANA.kind, ANA.id, ["name"])
    personal = await session.get_one(AuditPersonal, (entry.agency_id, entry.id))
    assert (personal.before, personal.after) == ({"name": "Maison Lune"}, {"name": "Brand"})


async def test_insert_and_delete_statements_are_recorded(session: AsyncSession, world: World) -> None:
    row = {
        "agency_id": world.north.agency_id,
        "id": ids.new("account"),
        "platform": "tiktok",
        "account_id": "7",
        "name": "N",
    }
    with acting_as(ANA):
        await session.execute(insert(AgencyAccount).values(**row))
        mine = (AgencyAccount.agency_id == row["agency_id"], AgencyAccount.id == row["id"])
        await session.execute(delete(AgencyAccount).where(*mine))
    made, gone = (await entries(session, world))[-2:]
    values = {"platform": "tiktok", "account_id": "7", "name": "N"}
    assert [(each.action, each.before, each.after) for each in (made, gone)] == [
        ("created", {}, values),
        ("deleted", values, {}),
    ]
    assert made.actor_id == gone.actor_id == ANA.id


async def test_columns_that_are_not_audited_leave_no_entry(session: AsyncSession, world: World) -> None:
    before = len(await entries(session, world))
    mine = (Link.agency_id == world.north.agency_id, Link.id == world.north.link_id)
    await session.execute(update(Link).where(*mine).values(open_count=7))
    await session.execute(rename(world, "Maison Lune"))  # its name already
    assert len(await entries(session, world)) == before


async def test_a_savepoint_that_is_undone_takes_no_actor_with_it(session: AsyncSession, world: World) -> None:
    with acting_as(ANA):
        undone = await session.begin_nested()
        await session.execute(rename(world, "Brand"))
        await undone.rollback()
        await session.execute(rename(world, "Brand SA"))
    assert (await newest(session, world)).actor_id == ANA.id


async def test_the_actor_may_change_in_a_transaction_and_ends_with_it(session: AsyncSession, world: World) -> None:
    with acting_as(ANA):
        await session.execute(rename(world, "Brand"))
    await session.execute(rename(world, "Brand SA"))
    one, other = (await entries(session, world))[-2:]
    assert [one.actor_id, other.actor_id] == [ANA.id, KEYTURN.id]
    await session.commit()
    await session.execute(text("UPDATE clients SET name = 'Past Keyturn'"), execution_options=CROSS_TENANT)
    assert (await newest(session, world)).actor_id == "database"


async def test_entries_are_append_only_and_personal_parts_are_not(session: AsyncSession, world: World) -> None:
    with acting_as(ANA):
        await session.execute(rename(world, "Brand"))
    await session.commit()
    for statement in (
        "UPDATE audit_entries SET actor_id = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries CASCADE",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            await session.execute(text(statement), execution_options=CROSS_TENANT)
        await session.rollback()
    await session.execute(text("DELETE FROM audit_personal"), execution_options=CROSS_TENANT)
    await session.commit()
    assert (await newest(session, world)).changed == ["name"]


async def test_a_change_that_is_undone_leaves_no_entry(session: AsyncSession, world: World) -> None:
    before = len(await entries(session, world))
    await session.execute(rename(world, "Brand"))
    await session.rollback()
    assert len(await entries(session, world)) == before


def _agency(table: Table, world: World) -> Any:
    columns = table.columns
    return (columns["agency_id"] if "agency_id" in columns else columns["id"]) == world.north.agency_id
