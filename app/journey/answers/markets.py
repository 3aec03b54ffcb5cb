"""Countries in the order a client looks for them. Pure."""

from collections.abc import Collection, Mapping

#: Where TikTok ads are booked most; shown first, the rest by name.
OFTEN = (
    "US", "GB", "CA", "AU", "DE", "FR", "IT", "ES", "NL", "BE", "CH", "AT", "PL", "SE", "AE", "SA", "MX",
    "BR", "JP", "VN", "ID", "TH",
)  # fmt: skip


def grouped(
    countries: Mapping[str, str], chosen: Collection[str]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Those often booked and those chosen before, then all others; each as (code, name)."""
    first = [code for code in (*OFTEN, *chosen) if code in countries]
    near = list(dict.fromkeys(first))
    others = [(code, name) for code, name in countries.items() if code not in near]
    return [(code, countries[code]) for code in near], others
