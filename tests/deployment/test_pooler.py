"""PgBouncer between Keyturn and PostgreSQL, as docs/proxy/pgbouncer.ini has it, with TLS required."""

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.deployment.conftest import LONGEST, ROOT, pgbouncer, running, web
from tests.world import KEYS, World


def test_everything_works_through_a_pooler_in_transaction_mode(
    folder: Path, certificate: tuple[Path, Path], database_url: str, world: World
) -> None:
    """Many at once over four connections, so that each transaction is on another."""
    with pgbouncer(folder, certificate, database_url) as required:
        url = f"{required}&pgbouncer=true"
        env = {"DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": "https://localhost"}
        for command in ("migrate", "doctor"):
            ran = keyturn(command, env)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        worker = [sys.executable, "-m", "app.worker"]
        with web(folder, url) as address, running("worker", worker, folder=folder, env=env) as working:
            headers = {"Authorization": f"Bearer {world.north.key}"}
            client = httpx2.Client(base_url=f"{address}/api/v1", headers=headers, timeout=LONGEST, trust_env=False)
            with client, concurrent.futures.ThreadPoolExecutor(12) as many:

                def onboard(number: int) -> list[int]:
                    made = client.post("/clients", json={"name": f"Client {number}", "external_id": f"pooled-{number}"})
                    link = client.post("/links", json={"client_id": made.json()["id"], "preset": "run-campaigns"})
                    page = client.get(link.json()["address"].replace("https://localhost", address))
                    listed = client.get("/links", params={"limit": 200})
                    return [each.status_code for each in (made, link, page, listed)]

                for statuses in many.map(onboard, range(60)):
                    assert statuses == [201, 201, 200, 200]
            working.check()
        logs = "".join((folder / f"{name}.log").read_text() for name in ("web", "worker"))
    for trouble in ("prepared statement", "unsupported startup parameter", "Traceback"):
        assert trouble not in logs


def test_a_pooler_that_nobody_named_is_said_in_one_sentence(
    folder: Path, certificate: tuple[Path, Path], database_url: str
) -> None:
    with pgbouncer(folder, certificate, database_url) as url:
        env = {"DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": "https://localhost"}
        for command in ("doctor", "web", "worker"):
            ran = keyturn(command, env)
            assert ran.returncode in (1, 2), (command, ran.stdout + ran.stderr)
            assert "add pgbouncer=true to DATABASE_URL" in ran.stdout + ran.stderr, command
            assert "Traceback" not in ran.stderr


def keyturn(command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command of Keyturn, until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", command], env={**os.environ, **env}, cwd=ROOT, capture_output=True,
        text=True, timeout=LONGEST, check=False,
    )  # fmt: skip
