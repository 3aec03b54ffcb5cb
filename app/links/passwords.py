"""Text that looks like a password: never taken, wherever it is typed. Pure."""

import re

_WORD = (
    r"(?:pass[ _-]?(?:word|code|phrase|wd)|passwd|pwd|mot de passe|mdp|passwort|kennwort|contrase[nñ]a|clave|senha|"
    r"parola d['’]ordine|m[aậ]t kh[aẩ]u|密码|密碼|口令|"
    r"api[ _-]?key|secret[ _-]?key|client[ _-]?secret|access[ _-]?token)"
)
#: A password with its name before it: `password: x`, `pwd=x`, `my password is x`.
_NAMED = re.compile(rf"(?<![^\W_]){_WORD}s?\s*(?:[:=：]|->|→|\bis\b|\best\b|\bist\b|\bes\b|是)\s*\S", re.IGNORECASE)
#: The name, then something no word looks like: `mot de passe Xk29!ab`.
_FOLLOWED = re.compile(rf"(?<![^\W_]){_WORD}s?\s+(?=\S*\d)(?=\S*[^\W\d])\S{{6,}}", re.IGNORECASE)
_ASKED = re.compile(rf"(?<![^\W_]){_WORD}", re.IGNORECASE)

SENTENCE = (
    "This looks like a password. Please take it out: we never need one, and nobody should send theirs. "
    "Access is given without it."
)


def looks_like_password(text: str) -> bool:
    """Whether somebody seems to have typed a password along with its name."""
    return bool(_NAMED.search(text) or _FOLLOWED.search(text))


def asks_for_password(label: str) -> bool:
    """Whether a question seems to ask for one."""
    return bool(_ASKED.search(label))
