"""The folder PostgreSQL keeps its data in: made whole or not at all, and opened by its own version only."""

import shutil

from app.kit.embedded_postgres import account, options, protocol
from app.kit.embedded_postgres.binaries import Binaries
from app.kit.embedded_postgres.failures import PostgresNotStarted, PostgresVersionMismatch
from app.kit.embedded_postgres.folders import Folders, give


def prepare(where: Folders, programs: Binaries, major: int, who: account.Account, durable: bool) -> None:
    """Make the cluster, or see that the one there was written by this major version. Needs the lock."""
    if not where.cluster.exists():
        _make(where, programs, major, who, durable)
    written = (where.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if written != str(major):
        raise PostgresVersionMismatch(
            f"The data in {where.cluster} was written by PostgreSQL {written}, but {major} was found: "
            f"install PostgreSQL {written}, or move the data with pg_dump to another KEYTURN_DATA_DIR."
        )


def _make(where: Folders, programs: Binaries, major: int, who: account.Account, durable: bool) -> None:
    """Written aside and renamed, so a start that was killed half-way leaves nothing to stumble over."""
    if where.unfinished.exists():
        shutil.rmtree(where.unfinished)
    give(where.unfinished, who)
    arguments = options.initdb_arguments(where.unfinished, protocol.USER, major, durable)
    made = account.run([str(programs.initdb), *arguments], who, where.unfinished)
    if made.returncode != 0:
        said = made.stderr.strip() or made.stdout.strip()
        raise PostgresNotStarted(f"The database folder {where.cluster} could not be made; initdb says: {said}")
    where.unfinished.rename(where.cluster)
