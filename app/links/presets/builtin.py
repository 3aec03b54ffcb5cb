"""Keyturn's own presets, read once from the files beside this module: `slug.version.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.links.presets import preset
from app.links.presets.preset import Preset

_FOLDER = Path(__file__).parent / "own"


@cache
def every() -> Mapping[tuple[str, int], Preset]:
    """All versions by slug and number."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        slug, version, _ = path.name.split(".")
        found[slug, int(version)] = preset.read(slug, int(version), tomllib.loads(path.read_text()), built_in=True)
    return found


@cache
def newest() -> Mapping[str, Preset]:
    """The newest version of each, by slug."""
    return {slug: each for (slug, _), each in sorted(every().items(), key=lambda pair: pair[0][1])}
