"""Text as people type and paste it: invisible characters are removed, visible ones are kept. Pure."""

import unicodedata

#: Joiners that scripts and emoji need between two characters; kept only there.
_JOINERS = frozenset("\u200c\u200d")
#: Blank, although Unicode counts them as letters, marks or symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_LINE_BREAKS = frozenset("\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


class TextWrong(ValueError):
    """Unacceptable text; the message is a sentence for the person who typed it."""


def visible(text: str) -> str:
    """The text without control, bidi and invisible characters, in NFC; line breaks are `\n`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join("\n" if each in _LINE_BREAKS else each for each in text if not _is_hidden(each))
    return unicodedata.normalize("NFC", _without_loose_joiners(kept)).strip()


def one_line(text: str) -> str:
    """The same in one line: each run of white space is one space."""
    return " ".join(visible(text).split())


def folded(text: str) -> str:
    """Text for searching: compatibility forms folded, digits of every script in ASCII, nothing invisible."""
    plain = unicodedata.normalize("NFKC", visible(text))
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    return "".join(each for each in digits if each not in _JOINERS)


def is_blank(text: str) -> bool:
    """True if nothing is visible: only white space, invisible characters and loose accents."""
    return not any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK for each in text)


def is_empty(text: str) -> bool:
    """True for white space and invisible characters only, as in an empty field."""
    return is_blank(text) and not any(unicodedata.category(each) in ("Cc", "Cs") for each in text.strip())


def line(text: str) -> str:
    """One line from a program, cleaned. Raises TextWrong for empty text, line breaks and control characters."""
    _refuse_broken(text)
    if any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in text.strip()) or is_blank(text):
        raise TextWrong("Give one line of text, without control characters.")
    return one_line(text)


def paragraphs(text: str) -> str:
    """Several lines from a program, cleaned; may be empty. Raises TextWrong for control characters."""
    _refuse_broken(text)
    if any(unicodedata.category(each) == "Cc" and each not in "\r\n\t" for each in text):
        raise TextWrong("Give text without control characters.")
    cleaned = visible(text)
    return "" if is_blank(cleaned) else cleaned


def identifier(text: str) -> str:
    """An id from another system, in which spaces may matter. Raises TextWrong like `line`."""
    line(text)
    return visible(text)


def unbroken(text: str) -> str:
    """The unchanged text. Raises TextWrong for null bytes and lone surrogates, which cannot be stored."""
    _refuse_broken(text)
    if "\x00" in text:
        raise TextWrong("Give text without control characters.")
    return text


def _refuse_broken(text: str) -> None:
    if any("\ud800" <= each <= "\udfff" for each in text):
        raise TextWrong("Give text in UTF-8; this holds half a character.")


def _is_hidden(each: str) -> bool:
    if each in _JOINERS or each in _LINE_BREAKS or each == "\t":
        return False
    return unicodedata.category(each) in ("Cc", "Cf", "Cs") or each in _BLANK or (ord(each) & 0xFFFE) == 0xFFFE


def _without_loose_joiners(text: str) -> str:
    def is_held(at: int) -> bool:
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        return bool(before and after) and not {before, after} & _JOINERS and _joins(before) and _joins(after)

    return "".join(each for at, each in enumerate(text) if each not in _JOINERS or is_held(at))


def _joins(each: str) -> bool:
    """True between letters of joining scripts, and emoji with their marks; ASCII needs no joiner."""
    return not each.isascii() and unicodedata.category(each)[0] in "LMS"
