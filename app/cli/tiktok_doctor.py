"""`keyturn doctor --tiktok`: checks of the TikTok app with a few read-only calls."""

import asyncio

import httpx2
from rich.console import Console
from rich.markup import escape

from app import local
from app.access.diagnostics import service
from app.access.diagnostics.findings import DiagnosticFinding
from app.access.diagnostics.service import Diagnostics, HealthView
from app.assembly import platforms_of
from app.cli import output
from app.cli.operations import in_commands
from app.cli.output import Failed
from app.kit.database import DatabaseAway, make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.settings import Settings
from app.tenants.agencies import service as agencies

TIKTOK = "tiktok"
_SHOWN = {
    "pass": "[green]pass[/green]       ",
    "limited": "[yellow]limited[/yellow]    ",
    "fail": "[red]fail[/red]       ",
    "cannot_tell": "[dim]cannot tell[/dim]",
}
out = Console(highlight=False, soft_wrap=True)


def run(chosen: Settings, agency: str | None, *, as_json: bool) -> None:
    """Print a line for each check; exit status 1 if one failed."""
    try:
        health = asyncio.run(_examined(chosen, agency))
    except DatabaseAway as away:
        raise Failed(local.unreachable(away) or str(away)) from away
    except AppError as refusal:
        raise Failed(refusal.detail, refusal.hint) from refusal
    if as_json:
        output.as_json(HealthView.of(TIKTOK, health).model_dump(mode="json"))
    else:
        for finding in health.findings:
            _print(finding)
        out.print(f"\nThe redirect address to register in My Apps, letter by letter:\n{escape(health.redirect_uri)}")
    if not health.well:
        raise SystemExit(1)


async def _examined(chosen: Settings, agency: str | None) -> Diagnostics:
    """Diagnostics of the named agency, else the only one; of the installation's app if there are none or several."""
    engine = make_engine(chosen.database_url, pool_size=2)
    sessions, keyring = make_sessions(engine), Keyring.from_text(chosen.secret_keys)
    try:
        async with sessions() as session:
            every = await agencies.every(session)
            meant = await agencies.chosen(session, agency) if agency or len(every) == 1 else None
        async with httpx2.AsyncClient(trust_env=False) as http:
            platforms = platforms_of(chosen, http, sessions)
            if meant is None:
                return await service.of_installation(
                    platforms, keyring, platform_key=TIKTOK, redirect_uri=chosen.redirect_uri
                )
            return await service.of_agency(
                sessions, platforms, keyring, agency_id=meant.id, platform_key=TIKTOK, redirect_uri=chosen.redirect_uri
            )
    finally:
        await engine.dispose()


def _print(finding: DiagnosticFinding) -> None:
    out.print(f"{_SHOWN[finding.status]}  {escape(finding.what)}: {escape(finding.words)}")
    if finding.do:
        out.print(f"             → {escape(in_commands(finding.do))}")
    tried = finding.tried
    if tried is not None and tried.operation and tried.outcome != "ok":
        code = "no answer" if tried.code is None else f"code {tried.code}"
        said = f"{tried.operation}: {code}, {tried.message}; request {tried.request_id or '–'}; {tried.took_ms} ms"
        out.print(f"             [dim]{escape(said)}[/dim]")
