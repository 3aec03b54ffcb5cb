"""Size and cut of the code base, and what its main requests cost: `make house`.

One part reads the syntax trees of app/, and its templates. The other runs the tests that count the statements of
requests and the round trips of the client's pages and forms, and shows what they measured. Prints tables, and as its
last line JSON.
"""

import ast
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from app.platforms import declarations
from bench import literals

ROOT = Path(__file__).parents[1]
#: A module with fewer lines and one importer belongs into that importer.
SMALL = 40
LARGEST = 15
#: Tests that count, and the variable that names the file of their figures.
STATEMENTS = ("tests/api/test_statements.py", "KEYTURN_FIGURES")
ROUND_TRIPS = ("tests/client_portal/test_round_trips.py", "KEYTURN_ROUND_TRIPS")
KINDS = frozenset(declarations.keys(lambda _: True))
#: Arguments of declarations whose texts are read by people.
_FOR_PEOPLE = frozenset({"description", "detail", "examples", "hint", "summary"})


@dataclass(frozen=True)
class Module:
    """A file with code; `path` is relative to the project."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def lines(self) -> int:
        """Length of the file."""
        return len(self.text.splitlines())

    def imports(self, names: frozenset[str]) -> set[str]:
        """The modules among `names` that it imports, by any form of import."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                # `from package import name` means the module of that name, if there is one
                found |= {
                    whole if (whole := f"{node.module}.{alias.name}") in names else node.module for alias in node.names
                }
        return (found & names) - {self.name}

    def aliases(self, names: frozenset[str]) -> Iterator[tuple[str, str]]:
        """(name after `as`, module that it stands for); classes and functions are left out."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    if alias.asname and (whole := f"{node.module}.{alias.name}") in names:
                        yield alias.asname, whole

    def classes(self) -> Iterator[tuple[str, int]]:
        """Name and line of each class, inner ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, node.lineno

    def functions(self) -> Iterator[tuple[str, int, int]]:
        """Name, line and length of each function, without its decorators."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def read(root: Path) -> Iterator[Module]:
    """The files with code; an empty `__init__.py` is none."""
    for path in sorted((root / "app").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.strip():
            yield Module(path.relative_to(root), text)


def cut(modules: Sequence[Module], everything: Sequence[Module]) -> dict[str, Any]:
    """Figures of the files; importers are looked for in `everything`."""
    packages = {
        ".".join(parts[:end]) for each in everything for parts in [each.name.split(".")] for end in range(1, len(parts))
    }
    names = frozenset({each.name for each in everything} | packages)
    importers = Counter(itertools.chain.from_iterable(each.imports(names) for each in everything))
    lengths = sorted(each.lines for each in modules)
    classes, aliases = defaultdict(list), defaultdict(set)
    for each in modules:
        for name, line in each.classes():
            classes[name].append(f"{each.path}:{line}")
        for name, target in each.aliases(names):
            aliases[name].add(target)
    functions = [(name, f"{each.path}:{line}", length) for each in modules for name, line, length in each.functions()]
    return {
        "files": len(modules),
        "lines": sum(lengths),
        "median_file": median(lengths),
        "largest_file": lengths[-1],
        "largest_file_is": str(max(modules, key=lambda each: each.lines).path),
        "small_with_one_importer": sorted(
            str(each.path) for each in modules if each.lines < SMALL and importers[each.name] == 1
        ),
        "classes_of_one_name": {name: places for name, places in sorted(classes.items()) if len(places) > 1},
        "aliases_of_many_modules": {name: sorted(told) for name, told in sorted(aliases.items()) if len(told) > 1},
        "largest_functions": sorted(functions, key=lambda each: -each[2])[:LARGEST],
    }


def outside_platforms(modules: Sequence[Module]) -> list[Module]:
    """The modules of the application that are not part of a platform."""
    return [each for each in modules if each.path.parts[0] == "app" and each.path.parts[:2] != ("app", "platforms")]


def kind_comparisons(modules: Sequence[Module]) -> dict[str, int]:
    """Comparisons with the key of a kind, by path: also through a constant, with `.in_()` and between sets."""
    constants = {name for each in modules for name in _constants_of_kinds(each.tree)}
    counted = {
        str(each.path): sum(_compares_kinds(node, constants) for node in ast.walk(each.tree)) for each in modules
    }
    return {path: number for path, number in sorted(counted.items()) if number}


def _constants_of_kinds(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_kind(node.value, set()):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _compares_kinds(node: ast.AST, constants: set[str]) -> bool:
    if isinstance(node, ast.Compare):
        return any(_is_kind(each, constants) for each in (node.left, *node.comparators))
    if isinstance(node, ast.BinOp):
        return any(isinstance(each, ast.Set) and _is_kind(each, constants) for each in (node.left, node.right))
    if isinstance(node, ast.MatchValue):
        return _is_kind(node.value, constants)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("in_", "not_in"):
        return any(_is_kind(each, constants) for each in node.args)
    return False


def _is_kind(node: ast.expr, constants: set[str]) -> bool:
    """True for the key of a kind, a collection of such keys, or a constant that holds them."""
    if isinstance(node, ast.Constant):
        return node.value in KINDS
    if isinstance(node, ast.Name | ast.Attribute):
        return (node.id if isinstance(node, ast.Name) else node.attr) in constants
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("frozenset", "set", "tuple"):
        return any(_is_kind(each, constants) for each in node.args)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(_is_kind(each, constants) for each in node.elts)
    return False


def naming_a_platform(modules: Sequence[Module]) -> list[str]:
    """Paths of the modules that name a platform: in an identifier, a path, or a key. Sentences do not count."""
    return sorted(str(each.path) for each in modules if any(map(_names_a_platform, _code(each.tree))))


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module without its docstrings and the texts for people."""
    yield node
    for child in ast.iter_child_nodes(node):
        is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if not is_text and not (isinstance(child, ast.keyword) and child.arg in _FOR_PEOPLE):
            yield from _code(child)


