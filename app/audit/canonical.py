"""Canonical bytes of sealed records, and the hashes of their chain. Pure.

docs/audit.md describes both for programs that check an export. A change here needs another `VERSION`.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

VERSION = 1
#: Length of a hash in bytes, and the value in place of one: before the first seal, and without a personal part.
SIZE = 32
NONE = bytes(SIZE)
#: Hexadecimal digits of a printed seal.
PRINTED = 20
_PRINTED = re.compile(rf"([1-9]\d{{0,17}})[-:]([0-9a-f]{{{PRINTED},{2 * SIZE}}})")


class SealUnreadable(ValueError):
    """The text is no printed seal."""


def text(values: Mapping[str, Any]) -> str:
    """JSON with sorted keys and without spaces. Times are in UTC, with microseconds."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def commitment(salt: uuid.UUID, personal: str) -> bytes:
    """Salted hash of a personal part. Without the salt, which is erased with the part, nobody can guess it."""
    return hashlib.sha256(salt.bytes + personal.encode()).digest()


def record_hash(content: str, committed: bytes) -> bytes:
    """Hash of a record: of its content's hash and its commitment, which stays when the personal part is erased."""
    return hashlib.sha256(hashlib.sha256(content.encode()).digest() + committed).digest()


def seal_hash(header: str, hashes: bytes) -> bytes:
    """Hash of a seal: of its header, which names the previous seal, a line feed, and the hashes of its records."""
    return hashlib.sha256(header.encode() + b"\n" + hashes).digest()


def printed(number: int, seal: bytes) -> str:
    """A seal as people read it: its number, and the first 80 bits in groups of four digits."""
    digits = seal.hex()[:PRINTED]
    return "-".join([str(number), *(digits[start : start + 4] for start in range(0, PRINTED, 4))])


def parse(given: str) -> tuple[int, str]:
    """Number and digits of a printed or complete seal. Raises SealUnreadable."""
    number, mark, digits = re.sub(r"\s", "", given.lower()).replace(":", "-", 1).partition("-")
    found = _PRINTED.fullmatch(number + mark + digits.replace("-", ""))
    if found is None:
        raise SealUnreadable(given)
    return int(found[1]), found[2]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, uuid.UUID):
        return str(uuid.UUID(int=value.int))
    raise TypeError(f"{type(value).__name__} has no canonical form")
