"""A process that owns an embedded server, to be killed: `owner.py FOLDER [PATIENCE [UID PREFIX LIBS]]`.

Prints one JSON line (`pid` and `dsn`, or `failure` and its kind), then waits until its input ends.
"""

import json
import os
import signal
import sys
from pathlib import Path

from app.kit.embedded_postgres.binaries import Binaries
from app.kit.embedded_postgres.failures import PostgresFailure
from app.kit.embedded_postgres.server import EmbeddedPostgres


def main(folder: str, patience: str = "10", uid: str = "", prefix: str = "", libraries: str = "") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as under nohup: the server must mind its own SIGINT all the same
    if uid:
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    binaries = Binaries(Path(prefix), Path(libraries) if libraries else None) if prefix else None
    server = EmbeddedPostgres(Path(folder), patience=float(patience), binaries=binaries, durable=False)
    try:
        server.start()
    except PostgresFailure as failure:
        _say({"failure": str(failure), "kind": type(failure).__name__})
        return
    server.ensure_database("world")
    _say({"pid": server.pid, "dsn": server.dsn("world")})
    sys.stdin.read()
    server.stop()


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
