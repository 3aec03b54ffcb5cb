"""Checks of an installation: settings, database, stored values, public address, mail, background work and egress.

The sentences are English, for the person who runs it: `keyturn doctor` prints all of them, and the dashboard and the
API show those of `for_agencies`, which leave out networks and proxies.
"""

import asyncio
import ssl
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app import local
from app.events import numbering
from app.kit import clock, keyring_check
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.i18n.locales import english
from app.kit.keyring_check import UndecryptableValue
from app.mail.smtp_client import check_login
from app.platforms import guidance_age
from app.platforms.resources import DiagnosticFinding
from app.settings import Settings
from app.tables import metadata
from app.tenants.agencies import domains
from app.tenants.agencies.models import Agency, AgencyDomain
from app.tenants.api_keys import service as api_keys
from app.tenants.members import service as members
from app.tenants.members import ways
from app.webhooks.maintenance.periodic_tasks import SWEEP
from app.webhooks.models import PeriodicTask

OLDEST_POSTGRES = 140000
LONGEST_SECONDS = 10
#: The body of /healthz.
ALIVE = '{"status":"alive"}'
#: A task of every half minute that is due for so long was taken by no worker.
_WORKER_LATE = timedelta(minutes=3)
#: What to do for each kind of stored value whose key is lost; none for values that end by themselves within a day.
REMEDIES: Mapping[str, str | None] = {
    "audit_seals.seal_encrypted": "Confirm earlier seals by a printed one: `keyturn audit verify --seal …`.",
    "authorizations.code_encrypted": None,
    "authorizations.code_verifier_encrypted": None,
    "connections.refresh_token_encrypted": None,
    "connections.token_encrypted": "Clients connect again on their links, which still work; so does the agency.",
    "idempotency_keys.answer_encrypted": None,
    "intake_files.content_encrypted": "Ask clients for the files that they uploaded.",
    "links.token_encrypted": "Addresses of links still work, but cannot be shown again: make a new one where needed.",
    "mails.content_encrypted": "E-mails that were not sent yet are lost: send them again.",
    "members.totp_secret_encrypted": "Members with a second factor use a recovery code, or "
    "`keyturn member invite --email … --lost-phone`.",
    "platform_apps.secret_encrypted": "Set the secrets of the platform apps again: `keyturn agency set-platform-app`.",
    "public_links.token_encrypted": "Addresses of public links still work, but cannot be shown again: make new ones.",
    "step_links.token_encrypted": "Step links still work, but clients cannot see their addresses again.",
    "webhook_endpoints.headers_encrypted": "Set the headers of webhook endpoints again.",
    "webhook_endpoints.options_encrypted": "Set up destinations such as Slack and HubSpot again.",
    "webhook_secrets.secret_encrypted": "Make new signing secrets of webhook endpoints for the receivers.",
}


@dataclass(frozen=True)
class Finding:
    """Result of one check, with its message or advice.

    `doubtful`: switched off, apparently wrong as far as this machine can tell, or an agency's own to correct; a
    warning, not a failure.
    """

    what: str
    well: bool
    words: str
    doubtful: bool = False
    do: str | None = None

    @property
    def mark(self) -> str:
        """The word at the start of the line."""
        return "warn" if self.doubtful else "pass" if self.well else "fail"


async def bounded(what: str, check: Coroutine[None, None, list[Finding]]) -> list[Finding]:
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
        async with make_sessions(engine)() as session:
            connection = await session.connection()
            version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
            known = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
            at = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if known else None
            stored = [*await _stored(connection, chosen), *await _domains(session, chosen)] if at == newest else []
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


def remedies(lost: Iterable[UndecryptableValue]) -> list[str]:
    """Sentences about everything that people have to do again."""
    kinds = dict.fromkeys(each.kind for each in lost)
    return [remedy for kind in kinds if (remedy := REMEDIES.get(kind))]


def _lost(found: Sequence[UndecryptableValue]) -> str:
    return " ".join([keyring_check.sentence(found), "If a key is lost for ever:", *remedies(found)])


async def _stored(connection: AsyncConnection, chosen: Settings) -> list[Finding]:
    """Check that stored values can be decrypted, and that no event is hidden."""
    found = await keyring_check.unreadable(connection, metadata, Keyring.from_text(chosen.secret_keys))
    behind = await numbering.is_behind(connection)
    hidden = "`/events` hides the newest: they were numbered by a server that counts higher. Run `keyturn migrate`."
    return [
        Finding("key ring", not found, _lost(found) if found else "opens what is stored"),
        Finding("events", not behind, hidden if behind else "all can be read in their order"),
    ]


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
        return [Finding("mail", True, words, doubtful=True)]
    answer = await check_login(server)
    where = f"{server.host}:{server.port}, sent as {server.sender}"
    if answer.accepted:
        return [Finding("mail", True, where)]
    return [Finding("mail", False, f"{where}, cannot be used: {answer.text} Check KEYTURN_SMTP_URL.")]


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


