"""Texts for clients and members that stand outside the message catalogue: in templates, modules and scripts.

Read are the templates of pages and e-mails, the scripts of pages, and the modules that speak to clients and members:
those in `SPEAKING`, and every module outside of `app/kit` that makes messages (it imports a mark such as `_`). In them
a text is

- in a template: a word between tags, in an attribute that is read, or on a line of an e-mail; and a phrase in an
  expression;
- in a module or a script: a literal that reads like a phrase, also if it is a part of an f-string. A single word in
  small letters cannot be told from a code; the walk through the pages in the pseudo-locale sees it
  (`tests/client_portal/test_pseudo.py`, `tests/mail/test_pseudo.py`).

Not read are docstrings, and what the API says to developers (`_FOR_DEVELOPERS`). Every other literal that looks like a
text and is none for clients or members is in `APART`, with its reason. Steps and help are in a file for each language,
see `app/kit/i18n/content.py`.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

SPEAKING = (
    "app/client_portal/", "app/dashboard/", "app/kit/html/", "app/kit/i18n/locales.py", "app/kit/i18n/templates.py",
    "app/kit/input/email_address.py", "app/links/emails.py", "app/platforms/manual/",
    "app/platforms/client_texts.py", "app/platforms/tiktok/client_texts.py", "app/platforms/tiktok/typed_ids.py",
    "app/platforms/tiktok/discovery.py", "app/platforms/tiktok/steps.py",
)  # fmt: skip
_HEADER, _COMMAND, _ATTRIBUTES = "a header of HTTP", "a command, or what goes into one", "attributes of a tag"
_API, _FILES, _SQL = "the API says it to developers", "about files of the product itself", "SQL"
#: Literals that look like texts and are none for clients or members, and why: by path, and then by the name of the part
#: of the module, or by the text in a template or script.
APART: Mapping[str, Mapping[str, str]] = {
    "app/access/grants/service.py": {"UNIQUE_GRANT": _SQL, "record_grants": _SQL},
    "app/client_portal/branding.py": {"FOR_EVER": _HEADER, "_PICTURE": _HEADER},
    "app/client_portal/forms/intake.py": {"OTHER_NAMES": "names of countries that are typed, in any language"},
    "app/client_portal/in_app_browsers.py": {"_MARKS": "names of browsers as they call themselves"},
    "app/dashboard/desk.py": dict.fromkeys(("_BROWSERS", "_SYSTEMS"), "names of browsers and systems, and their marks"),
    "app/dashboard/templates/connect/app_missing.html": {"keyturn agency set-app": _COMMAND},
    "app/dashboard/templates/desk/audit_seals.html": {"keyturn audit verify": _COMMAND},
    "app/kit/html/render.py": {"again_soon": _HEADER},
    "app/kit/html/templates/forms.html": {'aria-invalid="true" aria-describedby=" -hint -problem"': _ATTRIBUTES},
    "app/kit/i18n/locales.py": {"PseudoLocale.name": "the language itself, which is for developers"},
    "app/kit/i18n/templates.py": {"link": _ATTRIBUTES},
    "app/links/emails.py": {"_over": _API, "_instructions": _COMMAND, "_post": _COMMAND},
    "app/links/service.py": {"_sides": _API, "checked_end": _API, "_check_owner": _API},
    "app/mail/service.py": {"Mail.__table_args__": _SQL, "_mail_to": _ATTRIBUTES},
    "app/platforms/manual/schema.py": dict.fromkeys(("_repeated", "_patterns", "_names", "_guidance"), _FILES),
    "app/platforms/manual/library.py": {"load": _FILES, "ManualPlatform.wrong": _API},
    "app/platforms/port.py": {"Value": "name of a type", "said": _API},
    "app/platforms/tiktok/kinds.py": {"AD_ACCOUNT": _API},
    "app/tenants/members/second_factor.py": {"address": "the product, as authenticator apps list it"},
}
#: The same in every language: the product, and units.
NAMES = ("Keyturn",)
#: Attributes of HTML that people see or hear, and those that scripts show.
READ_ATTRIBUTES = frozenset({
    "alt", "aria-label", "content", "data-copied", "data-selected", "data-too-large", "label", "placeholder",
    "summary", "title",
})  # fmt: skip
#: Elements whose content is no text for people.
_SILENT = frozenset({"script", "style"})
#: The marks of a message, in modules and templates.
_MARKS = frozenset({"_", "_n", "_p"})
#: Arguments and attributes that only developers read.
_FOR_DEVELOPERS = frozenset({"description", "detail", "examples", "hint", "summary"})
_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTERS = r"[A-Za-z’']{2,}"
#: Two words, or a capitalised word alone.
_PHRASE = re.compile(rf"{_LETTERS}[,:;.]? [A-Za-z]|^[A-Z][a-z]+\W*$")
#: A piece of a sentence, beside a value or between values.
_PIECE = re.compile(rf"(^|\s){_LETTERS}\W*\s|\s{_LETTERS}(\W|$)")
#: Texts of a script; what something is compared with is none.
_IN_SCRIPT = re.compile(r'(?P<compared>== )?(?:"(?P<quoted>[^"\n]*)"|`(?P<template>[^`]*)`)')


@dataclass(frozen=True)
class Literal:
    """A text outside the catalogue."""

    path: str
    text: str
    #: the class, function or variable of a module, such as `Form.problem`; the text in a template or script
    part: str

    def __str__(self) -> str:
        """Its place and its text."""
        return f"{self.path}: {self.text}" if self.part == self.text else f"{self.path} ({self.part}): {self.text}"


class _Texts(HTMLParser):
    """Every text of a page that a person may see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open.append(tag)
        names = set(READ_ATTRIBUTES)
        if tag != "meta" or given.get("name") != "description":
            names.discard("content")
        if tag == "input" and given.get("type") in ("submit", "button"):
            names.add("value")
        self.found += [str(given[name]) for name in sorted(names & given.keys()) if given[name]]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not _SILENT & set(self._open):
            self.found.append(data)


