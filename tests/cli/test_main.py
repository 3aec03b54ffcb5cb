"""The command as it is installed."""

import importlib
import json
import tomllib
from importlib import metadata
from pathlib import Path

from click.testing import CliRunner

from app import VERSION
from app.cli.main import cli

ROOT = Path(__file__).parents[2]


def test_the_installed_command_starts() -> None:
    """pip makes the script `keyturn` from this line alone, and no other test goes through the script."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["keyturn"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_version_is_that_of_the_package_and_of_the_api() -> None:
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"keyturn {metadata.version('keyturn')}\n")
    document = json.loads((ROOT / "app" / "cli" / "openapi.json").read_text(encoding="utf-8"))
    assert document["info"]["version"] == VERSION
