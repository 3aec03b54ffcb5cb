"""The pseudo-locale `en-XA`: every message marked, accented and lengthened, so that a text outside shows. Pure."""

import re

TAG = "en-XA"
#: Marks around each message, and what makes it as long as a translation may be.
START, END, MORE = "⟦", "⟧", "·"
#: Longer by this share of its length.
LONGER = 0.4
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ACCENTED = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
_LETTERS = str.maketrans(_PLAIN, _ACCENTED)
_PLACEHOLDER = re.compile(r"({[^{}]*})")


def disguised(text: str) -> str:
    """A text as the pseudo-locale shows it, with its placeholders untouched."""
    parts = [part if part.startswith("{") else part.translate(_LETTERS) for part in _PLACEHOLDER.split(text)]
    return f"{START}{''.join(parts)}{MORE * max(1, round(len(text) * LONGER))}{END}"
