"""Countries in the order a client looks for them, and by the names a client types. Pure."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

#: Where TikTok ads are booked most; shown first, the rest by name.
OFTEN = (
    "US", "GB", "CA", "AU", "DE", "FR", "IT", "ES", "NL", "BE", "CH", "AT", "PL", "SE", "AE", "SA", "MX",
    "BR", "JP", "VN", "ID", "TH",
)  # fmt: skip

#: What people call a country beside its name.
ALSO = {
    "US": "usa united states of america america", "GB": "uk britain great britain england scotland wales",
    "AE": "uae emirates dubai", "NL": "holland", "CZ": "czech republic", "TR": "turkey", "KR": "korea",
    "KP": "korea", "CI": "ivory coast", "CD": "congo drc", "CG": "congo", "MM": "burma", "MK": "macedonia",
    "SZ": "swaziland", "VA": "vatican holy see", "LA": "lao", "CV": "cabo verde", "TL": "east timor",
    "HK": "hongkong", "MO": "macao", "PS": "palestine", "RU": "russian federation", "SY": "syrian arab republic",
    "VN": "viet nam", "BN": "brunei darussalam", "DE": "deutschland", "ES": "espana", "AT": "osterreich",
    "CH": "schweiz suisse", "CN": "prc", "TW": "taiwan roc",
}  # fmt: skip


@dataclass(frozen=True)
class Country:
    """One box to tick. `found_by` is everything it is found by, without accents and capitals."""

    code: str
    name: str
    found_by: str


def grouped(countries: Mapping[str, str], chosen: Collection[str]) -> tuple[list[Country], list[Country]]:
    """Those often booked and those chosen before, then all others."""
    near = list(dict.fromkeys(code for code in (*OFTEN, *chosen) if code in countries))
    others = [code for code in countries if code not in near]
    return [_country(code, countries[code]) for code in near], [_country(code, countries[code]) for code in others]


def _country(code: str, name: str) -> Country:
    return Country(code, name, f"{plain(name)} {code.lower()} {ALSO.get(code, '')}".strip())


def plain(text: str) -> str:
    """Lower case without accents: `Côte d’Ivoire` -> `cote d'ivoire`."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()
