"""A word with the server over its socket: does it answer, and please make a database.

Synchronous and without a driver, so it works from any thread with or without a running event loop.
Messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import socket
import struct
from pathlib import Path

from app.kit.embedded_postgres.failures import PostgresRefused

USER = "keyturn"
PROTOCOL_3_0 = 196608
SECONDS = 30.0


class Refused(Exception):
    """An ErrorResponse: SQLSTATE and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


def answers(address: Path) -> bool:
    """Does a server let us in at this socket and wait for work?"""
    try:
        _converse(address, None)
    except (OSError, Refused):  # 57P03 while it starts; no socket before that
        return False
    return True


def create_database(address: Path, name: str) -> None:
    """Make the database unless it is there."""
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        _converse(address, f"CREATE DATABASE {quoted} TEMPLATE template0")
    except Refused as refused:
        if refused.code not in ("42P04", "23505"):  # there already, or made by another at this moment
            raise PostgresRefused(f"The database {name} could not be created: {refused}.") from refused
    except OSError as error:
        raise PostgresRefused(f"The database server at {address} does not answer: start it first.") from error


def _converse(address: Path, statement: str | None) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(SECONDS)
        line.connect(str(address))
        greeting = b"".join(word.encode() + b"\0" for word in ("user", USER, "database", "postgres", ""))
        line.sendall(struct.pack("!ii", len(greeting) + 8, PROTOCOL_3_0) + greeting)
        _until_ready(line)
        if statement is not None:
            body = statement.encode() + b"\0"
            line.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
            _until_ready(line)
        line.sendall(b"X" + struct.pack("!i", 4))


def _until_ready(line: socket.socket) -> None:
    refused: Refused | None = None
    while True:
        kind = _exactly(line, 1)
        body = _exactly(line, struct.unpack("!i", _exactly(line, 4))[0] - 4)
        if kind == b"E":
            refused = _refusal(body)
            if body[:1] == b"S" and body.split(b"\0")[0] in (b"SFATAL", b"SPANIC"):
                raise refused
        elif kind == b"Z":
            if refused:
                raise refused
            return


def _refusal(body: bytes) -> Refused:
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field}
    return Refused(fields.get(b"C", ""), fields.get(b"M", ""))


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = line.recv(size - len(got))
        if not more:
            raise ConnectionError("the server hung up")
        got += more
    return got