def _names_a_platform(node: ast.AST) -> bool:
    fields = ("id", "attr", "name", "asname", "arg", "module")
    words = [word for name in fields if isinstance(word := getattr(node, name, None), str)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and not any(map(str.isspace, node.value)):
        words.append(node.value)
    return any(key in word.lower() for word in words for key in [declarations.DEFAULT_PLATFORM])


def counted(root: Path, tests: str, variable: str) -> dict[str, Any]:
    """Figures of tests that count. A limit that is exceeded fails the tests and changes nothing here."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:randomly", tests]
        ran = subprocess.run(  # noqa: S603
            command, cwd=root, env={**os.environ, variable: str(figures)}, stdout=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
        if ran.returncode or not figures.exists():
            sys.stderr.write(ran.stdout)
        return dict(json.loads(figures.read_text(encoding="utf-8"))) if figures.exists() else {}


def show(found: Mapping[str, Any], asked: Mapping[str, Mapping[str, int]], trips: Mapping[str, int]) -> None:
    """Print the tables."""
    out = Console(width=120)
    figures = Table("app/", "")
    for name, value in found.items():
        if not isinstance(value, list | dict):
            figures.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
        else:
            figures.add_row(name, str(len(value)))
    out.print(figures)
    places = Table("small, with one importer")
    for path in found["small_with_one_importer"]:
        places.add_row(path)
    out.print(places)
    for title, column in (("class", "classes_of_one_name"), ("alias", "aliases_of_many_modules")):
        several = Table(title, "number", "where")
        for name, where in found[column].items():
            several.add_row(name, str(len(where)), "\n".join(where))
        out.print(several)
    long = Table("function", "where", "lines")
    for name, where, length in found["largest_functions"]:
        long.add_row(name, where, str(length))
    out.print(long)
    costs = Table("request, warm", "statements", "BEGIN, COMMIT", "files", "functions")
    for name, cost in asked.items():
        costs.add_row(name, *map(str, cost.values()))
    out.print(costs)
    waits = Table("page or form of the client, warm", "round trips to PostgreSQL")
    for name, number in sorted(trips.items(), key=lambda each: (each[0].split()[0], -each[1])):
        waits.add_row(name, str(number))
    out.print(waits)


def main() -> int:
    """Read, run, print. No figure fails the run."""
    everything = list(read(ROOT))
    found = cut([each for each in everything if each.path.parts[0] == "app"], everything)
    outside = outside_platforms(everything)
    found["kind_comparisons_outside_platforms"] = sum(kind_comparisons(outside).values())
    found["modules_outside_platforms_that_name_a_platform"] = len(naming_a_platform(outside))
    found["client_facing_literals_outside_the_catalogue"] = len(literals.outside_catalogue(ROOT))
    asked, trips = counted(ROOT, *STATEMENTS), counted(ROOT, *ROUND_TRIPS)
    show(found, asked, trips)
    sys.stdout.write(json.dumps({"bench": "house", **found, "requests": asked, "round_trips": trips}) + "\n")
    return 0 if asked and trips else 1


if __name__ == "__main__":
    sys.exit(main())
