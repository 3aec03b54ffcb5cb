"""Readiness checks: what should be in place before access is shared, and the evidence for each.

They rest on the client's answers, on what was read at the platform, and on the client's own statements. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_territory_currencies

from app.access.connections import selectable_assets
from app.kit.input import freemail_domains
from app.platforms.resources import AdAccount, BusinessCenterInfo, DiscoveredAssets, Pixel

#: What a client can say of each thing that a machine may not be able to read.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "verification": ("yes", "later"),
    "two_factor": ("yes", "later"),
    "currency": ("yes", "later"),
    "time_zone": ("yes", "later"),
    "payment": ("own", "plan", "later"),
    "pixel": ("yes", "later"),
    "events_api": ("yes", "no", "later"),
    "ownership": ("yes", "later"),
}
#: What is put off is not done.
LATER = "later"


@dataclass(frozen=True)
class ReadinessReply:
    """An answer as given; `note` where it needs more than a tick."""

    answer: str
    note: str = ""


@dataclass(frozen=True)
class ClientStatement:
    """The client's word on one thing: what, by whom, when; `note` where the answer needs more than a tick."""

    answer: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class RequestedAsset:
    """An asset an access request names; `verified_at` when it was last read back as agreed, if it is now."""

    asset_id: str
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """All that is known of one link; `found` is what the client's connection showed at `found_at`.

    `pixel_codes`, `markets` and `emails` are None where the client was not asked or did not answer yet; `approver`
    is the name of whoever decides. `kinds` are the kinds of assets asked for.
    """

    today: date
    kinds: frozenset[str] = frozenset({"ad_account"})
    bc_id: str | None = None
    accounts: tuple[RequestedAsset, ...] = ()
    pixels: tuple[RequestedAsset, ...] = ()
    pixel_codes: tuple[str, ...] | None = None
    markets: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    approver: str | None = None
    told_at: datetime | None = None
    found: DiscoveredAssets | None = None
    found_at: datetime | None = None
    said: Mapping[str, ClientStatement] = field(default_factory=dict)

    @property
    def center(self) -> BusinessCenterInfo | None:
        """The Business Center named, where the connection saw it; the only one there is, where none was named yet."""
        seen = self.found.business_centers if self.found else ()
        if self.bc_id is None:
            return seen[0] if len(seen) == 1 else None
        return next((each for each in seen if each.bc_id == self.bc_id), None)

    @property
    def held(self) -> tuple[AdAccount, ...] | None:
        """Every ad account of that Business Center; None where its list could not be read."""
        center = self.center
        if self.found is None or center is None or not center.usable:
            return None
        return tuple(account for account in self.found.accounts if account.bc_id == center.bc_id)

    @property
    def pixels_held(self) -> tuple[Pixel, ...]:
        """Every pixel that the platform lists in that Business Center."""
        center = self.center
        if self.found is None or center is None:
            return ()
        return tuple(pixel for pixel in self.found.pixels if pixel.bc_id == center.bc_id)


State = Literal["pass", "to_do", "cannot_tell"]
Source = Literal["platform", "intake", "client"]


@dataclass(frozen=True)
class ReadinessVerdict:
    """`seen` is what was read, as a person knows it: names, codes, domains. `code` says why something is to do.

    `blocks`: nothing can be shared until it is done.
    """

    status: State
    source: Source | None = None
    since: datetime | None = None
    seen: tuple[str, ...] = ()
    code: str | None = None
    blocks: bool = False


def unknown(*seen: str) -> ReadinessVerdict:
    """Nobody told, and nothing could be read; `seen` is the part that could."""
    return ReadinessVerdict("cannot_tell", seen=seen)


def read(facts: Facts, *seen: str, code: str | None = None, blocks: bool = False) -> ReadinessVerdict:
    """The platform shows it: well without a code, else to do."""
    return ReadinessVerdict("to_do" if code else "pass", "platform", facts.found_at, seen, code, blocks)


def told(facts: Facts, *seen: str, code: str | None = None) -> ReadinessVerdict:
    """The client's answers show it."""
    return ReadinessVerdict("to_do" if code else "pass", "intake", facts.told_at, seen, code)


def by_word(facts: Facts, key: str, otherwise: ReadinessVerdict) -> ReadinessVerdict:
    """The client's word, where it gave one."""
    said = facts.said.get(key)
    if said is None:
        return otherwise
    if said.answer == LATER:
        return ReadinessVerdict("to_do", "client", said.at, otherwise.seen, LATER)
    return ReadinessVerdict("pass", "client", said.at, otherwise.seen)


