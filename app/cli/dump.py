"""A dump of `keyturn backup`, read without a database: its version, and whether the key ring opens what it holds."""

import re
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, MetaData, Table

from app.cli import backup
from app.kit import ids, keyring_check
from app.kit.embedded_postgres import binaries
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.keyring_check import UndecryptableValue

_COPY = re.compile(r"COPY public\.(\w+) \((.*)\) FROM stdin;\n")
_SERVER = re.compile(r"^;\s+Dumped from database version: (\d+)", re.MULTILINE)
_NULL, _BYTES = "\\N", "\\\\x"


class DumpUnusable(Exception):
    """The file is no dump that can be restored; the message has the reason."""


@dataclass(frozen=True)
class Dump:
    """A readable dump of Keyturn. `program`: the pg_restore that reads it; `server`: version of the dumped server."""

    file: Path
    program: Path
    server: int

    @classmethod
    def open(cls, file: Path) -> "Dump":
        """Read the list of contents, with the oldest program that can. Raises DumpUnusable."""
        said = "no pg_restore was found: install PostgreSQL's client programs."
        for program in sorted(binaries.find_programs("pg_restore"), key=backup.major_of):
            read = subprocess.run([str(program), "--list", str(file)], check=False, capture_output=True, text=True)  # noqa: S603
            if read.returncode == 0:
                server = _SERVER.search(read.stdout)
                if server is None or "TABLE DATA public alembic_version" not in read.stdout:
                    raise DumpUnusable(f"{file} is not a dump of Keyturn.")
                return cls(file, program, int(server[1]))
            said = read.stderr.strip()
        raise DumpUnusable(f"{file} cannot be read: {said}")

    def revision(self) -> str:
        """The version of its tables."""
        return next(values["version_num"] for _, values in self._rows("alembic_version"))

    def unreadable(self, metadata: MetaData, keyring: Keyring) -> list[UndecryptableValue]:
        """The kinds of values that this key ring does not open, each once for each key."""
        columns: dict[str, list[tuple[Table, Column[bytes]]]] = {}
        for table, column in keyring_check.columns(metadata):
            columns.setdefault(table.name, []).append((table, column))
        seen: set[tuple[str, str]] = set()
        found = []
        for name, values in self._rows(*columns):
            for table, column in columns[name]:
                value = values.get(column.name, _NULL)
                key = value[len(_BYTES) : len(_BYTES) + 2 * _HEAD]
                kind = f"{name}.{column.name}"
                if value == _NULL or (kind, _key_id(key)) in seen:
                    continue
                seen.add((kind, _key_id(key)))
                bound_to = f"{kind}:{_public(table, 'agency_id', values)}:{_public(table, 'id', values)}"
                try:
                    keyring.decrypt_bytes(bytes.fromhex(value.removeprefix(_BYTES)), bound_to=bound_to)
                except DecryptionFailed as why:
                    found.append(UndecryptableValue(kind, why))
        return found

    def restore(self, address: str, environment: dict[str, str]) -> None:
        """Restore into a database without tables, in one transaction. Raises DumpUnusable."""
        options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--no-password"]
        done = subprocess.run(  # noqa: S603 - a program we found, no shell
            [str(self.program), *options, f"--dbname={address}", str(self.file)],
            env=environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise DumpUnusable(f"{self.program} could not restore {self.file}: {done.stderr.strip()}")

    def _rows(self, *tables: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Rows of tables, as the text of COPY."""
        options = ["--data-only", "--file=-", *(f"--table={name}" for name in tables)]
        arguments = [str(self.program), *options, str(self.file)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:  # noqa: S603
            assert reading.stdout is not None
            name, columns = "", list[str]()
            for raw in reading.stdout:
                line = raw.decode()
                if begun := _COPY.fullmatch(line):
                    name, columns = begun[1], [each.strip('" ') for each in begun[2].split(",")]
                elif line == "\\.\n":
                    name = ""
                elif name:
                    yield name, dict(zip(columns, line.removesuffix("\n").split("\t"), strict=True))
            if reading.wait() != 0:
                raise DumpUnusable(f"{self.file} cannot be read to its end.")


#: Bytes of an encrypted value that contain the id of its key.
_HEAD = 34


def _key_id(head: str) -> str:
    raw = bytes.fromhex(head)
    return raw[2 : 2 + raw[1]].decode("ascii", "replace")


def _public(table: Table, column: str, values: dict[str, str]) -> str:
    """An id with its prefix."""
    kind = table.columns[column].type
    assert isinstance(kind, ids.Id)
    return ids.text(kind.prefix, uuid.UUID(values[column]))
