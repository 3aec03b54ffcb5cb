"""`keyturn audit verify`: every seal computed again from the database, agency by agency."""

import asyncio
from collections.abc import Sequence

import click

from app.audit import canonical
from app.audit.canonical import SealUnreadable
from app.audit.verification import Verification, Verifier
from app.cli import first_key
from app.cli.output import Failed
from app.kit.database import make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.locales import english
from app.tenants.agencies import service as agencies


def run(*, agency: str | None, kept: Sequence[str]) -> None:
    """Verify and print a line for each agency. Raises Failed if anything deviates."""
    try:
        printed = [canonical.parse(each) for each in kept]
    except SealUnreadable as problem:
        raise click.BadParameter(f"{problem} is no seal: give one as on a receipt.", param_hint="--seal") from problem
    try:
        done = asyncio.run(_verify(agency, printed))
    except AppError as refusal:
        raise Failed(refusal.detail, refusal.hint) from refusal
    for slug, result in done:
        click.echo(f"{slug}: {_sentence(result)}")
    if any(result.deviation for _, result in done):
        raise Failed("The log is not as it was sealed. docs/audit.md says what to do.")


async def _verify(slug: str | None, printed: Sequence[tuple[int, str]]) -> list[tuple[str, Verification]]:
    chosen = first_key.load()
    keyring = Keyring.from_text(chosen.secret_keys)
    engine = make_engine(chosen.database_url, pool_size=2)
    sessions = make_sessions(engine)
    try:
        async with sessions() as session:
            one = slug is not None or bool(printed)  # a seal is one of an agency's
            those = [await agencies.chosen(session, slug)] if one else await agencies.every(session)
        return [(each.slug, await Verifier(sessions, keyring, each.id, printed).run()) for each in those]
    finally:
        await engine.dispose()


def _sentence(done: Verification) -> str:
    if done.deviation is not None:
        return english(done.deviation.sentence)
    if done.through is None:
        return f"nothing is sealed yet; {done.waiting} records wait."
    erased = f" {done.erased} of them without their personal part, which was erased." if done.erased else ""
    return (
        f"intact. {done.records} records, sealed up to {done.through.sealed_at:%Y-%m-%d %H:%M} UTC, newest seal "
        f"{done.through.printed}.{erased} {done.waiting} are not sealed yet."
    )
