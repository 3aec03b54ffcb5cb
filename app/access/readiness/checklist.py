"""The checklist: everything that should be in place before access is shared, each thing with how we know. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from app.access.readiness import platform_checks
from app.access.readiness.facts import ANSWERS, LATER, ClientStatement, Facts
from app.access.readiness.verdict import ReadinessVerdict, by_word, told, unknown
from app.kit.input import freemail_domains


@dataclass(frozen=True)
class Item:
    """One line of the list."""

    key: str
    verdict: ReadinessVerdict
    said: ClientStatement | None

    @property
    def is_asked(self) -> bool:
        """Whether the client's word is wanted: nobody is asked for what is known without asking."""
        return self.key in ANSWERS and (self.verdict.state != "pass" or self.verdict.source == "client")

    @property
    def is_put_off(self) -> bool:
        """Whether the client said "later"."""
        return self.said is not None and self.said.answer == LATER and self.verdict.state != "pass"


def checklist(facts: Facts) -> tuple[Item, ...]:
    """Every thing that matters for what this link asks for, in the order in which it is shown."""
    return tuple(
        Item(key, rule(facts), facts.said.get(key))
        for key, (matters_for, rule) in _RULES.items()
        if not matters_for or matters_for & facts.kinds
    )


def company_email(facts: Facts) -> ReadinessVerdict:
    """Whether the contacts are at a domain of their company."""
    if not facts.emails:
        return unknown()
    free = tuple(
        dict.fromkeys(freemail_domains.domain_of(each) for each in facts.emails if freemail_domains.is_free(each))
    )
    if free:
        return told(facts, *free, code="free_mail")
    return told(facts, *dict.fromkeys(freemail_domains.domain_of(each) for each in facts.emails))


def primary_contact(facts: Facts) -> ReadinessVerdict:
    """Whether there is one person who can say yes."""
    return told(facts, facts.approver) if facts.approver else unknown()


def _payment(facts: Facts) -> ReadinessVerdict:
    said = facts.said.get("payment")
    return by_word(facts, "payment", unknown(said.note) if said and said.note else unknown())


def _word_on(key: str) -> Callable[[Facts], ReadinessVerdict]:
    """What only the client can tell."""
    return lambda facts: by_word(facts, key, unknown())


Rule = Callable[[Facts], ReadinessVerdict]
_ANY: frozenset[str] = frozenset()
_ACCOUNT = frozenset({"ad_account", "pixel", "person"})
_CENTER = _ACCOUNT | {"catalog"}

#: The things in their order: the kinds of assets each matters for (none: always), and how it is judged.
_RULES: dict[str, tuple[frozenset[str], Rule]] = {
    "business_center": (_CENTER, platform_checks.business_center),
    "ad_account": (_ACCOUNT, platform_checks.ad_account),
    "currency": (_ACCOUNT, platform_checks.currency),
    "time_zone": (_ACCOUNT, platform_checks.time_zone),
    "verification": (_CENTER, platform_checks.verification),
    "two_factor": (_CENTER, _word_on("two_factor")),
    "payment": (_ACCOUNT, _payment),
    "pixel": (_ACCOUNT, platform_checks.pixel),
    "events_api": (_ACCOUNT, _word_on("events_api")),
    "company_email": (_ANY, company_email),
    "primary_contact": (_ANY, primary_contact),
    "ownership": (_ANY, _word_on("ownership")),
}
KEYS = tuple(_RULES)