#: How far from UTC clocks are in winter and in summer: time zones are alike where both agree.
Hours = tuple[float, float]


def currencies(markets: Iterable[str], on: date) -> frozenset[str]:
    """ISO 4217 codes of what is legal tender in these countries (ISO 3166 alpha-2) that day."""
    return frozenset(
        code for market in markets for code in get_territory_currencies(market, start_date=on, end_date=on)
    )


def same_hours(timezone: str, markets: Iterable[str], on: date) -> bool | None:
    """True if a time zone (IANA name) has the local time of one of these countries; None for an unknown zone."""
    hours = _hours(timezone, on.year)
    if hours is None:
        return None
    return any(hours == _hours(zone, on.year) for market in markets for zone in _zones(market))


@cache
def _zones(market: str) -> tuple[str, ...]:
    return tuple(zone for zone, territory in get_global("zone_territories").items() if territory == market)


@cache
def _hours(timezone: str, year: int) -> Hours | None:
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # unknown here, or no name at all
        return None
    winter, summer = (datetime.combine(date(year, month, 1), time(12), zone).utcoffset() for month in (1, 7))
    return (winter.total_seconds(), summer.total_seconds()) if winter is not None and summer is not None else None


#: What keeps an ad account from being shared at all; in review or suspended it can be, and used later.
IN_THE_WAY = frozenset({"asset_owned_elsewhere", "asset_owned_by_person", "request_pending"})


def business_center(facts: Facts) -> ReadinessVerdict:
    """TikTok lets the Business Center share. A colleague who is Admin may still do it by hand."""
    center = facts.center
    if center is None:
        return unknown()
    code = selectable_assets.center_problem(center)
    return read(facts, center.name, code=code, blocks=code is not None and code != "not_bc_admin")


def verification(facts: Facts) -> ReadinessVerdict:
    """TikTok has verified the company."""
    status = facts.center.verification if facts.center else ""
    if not status:
        return by_word(facts, "verification", unknown())
    code = None if status == "VERIFIED" else "verification_in_review" if status == "REVIEWING" else "not_verified"
    return read(facts, code=code)


def ad_account(facts: Facts) -> ReadinessVerdict:
    """There is an ad account that can be shared."""
    proved = [each.verified_at for each in facts.accounts if each.verified_at]
    if proved and len(proved) == len(facts.accounts):
        return ReadinessVerdict("pass", "platform", max(proved), tuple(each.asset_id for each in facts.accounts))
    held = facts.held
    if held is None:
        return told(facts, *(each.asset_id for each in facts.accounts)) if facts.accounts else unknown()
    if not facts.accounts:
        own = [account.name for account in held if account.owned]
        return read(facts, *own) if own else read(facts, code="no_ad_account", blocks=True)
    return _chosen(facts, {account.asset_id: account for account in held})


def _chosen(facts: Facts, held: dict[str, AdAccount]) -> ReadinessVerdict:
    """The worst there is to say of the ad accounts chosen."""
    problems: list[tuple[bool, str, str]] = []
    for each in facts.accounts:
        account = held.get(each.asset_id)
        if account is None:
            problems.append((True, "asset_not_found", each.asset_id))
        elif code := selectable_assets.account_problem(replace(account, ticked=True)):
            problems.append((code in IN_THE_WAY, code, account.name))
    if problems:
        blocks, code, name = max(problems, key=lambda problem: problem[0])
        return read(facts, name, code=code, blocks=blocks)
    return read(facts, *(held[each.asset_id].name for each in facts.accounts))


def currency(facts: Facts) -> ReadinessVerdict:
    """The ad accounts use a currency of a target market."""
    usually = currencies(facts.markets or (), facts.today)
    return _fits(facts, "currency", lambda account: account.currency, lambda seen: seen in usually)


def time_zone(facts: Facts) -> ReadinessVerdict:
    """The ad accounts' time zone fits a target market."""
    markets = facts.markets or ()
    return _fits(
        facts,
        "time_zone",
        lambda account: account.timezone,
        lambda seen: same_hours(seen, markets, facts.today),
    )


