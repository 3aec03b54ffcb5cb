"""Writes the template of the message catalogue, and brings the catalogues of languages up to date: `make messages`."""

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
TEMPLATE = locales.FOLDER / "messages.pot"
#: The marks of `app/kit/i18n/message.py`, with the arguments that are texts.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...]] = {"_": (1,), "_n": (1, 2), "_p": ((1, "c"), 2)}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
_OPTIONS = {pattern: {"trimmed": "true", "silent": "false"} for pattern, method in _METHODS if method == "jinja2"}


def extracted() -> Catalog:
    """Every message of the product, with the files that show it."""
    found = Catalog(project="Keyturn", copyright_holder="Keyturn", charset="utf-8", fuzzy=False)
    for path, _line, msgid, comments, context in sorted(_messages(), key=lambda each: (each[0], each[1])):
        found.add(msgid, locations=[(path, 1)], auto_comments=comments, context=context)
    return found


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
    """Write the template, and add new messages to the catalogues of languages, without a translation."""
    template = extracted()
    TEMPLATE.write_text(text(template), encoding="utf-8")
    for tag in locales.translated():
        path = locales.path_of(tag)
        with path.open("rb") as file:
            translated = read_po(file, locale=tag.replace("-", "_"))
        translated.update(template, no_fuzzy_matching=True)
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
