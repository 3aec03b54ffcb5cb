"""Detection of text that looks like a password, which no field accepts. Pure."""

import re

from app.kit.input.text import folded

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

SENTENCE = (
    "This looks like a password. Please take it out: we never need one, and nobody should send theirs. "
    "Access is given without it."
)
NEVER_ASKED = "Clients are never asked for a password, a key or a token: ask for access instead."


def looks_like_password(text: str) -> bool:
    """True if the text seems to contain a password after its name."""
    plain = folded(text)
    return bool(_NAMED.search(plain) or _FOLLOWED.search(plain))


def asks_for_password(text: str) -> bool:
    """True if a text for clients seems to ask for a password, a key or a token."""
    return bool(_ASKED.search(folded(text)))
