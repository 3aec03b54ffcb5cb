"""Bringing the database to the tables of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parent.parent


def config(url: str) -> Config:
    """Alembic's configuration for one database."""
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("script_location", str(ROOT / "migrations"))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Up to the newest; harmless when there already."""
    command.upgrade(config(url), "head")


def newest(url: str) -> str | None:
    """The newest revision there is."""
    return ScriptDirectory.from_config(config(url)).get_current_head()
