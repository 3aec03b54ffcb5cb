"""The command as it is installed."""

import importlib
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_installed_command_starts() -> None:
    """pip makes the script `keyturn` from this line alone, and no other test goes through the script."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["keyturn"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
