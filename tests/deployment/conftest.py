"""Real programs, started for one test: web, worker, nginx and PgBouncer, each on a free port of this machine."""

import os
import resource
import shutil
import socket as sockets
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url

from app.kit import child_processes
from app.kit.child_processes import Child
from tests.world import KEYS

ROOT = Path(__file__).parents[2]
PROXY = ROOT / "docs" / "proxy"
LONGEST = 60
os.environ["PATH"] += ":/usr/sbin:/sbin"


def program(name: str) -> str:
    """Path of a neighbour program; the test fails if it is missing."""
    found = shutil.which(name)
    assert found, f"{name} is missing: apt-get install {name}"
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every account may look into."""
    with tempfile.TemporaryDirectory(prefix="keyturn-deployment-") as made:
        path = Path(made)
        path.chmod(0o755)
        yield path


@pytest.fixture
def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key),
         "-out", str(cert)], check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    return cert, key


@contextmanager
def running(
    name: str, arguments: list[str], *, folder: Path, env: dict[str, str] | None = None, files: int | None = None,
    account: os.stat_result | None = None,
) -> Iterator[Child]:  # fmt: skip
    """Run a program during the block, with its output in `<name>.log`. `files`: its limit of open files."""

    def prepare() -> None:
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    log = folder / f"{name}.log"
    with log.open("ab") as lines:
        process = subprocess.Popen(
            arguments, env={**os.environ, **(env or {})}, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=lines,
            stderr=lines, preexec_fn=prepare, user=account and account.st_uid, group=account and account.st_gid,
        )  # fmt: skip
    child = Child(name, process, log)
    try:
        yield child
    finally:
        child_processes.stop([child])


@contextmanager
def web(folder: Path, database_url: str, *, files: int | None = None, **env: str) -> Iterator[str]:
    """A web process; where it listens."""
    port = child_processes.port(0)
    settings = {"DATABASE_URL": database_url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": "https://localhost"}
    arguments = [sys.executable, "-m", "app.web", "--port", str(port)]
    with running("web", arguments, folder=folder, env=settings | env, files=files) as child:
        child_processes.wait_for(child, f"http://127.0.0.1:{port}/healthz", seconds=LONGEST)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx(folder: Path, certificate: tuple[Path, Path], upstream: str, *, path: str, speaks_as: str) -> Iterator[int]:
    """nginx by the example of the docs; the port of its https."""
    secure, plain = child_processes.port(0), child_processes.port(0)
    cert, key = certificate
    changes = {
        "127.0.0.1:8000": upstream.removeprefix("http://"),
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "https://go.agency.com": f"https://localhost:{secure}",
        "go.agency.com;": "localhost;",
        "/etc/letsencrypt/live/go.agency.com/fullchain.pem": str(cert),
        "/etc/letsencrypt/live/go.agency.com/privkey.pem": str(key),
        "/var/log/nginx/": f"{folder}/",
        "location / {": f"location {path} {{\n        proxy_bind {speaks_as};",
    }
    site = (PROXY / "nginx.conf").read_text()
    for before, after in changes.items():
        assert before in site, before
        site = site.replace(before, after)
    temporary = "".join(
        f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-start.log;"
        f"events {{ worker_connections 4096; }} http {{ {temporary}\n{site}\n}}"
    )
    with running("nginx", [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], folder=folder) as it:
        _until_it_listens(it, secure)
        yield secure


@contextmanager
def pgbouncer(folder: Path, certificate: tuple[Path, Path], database_url: str) -> Iterator[str]:
    """PgBouncer by the example of the docs, in transaction mode, with TLS; the database's address through it."""
    port, there = child_processes.port(0), make_url(database_url)
    socket = Path(str(there.query["host"]))
    database = f"host={socket} port=5432 dbname={there.database} user={there.username} pool_size=4"
    cert, key = certificate
    changes = {
        "host=127.0.0.1 port=5432 dbname=keyturn": database,
        "listen_port = 6432": f"listen_port = {port}",
        "auth_type = scram-sha-256": "auth_type = any",
        "auth_file = /etc/pgbouncer/userlist.txt": f"client_tls_sslmode = require\nclient_tls_cert_file = {cert}\n"
        f"client_tls_key_file = {key}",
    }
    text = (PROXY / "pgbouncer.ini").read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    config = folder / "pgbouncer.ini"
    config.write_text(text)
    with running("pgbouncer", [program("pgbouncer"), str(config)], folder=folder, account=socket.stat()) as it:
        _until_it_listens(it, port)
        yield f"postgresql://keyturn@127.0.0.1:{port}/keyturn?sslmode=require"


def _until_it_listens(child: Child, port: int) -> None:
    def listens() -> bool:
        try:
            sockets.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    until(listens, child)


def until(is_so: Callable[[], bool], child: Child) -> None:
    """Wait for something that a program is to do."""
    deadline = time.monotonic() + LONGEST
    while not is_so():
        child.check()
        assert time.monotonic() < deadline, child.name
        time.sleep(0.05)


def browser(certificate: tuple[Path, Path], base: str, *, address: str = "127.0.0.1") -> httpx2.Client:
    """A visitor with an address of their own."""
    trusting = ssl.create_default_context(cafile=certificate[0])
    transport = httpx2.HTTPTransport(verify=trusting, local_address=address)
    return httpx2.Client(transport=transport, base_url=base, timeout=LONGEST, headers={"Sec-Fetch-Site": "same-origin"})
