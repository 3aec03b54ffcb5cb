"""Countries and languages by the codes and slips that people and tools write. Pure."""

from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError, get_global, parse_locale

from app.kit.input.text import TextWrong, folded

#: Two letters that Babel names and no market is: unions, exceptional reservations, test codes.
_NO_MARKETS = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})
#: What the European Commission writes where ISO 3166 has another code.
_SLIPS = {"EL": "GR", "UK": "GB"}


@cache
def countries(language: str) -> dict[str, str]:
    """Country codes (ISO 3166 alpha-2) with their names in a language, sorted by name."""
    names = Locale.parse(language, sep="-").territories
    known = {
        code: str(name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_MARKETS | _SLIPS.keys()
    }
    return dict(sorted(known.items(), key=lambda pair: pair[1]))


def country(text: str) -> str | None:
    """A country's code from its code, a slip such as UK, three letters, or its English name; None for no country."""
    given = folded(text)
    code = _SLIPS.get(given.upper(), given.upper())
    if code in countries("en"):
        return code
    instead = get_global("territory_aliases").get(code, ())
    if len(instead) == 1 and instead[0] in countries("en"):
        return str(instead[0])
    return _by_name().get(given.casefold())


@cache
def _by_name() -> dict[str, str]:
    return {folded(name).casefold(): code for code, name in countries("en").items()}


def language(text: str) -> str:
    """A language tag (BCP 47) as it is kept: `zh_cn` is `zh-CN`. Raises TextWrong."""
    wrong = TextWrong("Give a language such as en, fr or pt-BR.")
    try:
        name, territory, script, _ = parse_locale(folded(text).replace("_", "-"), sep="-")[:4]
        tag = "-".join(part for part in (name, script, territory) if part)
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError) as problem:
        raise wrong from problem
    return tag
