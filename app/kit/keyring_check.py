"""Check that the keyring decrypts stored values: the first and the last value of every encrypted column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Column, LargeBinary, MetaData, Table, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.kit.database import CROSS_TENANT, DatabaseAway
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.errors import AppError
from app.kit.i18n.message import _

log = structlog.get_logger(__name__)


class KeyringIncomplete(AppError):
    """A stored value cannot be decrypted with this keyring."""

    status = 503
    code = "key_ring_incomplete"
    detail = "A stored secret cannot be opened with the installation's key ring."
    hint = "The operator of this installation can find out more with `keyturn doctor`."
    message = _("That did not work, and it is not your fault.")
    advice = _("Try again later, or tell the person who sent you here.")

    @classmethod
    def of(cls, why: DecryptionFailed) -> "KeyringIncomplete":
        """The error that names the missing key, if it is known."""
        missing = f"A stored secret cannot be opened: the key {why.key_id} is missing in KEYTURN_SECRET_KEYS."
        return cls(missing if why.key_id else None)


@dataclass(frozen=True)
class UndecryptableValue:
    """A kind of value that cannot be decrypted, and the reason."""

    kind: str
    why: DecryptionFailed


def columns(metadata: MetaData) -> list[tuple[Table, Column[bytes]]]:
    """Every encrypted column: binary, and named `…_encrypted`."""
    return [
        (table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name.endswith("_encrypted")
    ]


async def unreadable(connection: AsyncConnection, metadata: MetaData, keyring: Keyring) -> list[UndecryptableValue]:
    """The kinds of stored values that this keyring cannot decrypt."""
    found = []
    for table, column in columns(metadata):
        stored = select(table.c.agency_id, table.c.id, column).where(column.is_not(None)).limit(1)
        for order in ((table.c.agency_id, table.c.id), (table.c.agency_id.desc(), table.c.id.desc())):
            row = (await connection.execute(stored.order_by(*order), execution_options=CROSS_TENANT)).one_or_none()
            if row is None:
                break
            kind = f"{table.name}.{column.name}"
            try:
                keyring.decrypt_bytes(row[2], bound_to=f"{kind}:{row[0]}:{row[1]}")
            except DecryptionFailed as why:
                found.append(UndecryptableValue(kind, why))
                break
    return found


async def warn(engine: AsyncEngine, metadata: MetaData, keyring: Keyring) -> None:
    """Log one line if stored values cannot be decrypted; the process starts nevertheless."""
    try:
        async with engine.connect() as connection:
            found = await unreadable(connection, metadata, keyring)
    except (SQLAlchemyError, DatabaseAway):
        return  # the database is unavailable, or has no tables yet: other checks report it
    if found:
        log.error("key_ring.incomplete", problem=sentence(found))


def sentence(found: Sequence[UndecryptableValue]) -> str:
    """The missing keys and the next step, in one sentence."""
    missing = _listed(each.why.key_id for each in found if each.why.key_id)
    kinds = _listed(each.kind for each in found)
    if missing:
        return f"KEYTURN_SECRET_KEYS lacks the key {missing}, which opens {kinds}: put it back into the key ring."
    return f"KEYTURN_SECRET_KEYS does not decrypt {kinds}: a key has another value than the one that encrypted them."


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
