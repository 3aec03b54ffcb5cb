"""What the doctor says of the way out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from app import installation, local
from app.cli import doctor
from app.cli.main import cli
from app.kit.database import Sessions
from app.settings import Settings
from tests.conftest import running
from tests.kit.egress.servers.certificates import serving
from tests.second_platform.adapter import REDIRECT, PlazaPlatform, declare
from tests.world import KEYS, PUBLIC_URL


async def test_nothing_set_is_one_line(settings: Settings) -> None:
    (line,) = await installation.egress(settings.model_copy(update={"egress_allow": ""}))
    assert (line.well, line.words) == (True, "public addresses only.")


async def test_what_is_set_is_told(settings: Settings) -> None:
    chosen = {
        "egress_allow": "10.0.0.0/8",
        "egress_deny": "8.8.8.0/24",
        "egress_nat64": True,
        "egress_ca_file": "/a.pem",
    }
    (line,) = await installation.egress(settings.model_copy(update=chosen))
    for words in ("10.0.0.0/8", "one trusted agency", "never 8.8.8.0/24", "NAT64", "/a.pem"):
        assert words in line.words


async def test_a_proxy_is_knocked_at_and_its_password_not_told(settings: Settings) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    chosen = settings.model_copy(update={"egress_proxy": f"http://keyturn:s3cret@127.0.0.1:{port}"})
    _, there = await installation.egress(chosen)
    server.close()
    await server.wait_closed()
    _, gone = await installation.egress(chosen)
    assert (there.well, gone.well) == (True, False)
    assert f"127.0.0.1:{port}" in there.words
    assert "KEYTURN_EGRESS_PROXY" in gone.words
    assert "s3cret" not in there.words + gone.words


def test_trusted_proxies_are_told(settings: Settings) -> None:
    chosen = settings.model_copy(update={"trusted_proxies": "172.30.89.0/24"})
    assert "172.30.89.0/24" in installation.proxies(chosen).words
    assert "none is trusted" in installation.proxies(settings.model_copy(update={"trusted_proxies": ""})).words


async def test_the_redirect_address_may_lie_below_a_path(settings: Settings) -> None:
    app, address = await doctor.apps(settings.model_copy(update={"public_url": "https://agency.com/keyturn"}))
    assert (app.what, app.well, app.words) == ("TikTok app", True, f"app id {settings.tiktok_app_id}")
    assert (address.what, address.well) == ("redirect address", True)
    assert "register exactly https://agency.com/keyturn/callbacks/tiktok in My Apps" in address.words


async def test_neither_an_app_nor_https_is_needed_but_keyturns_own_path_is(settings: Settings) -> None:
    bare = settings.model_copy(update={"public_url": "http://localhost:8000", "tiktok_app_id": None})
    app, address = await doctor.apps(bare)
    assert (app.well, "none for the whole installation" in app.words) == (True, True)
    assert (address.well, "use a tunnel" in address.words) == (True, True)
    _, other = await doctor.apps(settings.model_copy(update={"tiktok_redirect_uri": "https://agency.com/back"}))
    assert (other.well, "has to end in /callbacks/tiktok. Set TIKTOK_REDIRECT_URI" in other.words) == (False, True)


async def test_a_platform_without_a_diagnosis_has_its_lines_too() -> None:
    declare()
    async with httpx2.AsyncClient() as http:
        plaza = PlazaPlatform(http)
    app, address = doctor.default_app(plaza), doctor.redirect_address(plaza)
    assert (app.what, app.words) == ("Plaza app", "app id plaza-app")
    assert address.words == f"register exactly {REDIRECT} in the developer console."


def test_missing_settings_are_named_with_their_remedies(tmp_path: Path) -> None:
    names = ("DATABASE_URL", "KEYTURN_SECRET_KEYS", "KEYTURN_PUBLIC_URL")
    bare = {**dict.fromkeys(names), "KEYTURN_DATA_DIR": str(tmp_path)}
    found = CliRunner().invoke(cli, ["doctor"], env=bare)
    *lines, _, last = found.stdout.splitlines()
    assert (found.exit_code, len(lines)) == (1, len(names))
    for line, name, remedy in zip(
        lines, names, ("set its address", "`keyturn secret-key`", "reverse proxy"), strict=True
    ):
        assert (f"settings: {name} is not set." in line, remedy in line) == (True, True), line
    assert "`keyturn up` needs none of them" in last


def test_each_platform_has_its_flag() -> None:
    declare()
    told = CliRunner().invoke(cli, ["doctor", "--help"]).stdout
    for said in ("--tiktok ", "Also try the TikTok app", "--plaza ", "With --tiktok or --plaza: print JSON"):
        assert said in told
    assert CliRunner().invoke(cli, ["doctor", "--manual"]).exit_code == 2


@asynccontextmanager
async def answering(status: str, body: str, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that gives every request this answer, and its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("status", "body", "doubtful", "said"),
    [
        ("200 OK", installation.ALIVE, False, "Keyturn answers at"),
        ("200 OK", "Welcome to nginx!", True, "it is not Keyturn"),
        ("404 Not Found", "", True, "it is not Keyturn"),
        ("502 Bad Gateway", "", True, "does not reach `keyturn web`"),
    ],
)
async def test_what_answers_at_the_public_address_is_said(
    settings: Settings, status: str, body: str, *, doubtful: bool, said: str
) -> None:
    async with answering(status, body) as port:
        line = await installation.public_address(settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"}))
    assert (line.well, line.doubtful) == (True, doubtful)
    assert said in line.words


async def test_nothing_at_the_public_address_is_a_warning(settings: Settings) -> None:
    async with answering("200 OK", "") as port:
        pass
    line = await installation.public_address(settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"}))
    assert (line.doubtful, "gives no answer" in line.words, "warn" in line.mark) == (True, True, True)


async def test_a_certificate_that_nobody_trusts_is_said(settings: Settings, tmp_path: Path) -> None:
    async with answering("200 OK", installation.ALIVE, serving("localhost", tmp_path)) as port:
        line = await installation.public_address(
            settings.model_copy(update={"public_url": f"https://localhost:{port}"})
        )
    assert (line.doubtful, "certificate that is not trusted" in line.words) == (True, True)


async def test_keyturn_is_known_by_its_answer(settings: Settings, sessions: Sessions) -> None:
    async with running(settings, sessions) as app:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as http:
            assert (await http.get("/healthz")).text == installation.ALIVE


async def test_an_embedded_database_that_is_not_running_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cluster").mkdir()
    for name, value in {"KEYTURN_DATA_DIR": str(tmp_path), "KEYTURN_SECRET_KEYS": KEYS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KEYTURN_PUBLIC_URL", PUBLIC_URL)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", local.found()["DATABASE_URL"])  # as local.load sets it
    (line,) = await installation.database(local.load())
    assert not line.well
    assert f"`keyturn up` is not running in the data folder {tmp_path}" in line.words
    assert "DATABASE_URL" not in line.words