def _fits(
    facts: Facts, key: str, value: Callable[[AdAccount], str], is_usual: Callable[[str], bool | None]
) -> ReadinessVerdict:
    """Compared with the markets. The client may say that something unusual is meant so: then that counts."""
    named = {each.asset_id for each in facts.accounts}
    meant = [each for each in facts.held or () if (each.asset_id in named if named else each.owned)]
    seen = tuple(dict.fromkeys(value(account) for account in meant if value(account)))
    said = by_word(facts, key, unknown(*seen))
    fitting = [is_usual(each) for each in seen] if facts.markets else [None]
    if False in fitting:
        odd = read(facts, *seen, code=f"unusual_{key}")
        return said if said.status == "pass" else odd
    everything_known = bool(meant) and all(value(account) for account in meant) and len(meant) >= len(named)
    return read(facts, *seen) if everything_known and None not in fitting else said


def pixel(facts: Facts) -> ReadinessVerdict:
    """There is a pixel, and it is connected to the ad account that runs the campaigns."""
    proved = [each.verified_at for each in facts.pixels if each.verified_at]
    if proved and len(proved) == len(facts.pixels):
        return ReadinessVerdict("pass", "platform", max(proved), tuple(each.asset_id for each in facts.pixels))
    if facts.pixels:  # asked for: connecting it is what the client agrees to
        return told(facts, *(each.asset_id for each in facts.pixels), code="pixel_to_connect")
    if facts.pixel_codes:
        return by_word(facts, "pixel", unknown(*facts.pixel_codes))
    if listed := tuple(pixel.name for pixel in facts.pixels_held if pixel.owned):
        return by_word(facts, "pixel", unknown(*listed))
    if facts.pixel_codes is None:
        return by_word(facts, "pixel", unknown())
    return by_word(facts, "pixel", told(facts, code="no_pixel"))


@dataclass(frozen=True)
class Item:
    """One line of the list."""

    key: str
    verdict: ReadinessVerdict
    said: ClientStatement | None

    @property
    def is_asked(self) -> bool:
        """True if the client's word is wanted: nobody is asked for what is known without asking."""
        return self.key in ANSWERS and (self.verdict.status != "pass" or self.verdict.source == "client")

    @property
    def is_put_off(self) -> bool:
        """True if the client said "later"."""
        return self.said is not None and self.said.answer == LATER and self.verdict.status != "pass"


def checklist(facts: Facts) -> tuple[Item, ...]:
    """Every thing that matters for what this link asks for, in the order in which it is shown."""
    return tuple(
        Item(key, rule(facts), facts.said.get(key))
        for key, (matters_for, rule) in _RULES.items()
        if not matters_for or matters_for & facts.kinds
    )


def company_email(facts: Facts) -> ReadinessVerdict:
    """The contacts use a domain of their company."""
    if not facts.emails:
        return unknown()
    free = tuple(
        dict.fromkeys(freemail_domains.domain_of(each) for each in facts.emails if freemail_domains.is_free(each))
    )
    if free:
        return told(facts, *free, code="free_mail")
    return told(facts, *dict.fromkeys(freemail_domains.domain_of(each) for each in facts.emails))


def primary_contact(facts: Facts) -> ReadinessVerdict:
    """There is one person who can approve."""
    return told(facts, facts.approver) if facts.approver else unknown()


def _payment(facts: Facts) -> ReadinessVerdict:
    said = facts.said.get("payment")
    return by_word(facts, "payment", unknown(said.note) if said and said.note else unknown())


def _word_on(key: str) -> Callable[[Facts], ReadinessVerdict]:
    """Checks that only the client can answer."""
    return lambda facts: by_word(facts, key, unknown())


Rule = Callable[[Facts], ReadinessVerdict]
_ANY: frozenset[str] = frozenset()
_ACCOUNT = frozenset({"ad_account", "pixel", "person"})
_CENTER = _ACCOUNT | {"catalog"}

#: The things in their order: the kinds of assets each matters for (none: always), and how it is judged.
_RULES: dict[str, tuple[frozenset[str], Rule]] = {
    "business_center": (_CENTER, business_center),
    "ad_account": (_ACCOUNT, ad_account),
    "currency": (_ACCOUNT, currency),
    "time_zone": (_ACCOUNT, time_zone),
    "verification": (_CENTER, verification),
    "two_factor": (_CENTER, _word_on("two_factor")),
    "payment": (_ACCOUNT, _payment),
    "pixel": (_ACCOUNT, pixel),
    "events_api": (_ACCOUNT, _word_on("events_api")),
    "company_email": (_ANY, company_email),
    "primary_contact": (_ANY, primary_contact),
    "ownership": (_ANY, _word_on("ownership")),
}
KEYS = tuple(_RULES)
