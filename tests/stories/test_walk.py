"""The whole of it in real processes: every way walked over HTTP, then everything kept is searched for secrets."""

import asyncio
import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.kit.embedded_postgres.server import EmbeddedPostgres
from demo import start
from demo.start import Ports
from demo.walk.report import Report
from demo.walk.walk import walk
from demo.world import APP_SECRET, Demo


@pytest.fixture(scope="module")
def walked() -> Iterator[tuple[Demo, Report, Path, str]]:
    """A demo after a whole walk: what it is, its report, its folder and the secret of the inbox's endpoint."""
    with tempfile.TemporaryDirectory(prefix="keyturn-walk-") as folder:
        secret: list[str] = []
        with start.running(Path(folder), Ports(0, 0, 0), _quiet, durable=False, show_secret=secret.append) as (demo, _):
            report = asyncio.run(walk(demo, _quiet, approve=False))
            yield demo, report, Path(folder), secret[0]


def _quiet(_: str) -> None:
    """The walk's lines are for people."""


def test_every_way_ends_proved_with_every_webhook_signed(walked: tuple[Demo, Report, Path, str]) -> None:
    _, report, _, _ = walked
    assert report.is_good, report.figures()
    access_requests = report.access_requests
    assert (access_requests.connected, access_requests.guided, access_requests.verified, access_requests.attested) == (
        6,
        1,
        7,
        2,
    )


def test_the_calls_of_each_client_are_counted(walked: tuple[Demo, Report, Path, str]) -> None:
    """What is done on other platforms costs none."""
    _, report, _, _ = walked
    counted = {name: count > 0 for name, count in report.calls.items()}
    clients = ("Maison Lune", "Brand FR", "Atelier Rive", "Comptoir Mixte")
    assert counted == {**dict.fromkeys(clients, True), "Café Nord": False}


def test_events_calls_and_audit_entries_name_their_actors(walked: tuple[Demo, Report, Path, str]) -> None:
    _, _, folder, _ = walked
    url = EmbeddedPostgres(folder).dsn(start.DATABASE)
    events = asyncio.run(_rows(url, "SELECT actor_kind, actor_id FROM events"))
    assert {kind for kind, _ in events} == {"api_key", "client", "member", "system"}
    assert ("system", "worker") in events
    calls = asyncio.run(_rows(url, "SELECT actor_kind, actor_id FROM platform_calls"))
    assert {kind for kind, _ in calls} == {"client", "member", "system"}
    entries = asyncio.run(_rows(url, "SELECT actor_kind, actor_id FROM audit_entries"))
    assert {kind for kind, _ in entries} == {"api_key", "client", "system"}
    assert {name for kind, name in entries if kind == "system"} == {"demo", "worker"}


def test_nothing_secret_lies_in_clear_in_the_database_or_the_logs(walked: tuple[Demo, Report, Path, str]) -> None:
    demo, _, folder, webhook_secret = walked
    tokens = httpx2.get(f"{demo.addresses.tiktok}/simulator/world", trust_env=False).json()["tokens"]
    secrets = {
        "API key": demo.api_key,
        **{f"link token, {way}": address.rsplit("/", 1)[-1] for way, address in demo.links.items()},
        "public link token": demo.public_link.rsplit("/", 1)[-1],
        "connect token": demo.connect_address.rsplit("/", 1)[-1],
        "webhook secret": webhook_secret.removeprefix("whsec_"),
        "app secret": APP_SECRET,
        **{f"platform token {number}": each["access_token"] for number, each in enumerate(tokens)},
    }
    assert len(tokens) >= 3
    kept = asyncio.run(_database(EmbeddedPostgres(folder).dsn(start.DATABASE)))
    ours = [path for path in folder.glob("*.log") if "simulator" not in path.name]  # TikTok may know its secrets
    assert len(ours) >= 3
    logs = b"\n".join(path.read_bytes() for path in ours)
    assert len(kept) > 20_000
    assert b"north" in kept
    assert b'"request"' in logs
    found = [
        f"{name} as {form} in {place}"
        for name, value in secrets.items()
        for form, written in _forms(value).items()
        for place, where in (("database", kept), ("logs", logs))
        if written in where
    ]
    assert not found


def _forms(value: str) -> dict[str, bytes]:
    """A secret as it is, and as it may hide: base64 (at each of the three offsets), URL-encoded, hex."""
    forms = {"itself": value.encode(), "hex": value.encode().hex().encode()}
    if quote(value, safe="") != value:
        forms["URL-encoded"] = quote(value, safe="").encode()
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + value.encode())
        forms[f"base64 at {offset}"] = encoded[4 if offset else 0 : -4]
    return forms


async def _database(url: str) -> bytes:
    """Every row of every table as text, and every byte string as bytes."""
    engine = create_async_engine(url, poolclass=NullPool)
    kept: list[bytes] = []
    async with engine.connect() as connection:
        tables = await connection.execute(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        )
        for (table,) in tables.all():
            for row in (await connection.execute(text(f"SELECT * FROM {table}"))).all():
                kept += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    await engine.dispose()
    return b"\n".join(kept)


async def _rows(url: str, query: str) -> list[tuple[str, str]]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        rows = [(kind, actor_id) for kind, actor_id in await connection.execute(text(query))]
    await engine.dispose()
    return rows


def test_the_search_finds_what_it_looks_for() -> None:
    """Seen to fail: each form of a planted secret is found."""
    secret = "kt_live_4fJ-x9_Q2w/7a+Zz0123456789abcdef"
    for planted in (
        secret.encode(), base64.b64encode(secret.encode()), base64.b64encode(b"ab" + secret.encode()),
        base64.b64encode(b"a:" + secret.encode() + b"!"), quote(secret, safe="").encode(),
        secret.encode().hex().encode(),
    ):  # fmt: skip
        assert any(form in b"before " + planted + b" after" for form in _forms(secret).values()), planted
