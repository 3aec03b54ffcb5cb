"""`keyturn doctor`: checks of settings and services, with advice for each failure.

With the flag of a platform it checks the platform's app with a few read-only calls, which the other checks do not make.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from rich.console import Console
from rich.markup import escape
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app import local
from app.access.diagnostics import service
from app.access.diagnostics.service import Diagnostics, HealthView
from app.assembly import platforms_of
from app.cli import output
from app.cli.operations import in_commands
from app.cli.output import Failed
from app.events import numbering
from app.kit import keyring_check
from app.kit.database import DatabaseAway, Sessions, make_engine, make_sessions, see_pooler
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.locales import english
from app.mail.smtp_client import check_login
from app.platforms import declarations
from app.platforms.port import ConnectedPlatform
from app.platforms.registry import Platforms
from app.platforms.resources import DiagnosticFinding
from app.settings import Settings, SettingsWrong
from app.tables import metadata
from app.tenants.agencies import service as agencies

OLDEST_POSTGRES = 140000
LONGEST_SECONDS = 10
#: The body of /healthz.
ALIVE = '{"status":"alive"}'
_DIAGNOSIS_MARKS = {
    "pass": "[green]pass[/green]       ",
    "limited": "[yellow]limited[/yellow]    ",
    "fail": "[red]fail[/red]       ",
    "cannot_tell": "[dim]cannot tell[/dim]",
}
out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Finding:
    """Result of one check, with its message or advice.

    `doubtful`: apparently wrong as far as this machine can tell; a warning, not a failure.
    """

    what: str
    well: bool
    words: str
    doubtful: bool = False

    @property
    def mark(self) -> str:
        """The word at the start of the line."""
        if self.doubtful:
            return "[yellow]warn[/yellow]"
        return "[green]pass[/green]" if self.well else "[red]fail[/red]"


def run(*, platform: str | None, agency: str | None, as_json: bool) -> None:
    """Check settings, database, apps of platforms, redirect addresses and egress, and print advice for each failure.

    `platform`: diagnose the app of this one instead.
    """
    try:
        chosen = local.load()
    except SettingsWrong as wrong:
        for sentence in wrong.sentences:
            out.print(f"[red]fail[/red]  settings: {escape(sentence)}")
        if any(" is not set." in sentence for sentence in wrong.sentences):
            out.print("\n`keyturn up` needs none of them: it runs a PostgreSQL of its own and creates the key.")
        raise SystemExit(1) from wrong
    if platform:
        run_diagnosis(chosen, platform, agency, as_json=as_json)
        return
    asyncio.run(see_pooler(chosen.database_url))
    findings = [
        Finding("settings", True, "all readable"),
        *asyncio.run(_bounded("database", database(chosen))),
        *asyncio.run(apps(chosen)),
        proxies(chosen),
        asyncio.run(public_address(chosen)),
        *asyncio.run(_bounded("mail", mail(chosen))),
        *asyncio.run(_bounded("egress", egress(chosen))),
    ]
    for finding in findings:
        out.print(f"{finding.mark}  {finding.what}: {escape(finding.words)}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


async def _bounded(what: str, check: Coroutine[None, None, list[Finding]]) -> list[Finding]:
    """A check with a time limit, because a person waits."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await check
    except TimeoutError:
        return [Finding(what, False, f"no answer within {LONGEST_SECONDS} s; check its address and the network.")]


async def database(chosen: Settings) -> list[Finding]:
    """Check that the database is reachable, new enough, and has the tables of this version."""
    from app import migrate  # Alembic is slow to load, and only this check needs it

    engine = make_engine(chosen.database_url, kept=False)
    newest = migrate.newest(chosen.database_url)
    try:
        async with engine.connect() as connection:
            version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
            known = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
            at = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if known else None
            stored = await _stored(connection, chosen) if at == newest else []
    except Exception as problem:
        words = local.unreachable(problem)
        if words is None:
            raise
        return [Finding("database", False, words)]
    finally:
        await engine.dispose()
    return [
        Finding("database", version >= OLDEST_POSTGRES, f"PostgreSQL {version // 10000} (14 or newer is needed)"),
        Finding("tables", at == newest, "of this version" if at == newest else "are older: run `keyturn migrate`."),
        *stored,
    ]


