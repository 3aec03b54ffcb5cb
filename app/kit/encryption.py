"""Encryption of secrets that are needed again, and hashing of secrets that are only looked up. Pure."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = b"\x01"
_NONCE = 12


class DecryptionFailed(Exception):
    """A value cannot be decrypted: wrong keyring, wrong row, or it was modified. `key_id`: the missing key, if that is
    why.
    """

    def __init__(self, words: str, key_id: str | None = None) -> None:
        super().__init__(words)
        self.key_id = key_id


class KeyringInvalid(ValueError):
    """The value of KEYTURN_SECRET_KEYS is invalid; the message says why."""


@dataclass(frozen=True)
class Keyring:
    """A keyring. The first key encrypts; every key decrypts. Key ids are 1 to 32 ASCII characters."""

    keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def from_text(cls, text: str) -> "Keyring":
        """Parse `id:base64-of-32-bytes`, several separated by commas, the current one first."""
        keys = tuple(_read_key(part.strip()) for part in text.split(",") if part.strip())
        if not keys:
            raise KeyringInvalid("KEYTURN_SECRET_KEYS is empty; make a key with `keyturn secret-key`.")
        if len({key_id for key_id, _ in keys}) < len(keys):
            raise KeyringInvalid("KEYTURN_SECRET_KEYS names one key id twice; give each key its own id.")
        return cls(keys)

    def encrypt(self, plain: str, *, bound_to: str) -> bytes:
        """Encrypt with AES-256-GCM. `bound_to` names table, column and row; decryption needs the same value."""
        return self.encrypt_bytes(plain.encode(), bound_to=bound_to)

    def decrypt(self, encrypted: bytes, *, bound_to: str) -> str:
        """The plain text. Raises DecryptionFailed."""
        return self.decrypt_bytes(encrypted, bound_to=bound_to).decode()

    def encrypt_bytes(self, plain: bytes, *, bound_to: str) -> bytes:
        """Encrypt bytes, such as a file."""
        key_id, key = self.keys[0]
        nonce = secrets.token_bytes(_NONCE)
        box = AESGCM(key).encrypt(nonce, plain, bound_to.encode())
        name = key_id.encode()
        return _FORMAT + bytes([len(name)]) + name + nonce + box

    def decrypt_bytes(self, encrypted: bytes, *, bound_to: str) -> bytes:
        """The plain bytes. Raises DecryptionFailed."""
        if encrypted[:1] != _FORMAT:
            raise DecryptionFailed("unknown format")
        end = 2 + encrypted[1]
        key_id = encrypted[2:end].decode("ascii", "replace")
        key = dict(self.keys).get(key_id)
        if key is None:
            raise DecryptionFailed(f"the key {key_id} of this value is not in KEYTURN_SECRET_KEYS", key_id)
        nonce, box = encrypted[end : end + _NONCE], encrypted[end + _NONCE :]
        try:
            return AESGCM(key).decrypt(nonce, box, bound_to.encode())
        except InvalidTag as problem:
            raise DecryptionFailed("value and row do not belong together") from problem

    def keyed_hash(self, value: str, *, purpose: str) -> str:
        """HMAC-SHA256 under the first key, hex: for tokens that are valid for minutes, such as a form's."""
        return hmac.new(self.keys[0][1], f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def hash_matches(self, given: str, value: str, *, purpose: str) -> bool:
        """True if `given` is the keyed hash of `value` under any key, in constant time per key."""
        return any(hmac.compare_digest(given, Keyring((key,)).keyed_hash(value, purpose=purpose)) for key in self.keys)


def new_key() -> str:
    """A new key in the format of KEYTURN_SECRET_KEYS."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def new_secret() -> str:
    """256 random bits, URL-safe text of 43 characters."""
    return secrets.token_urlsafe(32)


def sha256(value: str) -> bytes:
    """The digest (32 bytes) under which a 256-bit secret is looked up."""
    return hashlib.sha256(value.encode()).digest()


def _read_key(part: str) -> tuple[str, bytes]:
    key_id, colon, encoded = part.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError as problem:
        raise KeyringInvalid(f"The key {key_id!r} in KEYTURN_SECRET_KEYS is not base64.") from problem
    if not colon or not key_id.isascii() or not 1 <= len(key_id) <= 32:
        raise KeyringInvalid(
            "Each key in KEYTURN_SECRET_KEYS reads id:base64, with an id of at most 32 ASCII characters."
        )
    if len(key) != 32:
        raise KeyringInvalid(f"The key {key_id!r} in KEYTURN_SECRET_KEYS has {len(key)} bytes instead of 32.")
    return key_id, key
