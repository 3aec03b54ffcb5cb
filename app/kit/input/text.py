"""Text as people type and paste it: invisible characters are removed, passwords are detected. Pure."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

from app.kit.i18n.locales import english
from app.kit.i18n.message import Message, _, _n

#: Joiners that scripts and emoji need between two characters; kept only there.
_JOINERS = frozenset("\u200c\u200d")
#: Blank, although Unicode counts them as letters, marks or symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_LINE_BREAKS = frozenset("\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


class TextWrong(ValueError):
    """Unacceptable text; `str()` is a sentence for the person or the program that gave it."""


class TypedWrong(TextWrong):
    """Unacceptable text that a person typed or pasted into a form, too. `message` is shown beside the field."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(english(message))


#: The sentence beside a required field without visible text.
EMPTY = "This must not be empty."


def visible(text: str) -> str:
    """The text without control, bidi and invisible characters, in NFC; line breaks are `\n`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join("\n" if each in _LINE_BREAKS else each for each in text if not _is_hidden(each))
    return unicodedata.normalize("NFC", _without_loose_joiners(kept)).strip()


def one_line(text: str) -> str:
    """`visible` in one line: each run of white space is one space."""
    return " ".join(visible(text).split())


def folded(text: str) -> str:
    """Text for searching: compatibility forms folded, digits of every script in ASCII, nothing invisible."""
    plain = unicodedata.normalize("NFKC", visible(text))
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    return "".join(each for each in digits if each not in _JOINERS)


def digits(text: str) -> str:
    """A number in ASCII digits without its surroundings; other text is only folded."""
    plain = folded(text)
    bare = plain.strip(" \t\n\"'“”‘’«»#()[]<>.,;:")
    return bare if bare.isascii() and bare.isdigit() else plain


def short(text: str) -> str:
    """The input, shortened for use in a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"


def is_blank(text: str) -> bool:
    """True if nothing is visible: only white space, invisible characters and loose accents."""
    return not any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK for each in text)


def is_empty(text: str) -> bool:
    """True for white space and invisible characters only, as in an empty field."""
    return is_blank(text) and not any(unicodedata.category(each) in ("Cc", "Cs") for each in text.strip())


def line(text: str) -> str:
    """One line from a program, cleaned. Raises TextWrong for empty text, line breaks and control characters."""
    _refuse_broken(text)
    if any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in text.strip()):
        raise TextWrong("Give one line of text, without control characters.")
    if is_blank(text):
        raise TextWrong(EMPTY)
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


_WORD = (
    r"(?:pass[ _-]?(?:word|code|phrase|wd)|passwd|pwd|mot de passe|mdp|passwort|kennwort|contrase[nñ]a|clave|senha|"
    r"palavra[ -]passe|parola d['’]ordine|wachtwoord|l[oö]senord|adgangskode|passord|salasana|has[lł]o|heslo|geslo|"
    r"jelsz[oó]|parol[aă]|[sş]ifre|kata sandi|пароль|кодовое слово|m[aậ]t kh[aẩ]u|密码|密碼|口令|パスワード|暗証番号|"
    r"비밀번호|암호|كلمة (?:المرور|السر)|סיסמה|รหัสผ่าน|"
    r"api[ _-]?key|secret[ _-]?key|client[ _-]?secret|access[ _-]?token)"
)
#: Too short to mean a password, except right before a colon.
_SHORT = r"(?:pw|psw|pass)"
_START = r"(?<![^\W_])"
#: A password after its name: `password: x`, `pwd=x`, `my password is x`.
_NAMED = re.compile(
    rf"{_START}(?:{_WORD}s?\s*(?:[:=]|->|→|\b(?:is|est|ist|es|é|è|är|er)\b|是)|{_SHORT}\s*[:=])\s*\S", re.IGNORECASE
)
#: The name, then something that no word looks like: `mot de passe Xk29!ab`.
_FOLLOWED = re.compile(rf"{_START}{_WORD}s?\s+(?=\S*\d)(?=\S*[^\W\d])\S{{6,}}", re.IGNORECASE)
#: A mention is enough in texts for clients; `clave` alone is also Spanish for “key” as in keyword.
_ASKED = re.compile(rf"{_START}(?!clave){_WORD}|\b(?:tu|su|tus|sus) claves?\b", re.IGNORECASE)

CREDENTIAL = _(
    "This looks like a password. Please take it out: we never need one, and nobody should send theirs. "
    "Access is given without it."
)


def too_long(text: str, most: int) -> Message:
    """The sentence beside a field with more than `most` characters."""
    return _n(
        "Use at most {count} character here; these are {length}.",
        "Use at most {count} characters here; these are {length}.",
        most,
        length=len(text),
    )


CREDENTIAL_NEVER_ASKED = _("Clients are never asked for a password, a key or a token: ask for access instead.")


def looks_like_password(text: str) -> bool:
    """True if the text seems to contain a password after its name."""
    plain = folded(text)
    return bool(_NAMED.search(plain) or _FOLLOWED.search(plain))


def asks_for_password(text: str) -> bool:
    """True if a text for clients seems to ask for a password, a key or a token."""
    return bool(_ASKED.search(folded(text)))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelled one most likely means; None if none is near."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.7)), None)