async def _stored(connection: AsyncConnection, chosen: Settings) -> list[Finding]:
    """Check that stored values can be decrypted, and that no event is hidden."""
    found = await keyring_check.unreadable(connection, metadata, Keyring.from_text(chosen.secret_keys))
    behind = await numbering.is_behind(connection)
    hidden = "`/events` hides the newest: they were numbered by a server that counts higher. Run `keyturn migrate`."
    return [
        Finding("key ring", not found, keyring_check.sentence(found) if found else "opens what is stored"),
        Finding("events", not behind, hidden if behind else "all can be read in their order"),
    ]


async def apps(chosen: Settings) -> list[Finding]:
    """The installation's app at each platform, and the redirect address to register there. Nothing is called."""
    async with _platforms(chosen) as (platforms, _):
        return [finding for each in platforms.with_api for finding in (default_app(each), redirect_address(each))]


def default_app(platform: ConnectedPlatform) -> Finding:
    """Check that clients can connect without an app of their agency's own."""
    what, app = f"{platform.name} app", platform.default_app
    if app is None:
        return Finding(
            what, True,
            "none for the whole installation; agencies set their own, and without one clients share by hand.",
        )  # fmt: skip
    return Finding(what, True, f"app id {app.app_id}")


def redirect_address(platform: ConnectedPlatform) -> Finding:
    """The exact redirect URL to register for an app."""
    if platform.diagnosis is None:
        words = f"register exactly {platform.redirect_uri} in {english(declarations.of(platform.key).app_console)}."
        return Finding("redirect address", True, words)
    found = platform.diagnosis.registration_finding(platform.redirect_uri)
    return Finding(found.what, found.status != "fail", " ".join(filter(None, (found.words, found.do))))


def proxies(chosen: Settings) -> Finding:
    """Proxies trusted to report a visitor's address. Behind any other proxy, all visitors would share one address."""
    if not chosen.trusted_networks:
        return Finding("proxies", True, "none is trusted: right only where visitors reach the web process themselves.")
    words = f"X-Forwarded-For is believed from {', '.join(chosen.trusted_networks)}"
    return Finding("proxies", True, f"{words}; set KEYTURN_TRUSTED_PROXIES if your reverse proxy has another address.")


async def public_address(chosen: Settings) -> Finding:
    """Check the response of the public address, as seen from this machine."""
    address = f"{chosen.public_url.rstrip('/')}/healthz"
    try:
        async with (
            asyncio.timeout(LONGEST_SECONDS),
            httpx2.AsyncClient(trust_env=False, verify=ssl.create_default_context()) as http,
        ):
            answer = await http.get(address)
    except (httpx2.HTTPError, TimeoutError, OSError) as problem:
        return _doubt(f"{address} {_unanswered(problem)}")
    if answer.status_code == 200 and answer.text == ALIVE:
        return Finding("public address", True, f"Keyturn answers at {chosen.public_url}")
    if answer.status_code in (502, 503, 504):
        return _doubt(f"{address} answers {answer.status_code}: the proxy does not reach `keyturn web`. Is it running?")
    return _doubt(
        f"{address} answers {answer.status_code}, but it is not Keyturn: check KEYTURN_PUBLIC_URL and the proxy."
    )


def _doubt(words: str) -> Finding:
    return Finding("public address", True, words, doubtful=True)


def _unanswered(problem: BaseException) -> str:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not trusted ({cause.verify_message}): clients' browsers will warn them."
        cause = cause.__cause__ or cause.__context__
    return (
        "gives no answer on this machine. Start the proxy and `keyturn web`, or open the address in a browser "
        "elsewhere if this machine cannot reach it by design."
    )