def texts(html: str) -> Iterator[str]:
    """The texts of a page, without blank ones."""
    reader = _Texts()
    reader.feed(html)
    reader.close()
    yield from (" ".join(text.split()) for text in reader.found if text.strip())


def outside_catalogue(root: Path) -> list[Literal]:
    """Every text for clients and members outside the catalogue."""
    return [each for each in _literals(root) if each.part not in APART.get(each.path, ())]


def unused_exceptions(root: Path) -> set[tuple[str, str]]:
    """Exceptions for which there is no literal: (path, part)."""
    listed = {(path, part) for path, parts in APART.items() for part in parts}
    return listed - {(each.path, each.part) for each in _literals(root)}


@cache
def _literals(root: Path) -> tuple[Literal, ...]:
    return tuple(
        Literal(path.relative_to(root).as_posix(), text, part)
        for path in sorted((root / "app").rglob("*"))
        for part, text in _of_file(path, path.relative_to(root).as_posix())
    )


def _of_file(path: Path, name: str) -> Iterator[tuple[str, str]]:
    if "/templates/" in name and path.suffix in (".html", ".txt"):
        yield from ((text, text) for text in in_template(path.read_text(encoding="utf-8"), path.suffix))
    elif path.suffix == ".js" and "/vendor/" not in name:
        yield from ((text, text) for text in in_script(path.read_text(encoding="utf-8")))
    elif path.suffix == ".py":
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if name.startswith(SPEAKING) or (not name.startswith("app/kit/") and _makes_messages(tree)):
            yield from in_module(tree)


def in_template(source: str, suffix: str) -> Iterator[str]:
    """The texts of a template that no message holds; an expression counts as one blank."""
    tree = Environment().parse(source)  # noqa: S701 - nothing is rendered
    written = "".join(
        piece.data if isinstance(piece, nodes.TemplateData) else " "
        for output in tree.find_all(nodes.Output)
        for piece in output.nodes
    )
    for text in texts(written) if suffix == ".html" else written.splitlines():
        for name in NAMES:
            text = text.replace(name, "")
        if _WORD.search(text):
            yield text.strip()
    yield from (text for text in _constants(tree) if _PHRASE.search(text))


def _constants(node: nodes.Node) -> Iterator[str]:
    """The texts in the expressions of a template, without those of messages."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    is_message = isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _MARKS
    for child in node.iter_child_nodes(exclude=("args",) if is_message else None):
        yield from _constants(child)


def in_script(source: str) -> Iterator[str]:
    """The phrases of a script."""
    for line in source.splitlines():
        found = () if line.lstrip().startswith(("//", "*", "/*")) else _IN_SCRIPT.finditer(line)
        texts_of_line = (each["quoted"] or each["template"] or "" for each in found if not each["compared"])
        yield from filter(_PHRASE.search, texts_of_line)


def in_module(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(part of the module, text) of each phrase that no message holds."""
    yield from _parts(tree, ())


def _parts(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        name = _name(child)
        if isinstance(child, ast.ClassDef):
            yield from _parts(child, (*within, name))
        else:
            yield from ((".".join((*within, name) if name else within), text) for text in _phrases(child))


def _makes_messages(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "app.kit.i18n.message"
        and any(alias.name in _MARKS for alias in node.names)
        for node in tree.body
    )


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")


def _phrases(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and (_PHRASE.search(node.value) or _PIECE.search(node.value)):
            yield node.value
    elif not _is_for_developers(node):
        for child in ast.iter_child_nodes(node):
            yield from _phrases(child)


def _is_for_developers(node: ast.AST) -> bool:
    """True for a message, a docstring, and arguments and attributes that clients and members do not read."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _MARKS
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.keyword):
        return node.arg in _FOR_DEVELOPERS
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in _FOR_DEVELOPERS for target in node.targets)
    return False
