"""Starting everything a demo needs: database, simulated TikTok, CRM inbox, web and worker."""

import asyncio
import os
import secrets
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.kit import child_processes, encryption
from app.kit.child_processes import Child
from app.kit.database import make_engine, make_sessions, recreate
from app.kit.embedded_postgres.data_directory import default_data_dir
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.settings import Settings, load
from demo import configure, seed
from demo.inbox.__main__ import SECRET
from demo.walk.people import Say
from demo.world import APP_ID, APP_SECRET, Addresses, Demo

DATABASE = "demo"


@dataclass(frozen=True)
class Ports:
    """Wanted ports; a busy one is replaced by a free one. 0: any. `mail` None: the demo sends no e-mails."""

    web: int = 8000
    tiktok: int = 8001
    inbox: int = 8002
    mail: int | None = None


@contextmanager
def running(
    data: Path,
    ports: Ports,
    say: Say,
    *,
    simulate: str = "",
    durable: bool = True,
    show_secret: Callable[[str], None] | None = None,
) -> Iterator[tuple[Demo, list[Child]]]:
    """A demo from an empty database, stopped on the way out. `show_secret` is told the inbox endpoint's secret."""
    started: list[Child] = []
    say("starting the embedded PostgreSQL")
    with EmbeddedPostgres(data, durable=durable) as postgres:
        try:
            demo, secret = _start(postgres, data, ports, say, simulate, started)
            if show_secret:
                show_secret(secret)
            yield demo, started
        finally:
            child_processes.stop(started)
            env_file(data).unlink(missing_ok=True)


def _start(
    postgres: EmbeddedPostgres, data: Path, ports: Ports, say: Say, simulate: str, started: list[Child]
) -> tuple[Demo, str]:
    addresses = Addresses(
        web=f"http://localhost:{child_processes.port(ports.web)}",  # a host name: an IP address has no passkeys
        tiktok=f"http://127.0.0.1:{child_processes.port(ports.tiktok)}",
        inbox=f"http://127.0.0.1:{child_processes.port(ports.inbox)}",
    )
    mail_port = None if ports.mail is None else child_processes.port(ports.mail)
    settings, env = _settings(postgres, addresses, mail_port)
    start = _Starter(started, {**os.environ, **env}, data)
    luck = str(secrets.randbelow(10**6))
    switches = ["--simulate", simulate, "--seed", luck] if simulate else []
    if simulate:
        say(f"TikTok misbehaves by chance, with seed {luck}")
    start.run("TikTok simulator", "simulator", "--port", _port(addresses.tiktok),
              "--redirect-uri", settings.redirect_uris["tiktok"], *switches)  # fmt: skip
    say("preparing the database")
    asyncio.run(recreate(postgres.dsn("postgres"), DATABASE))
    from app import migrate  # slow to load: the simulator starts meanwhile

    migrate.upgrade(settings.database_url)
    demo, secret = asyncio.run(_seed(settings, addresses))
    write_env(env_file(data), {**env, "KEYTURN_URL": addresses.web, "KEYTURN_API_KEY": demo.api_key})
    start.env[SECRET] = secret
    taking = [] if mail_port is None else ["--mail-port", str(mail_port)]
    start.run("CRM inbox", "demo.inbox", "--port", _port(addresses.inbox), *taking)
    say("starting web and worker")
    web = start.run("web", "app.web", "--port", _port(addresses.web))
    start.run("worker", "app.worker")
    child_processes.wait_for(web, f"{addresses.web}/readyz")
    for child, address in ((started[0], f"{addresses.tiktok}/simulator/world"), (started[1], addresses.inbox)):
        child_processes.wait_for(child, address)
    return replace(configure.furnish(demo), env=str(env_file(data))), secret


def write_env(place: Path, env: dict[str, str]) -> None:
    """For a shell: with it `keyturn` commands work on this demo. Only its owner reads it: the key ring is there."""
    place.unlink(missing_ok=True)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in env.items()]
    lines.append(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n")  # where `keyturn` is
    with open(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.writelines(lines)


@dataclass
class _Starter:
    started: list[Child]
    env: dict[str, str]
    data: Path

    def run(self, name: str, module: str, *arguments: str) -> Child:
        log = self.data / f"{module.rsplit('.', 1)[-1]}-{name.replace(' ', '-').lower()}.log"
        log.write_bytes(b"")
        child = child_processes.start(name, [sys.executable, "-m", module, *arguments], env=self.env, log=log)
        self.started.append(child)
        return child


def _settings(
    postgres: EmbeddedPostgres, addresses: Addresses, mail_port: int | None
) -> tuple[Settings, dict[str, str]]:
    """The settings of a demo, and the same as environment for its processes."""
    env = {
        "DATABASE_URL": postgres.dsn(DATABASE),
        "KEYTURN_SECRET_KEYS": encryption.new_key(),
        "KEYTURN_PUBLIC_URL": addresses.web,
        "KEYTURN_EGRESS_ALLOW": "127.0.0.1/32",
        "KEYTURN_SETTLE_SECONDS": "8",
        "TIKTOK_APP_ID": APP_ID,
        "TIKTOK_APP_SECRET": APP_SECRET,
        "TIKTOK_REDIRECT_URI": f"{addresses.web}/callbacks/tiktok",
        "TIKTOK_AUTH_URL": f"{addresses.tiktok}/portal/auth",
        "TIKTOK_API_BASE": f"{addresses.tiktok}/open_api/v1.3",
    }
    if mail_port is not None:
        env |= {"KEYTURN_SMTP_URL": f"smtp://127.0.0.1:{mail_port}", "KEYTURN_MAIL_FROM": "keyturn@demo.example"}
    return load(**{name.removeprefix("KEYTURN_").lower(): value for name, value in env.items()}), env


async def _seed(settings: Settings, addresses: Addresses) -> tuple[Demo, str]:
    engine = make_engine(settings.database_url)
    async with make_sessions(engine).begin() as session:
        made = await seed.seed(session, encryption.Keyring.from_text(settings.secret_keys), addresses)
    await engine.dispose()
    return made


def _port(address: str) -> str:
    return address.rsplit(":", 1)[-1]


def env_file(data: Path) -> Path:
    """File in which a running demo keeps its settings for other commands."""
    return data / "env"


def default_folder() -> Path:
    """Beside the folder of a real installation, never in it."""
    real = default_data_dir(is_root=os.geteuid() == 0)
    return real.with_name(f"{real.name}-demo")
