"""Countries and languages by code and by common misspellings. Pure."""

from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError, get_global, parse_locale

from app.kit.i18n.locales import ENGLISH
from app.kit.input.text import TextWrong, folded

#: Codes of the European Commission that differ from ISO 3166.
_SLIPS = {"EL": "GR", "UK": "GB"}


def country(text: str) -> str | None:
    """A country's code from its code, a common mistake such as UK, three letters, or its English name; else None."""
    given = folded(text)
    code = _SLIPS.get(given.upper(), given.upper())
    if code in ENGLISH.countries:
        return code
    instead = get_global("territory_aliases").get(code, ())
    if len(instead) == 1 and instead[0] in ENGLISH.countries:
        return str(instead[0])
    return _by_name().get(given.casefold())


@cache
def _by_name() -> dict[str, str]:
    return {folded(name).casefold(): code for code, name in ENGLISH.countries.items()}


def language(text: str) -> str:
    """A normalized language tag (BCP 47): `zh_cn` becomes `zh-CN`. Raises TextWrong."""
    wrong = TextWrong("Give a language such as en, fr or pt-BR.")
    try:
        name, territory, script, _ = parse_locale(folded(text).replace("_", "-"), sep="-")[:4]
        tag = "-".join(part for part in (name, script, territory) if part)
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError) as problem:
        raise wrong from problem
    return tag
