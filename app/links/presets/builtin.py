"""Keyturn's own presets, from the files `own/slug.version.toml`, and their texts in the language of a client. Pure."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from app.kit.i18n.message import Message, Text
from app.links.presets import preset
from app.links.presets.preset import Preset

_FOLDER = Path(__file__).parent / "own"
#: Context of their texts in the message catalogue.
CONTEXT = "preset"


@cache
def versions() -> Mapping[tuple[str, int], Preset]:
    """All versions by slug and number."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        slug, version, _ = path.name.split(".")
        found[slug, int(version)] = preset.read_preset(
            slug, int(version), tomllib.loads(path.read_text("utf-8")), built_in=True
        )
    return found


@cache
def newest() -> Mapping[str, Preset]:
    """The newest version of each, by slug."""
    return {slug: each for (slug, _), each in sorted(versions().items(), key=lambda pair: pair[0][1])}


def words(text: str) -> Text:
    """A reason, question, hint or choice as a client reads it: a message if it is word for word one of Keyturn's own.

    So copies of these presets are translated, too; every other text stays as the agency wrote it.
    """
    return Message(text, context=CONTEXT) if text in _known() else text


def texts(of: Preset) -> Iterator[str]:
    """Everything in a preset that a client reads."""
    for access_request in of.access_requests:
        yield access_request.reason
    for question in of.questions:
        yield from filter(None, (question.label, question.hint, *question.choices))


@cache
def _known() -> frozenset[str]:
    return frozenset(text for each in versions().values() for text in texts(each))
