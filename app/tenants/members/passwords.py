"""Passwords of members: which are good enough, and their hashes (Argon2id, RFC 9106). Hashing runs in a thread."""

import asyncio
import re
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from zxcvbn import zxcvbn

from app.kit.i18n.message import Message, _

SHORTEST, LONGEST = 10, 128
#: Estimated guesses at least 10^8: not on a list of common passwords, not a name with a year.
_GOOD_ENOUGH = 3
#: zxcvbn takes long for long texts; what is longer is no common password.
_LOOKED_AT = 64

_hasher = PasswordHasher()
#: Compared with where there is no member, so that an unknown address takes as long as a known one.
_NOBODY = _hasher.hash("nobody")


def problem(password: str, about: Sequence[str] = ()) -> Message | None:
    """Reason to refuse a new password. `about`: names and addresses, which are tried first."""
    if len(password) < SHORTEST:
        return _("Use at least {count} characters. Three or four words are easy to remember.", count=SHORTEST)
    if len(password) > LONGEST:
        return _("Use at most {count} characters.", count=LONGEST)
    parts = [re.split(r"\W+", each.lower()) for each in about]
    tried = {word for words in parts for word in (*words, "".join(words))}.union(map(str.lower, about)) - {""}
    if zxcvbn(password[:_LOOKED_AT], user_inputs=sorted(tried))["score"] < _GOOD_ENOUGH:
        return _("This password is easy to guess. Three or four words that don’t belong together are better.")
    return None


async def hashed(password: str) -> str:
    """The hash to be stored."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """True if it is the password of a stored hash; without a hash, false after the same time."""
    if len(password) > LONGEST:
        return False
    return await asyncio.to_thread(_matches, password, stored)


def _matches(password: str, stored: str | None) -> bool:
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