async def _domains(session: AsyncSession, chosen: Settings) -> list[Finding]:
    """The domains of all agencies: one line for those that are right, one for each other."""
    every = [(row.host, _domain(row, agency, chosen)) for row, agency in await domains.verified(session)]
    right = ", ".join(host for host, each in every if each.mark == "pass")
    wrong = [replace(each, well=True, doubtful=True) for _, each in every if each.mark != "pass"]
    return [*([Finding("domains of agencies", True, f"right at their last check: {right}")] if right else []), *wrong]


def _domain(row: AgencyDomain, agency: Agency, chosen: Settings) -> Finding:
    """Result of the last check of a verified domain: its links fail while its records lead elsewhere."""
    what = f"domain {row.host} ({agency.name})"
    if row.problem is None:
        return Finding(what, True, f"its records were right at the last check{_at(' of', row.checked_at)}")
    words = f"{english(domains.PROBLEMS[row.problem])} Each check found so{_at(' since', row.problem_since)}."
    new = urlsplit(domains.base_url(agency, chosen.public_url)).hostname
    needed = "; ".join(f"{each.type} {each.name} = {each.value}" for each in domains.records(row, chosen.public_url))
    do = f"Its DNS records must be {needed}. Then press Check now in Brand → Domains. New addresses begin with {new}."
    return Finding(what, False, words, doubtful=row.problem not in domains.WRONG, do=do)


def _at(word: str, moment: datetime | None) -> str:
    return f"{word} {moment:%Y-%m-%d %H:%M} UTC" if moment else ""


async def for_agencies(chosen: Settings, sessions: Sessions, agency_id: str) -> Sequence[DiagnosticFinding]:
    """The checks that concern an agency whose owner does not run the installation, within seconds."""
    async with sessions() as session:
        stored = await _stored(await session.connection(), chosen)
        own = [_domain(row, agency, chosen) for row, agency in await domains.verified(session, agency_id)]
        due_at = await session.scalar(select(PeriodicTask.due_at).where(PeriodicTask.id == SWEEP))
        own += [*await _keys(session, agency_id), *await _members(session, chosen, agency_id)]
    found = [
        *stored, _background_work(due_at), _https(chosen), await public_address(chosen),
        *await bounded("mail", mail(chosen)), *own, *guidance(clock.now().date()),
    ]  # fmt: skip
    return [
        DiagnosticFinding(
            each.what, "limited" if each.doubtful else "pass" if each.well else "fail", each.words, each.do
        )
        for each in found
    ]


async def _keys(session: AsyncSession, agency_id: str) -> list[Finding]:
    """API keys that outlive the membership of their maker; nothing if there are none."""
    found = [f"“{each.name}” (ends in {each.hint})" for each in await api_keys.orphaned(session, agency_id)]
    words = f"made by members who were removed, and still work: {', '.join(found)}."
    do = "Revoke them under API keys, and make others for the programs that need them."
    return [Finding("API keys", True, words, doubtful=True, do=do)] if found else []


async def _members(session: AsyncSession, chosen: Settings, agency_id: str) -> list[Finding]:
    """Members who can’t sign in, for example since their provider left the settings; nothing if there are none."""
    known = await ways.of_members(session, agency_id, {each.issuer for each in chosen.oidc_providers})
    found = [each.name for each in await members.every(session, agency_id) if not known[each.id].count]
    words = f"no password, passkey or provider signs them in: {', '.join(found)}."
    do = "Make one-time addresses for them in the team; they choose a password there."
    return [Finding("members", True, words, doubtful=True, do=do)] if found else []


def guidance(today: date) -> list[Finding]:
    """Steps for clients that nobody compared with the platforms' help for long; nothing if there are none."""
    found = [f"{each.platform} ({each.language}, {each.compared_on})" for each in guidance_age.stale(today)]
    words = f"not compared with the platforms’ own help for {guidance_age.STALE_AFTER.days} days: {', '.join(found)}."
    do = "Update Keyturn. Until then, expect clients to ask about menus that have other names."
    return [Finding("steps for clients", True, words, doubtful=True, do=do)] if found else []


def _background_work(due_at: datetime | None) -> Finding:
    """Verdict on the worker, from the time at which its most frequent task is due."""
    what = "background work"
    if due_at is None or clock.now() - due_at > _WORKER_LATE:
        words = "no worker does it: nothing is shared, read back or sent. Check that `keyturn worker` runs."
        return Finding(what, False, words)
    return Finding(what, True, "a worker does it")


def _https(chosen: Settings) -> Finding:
    if chosen.is_secure:
        return Finding("https", True, "clients reach this installation by https only")
    words = "clients would type what they share over plain http: set KEYTURN_PUBLIC_URL to a proxy's https address."
    return Finding("https", True, words, doubtful=True)
