"""E-mail domains that anybody can get an address at: an address there says nothing about a company. Pure."""

#: The large ones by name; those with a domain for each country by the part before the country.
_DOMAINS = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
        "rocketmail.com", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "pm.me",
        "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com",
        "mail.de", "posteo.de", "tutanota.com", "tuta.io", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr",
        "laposte.net", "bbox.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it", "terra.es", "bol.com.br",
        "uol.com.br", "terra.com.br", "ziggo.nl", "kpnmail.nl", "telenet.be", "skynet.be", "bluewin.ch", "seznam.cz",
        "wp.pl", "o2.pl", "onet.pl", "interia.pl", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "yandex.ru",
        "yandex.com", "rambler.ru", "ukr.net", "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com",
        "sohu.com", "139.com", "naver.com", "hanmail.net", "daum.net", "rediffmail.com", "zohomail.com", "zoho.com",
        "fastmail.com", "hey.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "btinternet.com",
        "sky.com", "bigpond.com", "optusnet.com.au", "shaw.ca", "rogers.com", "docomo.ne.jp", "ezweb.ne.jp",
        "softbank.ne.jp", "mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com",
    }
)  # fmt: skip
_EVERY_COUNTRY = ("yahoo.", "hotmail.", "outlook.", "live.", "yandex.", "gmx.")


def is_free(email: str) -> bool:
    """Whether an address is at a domain where anybody gets one."""
    domain = domain_of(email)
    return domain in _DOMAINS or (domain.startswith(_EVERY_COUNTRY) and domain.count(".") <= 2)


def domain_of(email: str) -> str:
    """What stands behind the last @, in small letters."""
    return email.rpartition("@")[2].strip().lower().rstrip(".")
