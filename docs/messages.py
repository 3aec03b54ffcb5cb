"""Writes the templates of the message catalogues, and brings those of languages up to date: `make messages`."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.kit.i18n import locales
from app.kit.i18n.locales import english
from app.kit.i18n.message import Message, Text, placeholders
from app.links.presets import builtin

ROOT = Path(__file__).parents[1]
#: Rooms whose messages members alone read, and pages in them that anybody with an address reads.
_MEMBERS = ("app/dashboard/", "app/audit/", "app/mail/templates/notice")
_PUBLIC = (
    "app/dashboard/connect.py", "app/dashboard/templates/connect/", "app/dashboard/kickoff.py",
    "app/dashboard/templates/desk/kickoff_result.html",
)  # fmt: skip
#: The marks of `app/kit/i18n/message.py`, with the arguments that are texts.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...]] = {"_": (1,), "_n": (1, 2), "_p": ((1, "c"), 2)}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
_OPTIONS = {pattern: {"trimmed": "true", "silent": "false"} for pattern, method in _METHODS if method == "jinja2"}


def extracted() -> dict[str, Catalog]:
    """Every message of the product, by catalogue, with the files that show it. What clients read too is theirs."""
    every = Catalog(fuzzy=False)
    for path, _line, msgid, comments, context in sorted(_messages(), key=lambda each: (each[0], each[1])):
        every.add(msgid, locations=[(path, 1)], auto_comments=comments, context=context)
    found = {name: Catalog(charset="utf-8", fuzzy=False) for name in (locales.CLIENT, locales.DASHBOARD)}
    for entry in every:
        if entry.id:
            own = found[locales.DASHBOARD if all(map(_for_members, entry.locations)) else locales.CLIENT]
            own.add(entry.id, locations=entry.locations, auto_comments=entry.auto_comments, context=entry.context)
    return found


def template(catalogue: str) -> Path:
    """The template of a catalogue, in English without translations."""
    return locales.FOLDER / f"{catalogue}.pot"


def _for_members(location: tuple[str, int]) -> bool:
    return location[0].startswith(_MEMBERS) and not location[0].startswith(_PUBLIC)


def text(catalogue: Catalog) -> str:
    """A catalogue as its file has it; without dates, so that it changes only with its messages."""
    written = io.BytesIO()
    write_po(written, catalogue, width=120, include_lineno=False, omit_header=True, sort_by_file=True)
    return HEADER.format(plural=catalogue.plural_forms) + written.getvalue().decode()


HEADER = (
    "# Messages of Keyturn. The template is made by `make messages`; translations go into the `.po` of a language.\n"
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
)


def main() -> None:
    """Write the templates, and add new messages to the catalogues of languages, without a translation."""
    for name, messages in extracted().items():
        template(name).write_text(text(messages), encoding="utf-8")
        for tag in locales.translated(name):
            path = locales.path_of(tag, name)
            with path.open("rb") as file:
                translated = read_po(file, locale=tag.replace("-", "_"))
            translated.update(messages, no_fuzzy_matching=True)
            translated.obsolete.clear()
            path.write_text(text(translated), encoding="utf-8")


def in_english(message: Text) -> str:
    """The English text, with the placeholders that are not filled in yet."""
    return (
        message
        if isinstance(message, str)
        else english(message.fill(**{name: f"{{{name}}}" for name in _open(message)}))
    )


def _open(message: Message) -> frozenset[str]:
    inner = {name for _name, value in message.values if isinstance(value, Message) for name in _open(value)}
    return (placeholders(message.msgid) - {name for name, _value in message.values}) | inner


def _messages() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    found = extract_from_dir(
        ROOT / "app", method_map=_METHODS, options_map=_OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",)
    )
    for path, line, msgid, comments, context in found:
        yield f"app/{Path(path).as_posix()}", line, msgid, comments, context
    for (slug, version), preset in builtin.versions().items():
        for shown in builtin.texts(preset):
            yield f"app/links/presets/own/{slug}.{version}.toml", 1, shown, [], builtin.CONTEXT


if __name__ == "__main__":
    main()
