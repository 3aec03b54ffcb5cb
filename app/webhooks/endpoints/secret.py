"""Signing secrets as people copy them: `whsec_` and base64. Pure."""

import base64
import binascii
import secrets

PREFIX = "whsec_"


SHORTEST, LONGEST = 24, 64


class SecretUnreadable(ValueError):
    """The text is no signing secret."""


def new() -> str:
    """A fresh secret over 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def imported(text: str) -> str:
    """A secret that somebody brings along, in the form in which we keep ours. Raises SecretUnreadable."""
    if not text.startswith(PREFIX):
        raise SecretUnreadable("A secret is `whsec_` followed by base64.")
    found = key(text)
    if len(found) < SHORTEST:
        raise SecretUnreadable(f"The secret is too short: {len(found)} bytes, and it takes at least {SHORTEST}.")
    if len(found) > LONGEST:
        raise SecretUnreadable(f"The secret is too long: {len(found)} bytes, and it takes at most {LONGEST}.")
    return PREFIX + base64.b64encode(found).decode()


def key(secret: str) -> bytes:
    """The key bytes of a secret, with or without prefix and padding. Raises SecretUnreadable."""
    encoded = secret.removeprefix(PREFIX).rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise SecretUnreadable("A secret is `whsec_` followed by base64.") from problem
    if not decoded:
        raise SecretUnreadable("The secret is empty.")
    return decoded
