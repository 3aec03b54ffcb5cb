"""`keyturn doctor`: checks of settings and services, with advice for each failure.

With the flag of a platform it checks the platform's app with a few read-only calls, which the other checks do not make.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from rich.console import Console
from rich.markup import escape

from app import local
from app.access.diagnostics import service
from app.access.diagnostics.service import Diagnostics, HealthView
from app.assembly import platforms_of
from app.cli import output
from app.cli.operations import in_commands
from app.cli.output import Failed
from app.installation import Finding, bounded, database, egress, guidance, mail, proxies, public_address
from app.kit import clock
from app.kit.database import DatabaseAway, Sessions, make_engine, make_sessions, see_pooler
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.locales import english
from app.platforms import declarations
from app.platforms.port import ConnectedPlatform
from app.platforms.registry import Platforms
from app.platforms.resources import DiagnosticFinding
from app.settings import Settings, SettingsWrong
from app.tenants.agencies import service as agencies

_MARKS = {"pass": "[green]pass[/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]fail[/red]"}
_DIAGNOSIS_MARKS = {
    "pass": "[green]pass[/green]       ",
    "limited": "[yellow]limited[/yellow]    ",
    "fail": "[red]fail[/red]       ",
    "cannot_tell": "[dim]cannot tell[/dim]",
}
out = Console(highlight=False, soft_wrap=True)


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
        *asyncio.run(bounded("database", database(chosen))),
        *asyncio.run(apps(chosen)),
        proxies(chosen),
        asyncio.run(public_address(chosen)),
        *asyncio.run(bounded("mail", mail(chosen))),
        *asyncio.run(bounded("egress", egress(chosen))),
        *guidance(clock.now().date()),
    ]
    for finding in findings:
        out.print(f"{_MARKS[finding.mark]}  {escape(finding.what)}: {escape(finding.words)}")
        if finding.do:
            out.print(f"      → {escape(finding.do)}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


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
