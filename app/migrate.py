"""Bringing the database to the tables of this version."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.events import numbering
from app.kit.database import make_engine

ROOT = Path(__file__).resolve().parent.parent


def config(url: str) -> Config:
    """Alembic's configuration for one database."""
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("script_location", str(ROOT / "migrations"))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Upgrade to the newest version, and continue the event numbers of another server. Can be repeated."""
    command.upgrade(config(url), "head")
    asyncio.run(_go_on(url))


async def _go_on(url: str) -> None:
    engine = make_engine(url, kept=False)
    async with engine.begin() as connection:
        await numbering.go_on(connection)
    await engine.dispose()


def known() -> set[str]:
    """Every revision that this version knows."""
    return {each.revision for each in ScriptDirectory.from_config(config("")).walk_revisions()}


def newest(url: str) -> str | None:
    """The newest revision there is."""
    return ScriptDirectory.from_config(config(url)).get_current_head()