async def mail(chosen: Settings) -> list[Finding]:
    """Check that the mail server accepts our login; nothing is sent."""
    server = chosen.mail_server
    if server is None:
        words = "off, and no page promises an e-mail; set KEYTURN_SMTP_URL and KEYTURN_MAIL_FROM."
        return [Finding("mail", True, words)]
    answer = await check_login(server)
    where = f"{server.host}:{server.port}, sent as {server.sender}"
    if answer.accepted:
        return [Finding("mail", True, where)]
    return [Finding("mail", False, f"{where}, does not take us: {answer.text} Check KEYTURN_SMTP_URL.")]


async def egress(chosen: Settings) -> list[Finding]:
    """The reach of webhooks beyond the public internet, their certificate authorities, and the state of their proxy."""
    words = ["public addresses only"]
    if chosen.allowed_networks:
        listed = ", ".join(chosen.allowed_networks)
        words = [f"also {listed}: meant for an installation with one trusted agency"]
    if chosen.denied_networks:
        words.append(f"never {', '.join(chosen.denied_networks)}")
    if chosen.egress_nat64:
        words.append("IPv4 by NAT64 (64:ff9b::/96)")
    if chosen.egress_ca_file:
        words.append(f"trusting the authorities of {chosen.egress_ca_file} besides the system's")
    found = [Finding("egress", True, "; ".join(words) + ".")]
    return [*found, await _egress_proxy(chosen.egress_proxy)] if chosen.egress_proxy else found


async def _egress_proxy(url: str) -> Finding:
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port}"
    try:
        async with asyncio.timeout(3):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return Finding("egress proxy", False, f"{where} takes no connection; check KEYTURN_EGRESS_PROXY.")
    writer.close()
    words = f"{where} is responsible for which addresses webhooks reach (docs/egress.md)."
    return Finding("egress proxy", True, words)


def run_diagnosis(chosen: Settings, platform: str, agency: str | None, *, as_json: bool) -> None:
    """Print a line for each check of a platform's app; exit status 1 if one failed."""
    try:
        health = asyncio.run(_diagnostics(chosen, platform, agency))
    except DatabaseAway as away:
        raise Failed(local.unreachable(away) or str(away)) from away
    except AppError as refusal:
        raise Failed(refusal.detail, refusal.hint) from refusal
    if as_json:
        output.as_json(HealthView.of(platform, health).model_dump(mode="json"))
    else:
        for finding in health.findings:
            _print_diagnosis(finding)
        console = english(declarations.of(platform).app_console)
        out.print(f"\nThe redirect address to register in {console}, letter by letter:\n{escape(health.redirect_uri)}")
    if not health.well:
        raise SystemExit(1)


async def _diagnostics(chosen: Settings, platform: str, agency: str | None) -> Diagnostics:
    """Diagnostics of the named agency, else the only one; of the installation's app if there are none or several."""
    keyring = Keyring.from_text(chosen.secret_keys)
    async with _platforms(chosen) as (platforms, sessions):
        async with sessions() as session:
            every = await agencies.every(session)
            meant = await agencies.chosen(session, agency) if agency or len(every) == 1 else None
        if meant is None:
            return await service.of_installation(platforms, keyring, platform_key=platform)
        return await service.of_agency(sessions, platforms, keyring, agency_id=meant.id, platform_key=platform)


@asynccontextmanager
async def _platforms(chosen: Settings) -> AsyncIterator[tuple[Platforms, Sessions]]:
    """The platforms of the installation, and sessions on its database."""
    engine = make_engine(chosen.database_url, pool_size=2)
    sessions = make_sessions(engine)
    try:
        async with httpx2.AsyncClient(trust_env=False) as http:
            yield platforms_of(chosen, http, sessions), sessions
    finally:
        await engine.dispose()


def _print_diagnosis(finding: DiagnosticFinding) -> None:
    out.print(f"{_DIAGNOSIS_MARKS[finding.status]}  {escape(finding.what)}: {escape(finding.words)}")
    if finding.do:
        out.print(f"             → {escape(in_commands(finding.do))}")
    tried = finding.tried
    if tried is not None and tried.operation and tried.outcome != "ok":
        code = "no answer" if tried.code is None else f"code {tried.code}"
        said = f"{tried.operation}: {code}, {tried.message}; request {tried.request_id or '–'}; {tried.took_ms} ms"
        out.print(f"             [dim]{escape(said)}[/dim]")
