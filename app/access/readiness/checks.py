"""Readiness checks: prerequisites for sharing access, the evidence for each, and the agency's next step.

Evidence is the intake, reads at the platform, and the client's own statements. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_territory_currencies

from app.kit.input import email_address
from app.platforms.resources import DiscoveredAsset, DiscoveredAssets, PlatformAccount

#: Possible answers of a client, for each check that may have no other evidence.
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
#: Answer that postpones a check.
LATER = "later"
State = Literal["pass", "to_do", "cannot_tell"]
Source = Literal["platform", "intake", "client"]
#: UTC offsets in winter and in summer; time zones with equal offsets are alike.
Hours = tuple[float, float]


@dataclass(frozen=True)
class ReadinessReply:
    """An answer of a form; `note` if it needs more than a tick."""

    answer: str
    note: str = ""


@dataclass(frozen=True)
class ClientStatement:
    """A recorded answer of the client, with person and time; `note` if it needs more than a tick."""

    answer: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class RequestedAsset:
    """The asset of an access request; `verified_at` if it is verified now."""

    asset_id: str
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """Evidence about one link. `found`: assets that the client's connection discovered at `found_at`.

    `pixel_codes`, `markets` and `emails` are None without an answer yet. `approver`: name of the contact who decides.
    `platform`: of `found`; `kinds`: the kinds of requested assets.
    """

    today: date
    platform: str = ""
    kinds: frozenset[str] = frozenset({"ad_account"})
    account_id: str | None = None
    accounts: tuple[RequestedAsset, ...] = ()
    pixels: tuple[RequestedAsset, ...] = ()
    pixel_codes: tuple[str, ...] | None = None
    markets: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    approver: str | None = None
    intake_at: datetime | None = None
    found: DiscoveredAssets | None = None
    found_at: datetime | None = None
    said: Mapping[str, ClientStatement] = field(default_factory=dict)

    @property
    def center(self) -> PlatformAccount | None:
        """The Business Center of the intake if the connection discovered it; without one, the only one discovered."""
        seen = self.found.accounts if self.found else ()
        if self.account_id is None:
            return seen[0] if len(seen) == 1 else None
        return next((each for each in seen if each.account_id == self.account_id), None)

    @property
    def held(self) -> Sequence[DiscoveredAsset] | None:
        """Every ad account of that Business Center; None if its list could not be read."""
        center = self.center
        if self.found is None or center is None or not center.usable:
            return None
        return self.found.of_kind("ad_account", center.account_id)

    @property
    def pixels_held(self) -> Sequence[DiscoveredAsset]:
        """Every pixel that the platform lists in that Business Center."""
        center = self.center
        if self.found is None or center is None:
            return ()
        return self.found.of_kind("pixel", center.account_id)


@dataclass(frozen=True)
class ReadinessVerdict:
    """Result of a check. `seen`: values for people (names, codes, domains). `code`: reason of `to_do`.

    `blocks`: nothing can be shared until it is done. `client_only`: `seen` comes from assets that the client has not
    selected, so that the agency must not see it.
    """

    status: State
    source: Source | None = None
    since: datetime | None = None
    seen: tuple[str, ...] = ()
    code: str | None = None
    blocks: bool = False
    client_only: bool = False

    @property
    def seen_by_agency(self) -> tuple[str, ...]:
        """`seen`, without what only the client may see."""
        return () if self.client_only else self.seen


Rule = Callable[[Facts], ReadinessVerdict]


@dataclass(frozen=True)
class Item:
    """One check with its result."""

    key: str
    verdict: ReadinessVerdict
    said: ClientStatement | None

    @property
    def is_asked(self) -> bool:
        """True if the client is asked: not for checks that pass without an answer."""
        return self.key in ANSWERS and (self.verdict.status != "pass" or self.verdict.source == "client")


def checklist(facts: Facts) -> tuple[Item, ...]:
    """The checks that apply to the requested kinds, in display order."""
    return tuple(
        Item(key, rule(facts), facts.said.get(key))
        for key, (matters_for, rule) in _RULES.items()
        if not matters_for or matters_for & facts.kinds
    )


def business_center(facts: Facts) -> ReadinessVerdict:
    """The Business Center can share. If the person is no Admin, an Admin can still do it by hand."""
    center = facts.center
    if center is None:
        return unknown()
    code = center.problem
    verdict = from_platform(facts, center.name, code=code, blocks=code is not None and code != "not_bc_admin")
    return verdict if facts.account_id else _client_only(verdict)


#: Problems that prevent sharing; an ad account in review or suspended can be shared and used later.
IN_THE_WAY = frozenset({"asset_owned_elsewhere", "asset_owned_by_person", "request_pending"})


def verification(facts: Facts) -> ReadinessVerdict:
    """TikTok has verified the company."""
    status = facts.center.verification if facts.center else ""
    if not status:
        return from_client(facts, "verification", unknown())
    return from_platform(facts, code=facts.center.verification_code if facts.center else None)


def ad_account(facts: Facts) -> ReadinessVerdict:
    """There is an ad account that can be shared."""
    proved = [each.verified_at for each in facts.accounts if each.verified_at]
    if proved and len(proved) == len(facts.accounts):
        return ReadinessVerdict("pass", "platform", max(proved), tuple(each.asset_id for each in facts.accounts))
    held = facts.held
    if held is None:
        return from_intake(facts, *(each.asset_id for each in facts.accounts)) if facts.accounts else unknown()
    if not facts.accounts:
        own = [account.name for account in held if account.owned]
        return _client_only(
            from_platform(facts, *own) if own else from_platform(facts, code="no_ad_account", blocks=True)
        )
    return _chosen(facts, {account.asset_id: account for account in held})


def _chosen(facts: Facts, held: dict[str, DiscoveredAsset]) -> ReadinessVerdict:
    """The worst problem of the selected ad accounts."""
    blockers: list[tuple[bool, str, str]] = []
    for each in facts.accounts:
        account = held.get(each.asset_id)
        if account is None:
            blockers.append((True, "asset_not_found", each.asset_id))
        elif code := account.own_problem:
            blockers.append((code in IN_THE_WAY, code, account.name))
    if blockers:
        blocks, code, name = max(blockers, key=lambda blocker: blocker[0])
        return from_platform(facts, name, code=code, blocks=blocks)
    return from_platform(facts, *(held[each.asset_id].name for each in facts.accounts))


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
    facts: Facts, key: str, value: Callable[[DiscoveredAsset], str], is_usual: Callable[[str], bool | None]
) -> ReadinessVerdict:
    """Compare with the markets. A client's confirmation of an unusual value counts."""
    verdict = _fit(facts, key, value, is_usual)
    return verdict if facts.accounts else _client_only(verdict)


def _fit(
    facts: Facts, key: str, value: Callable[[DiscoveredAsset], str], is_usual: Callable[[str], bool | None]
) -> ReadinessVerdict:
    named = {each.asset_id for each in facts.accounts}
    meant = [each for each in facts.held or () if (each.asset_id in named if named else each.owned)]
    seen = tuple(dict.fromkeys(value(account) for account in meant if value(account)))
    said = from_client(facts, key, unknown(*seen))
    fitting = [is_usual(each) for each in seen] if facts.markets else [None]
    if False in fitting:
        odd = from_platform(facts, *seen, code=f"unusual_{key}")
        return said if said.status == "pass" else odd
    everything_known = bool(meant) and all(value(account) for account in meant) and len(meant) >= len(named)
    return from_platform(facts, *seen) if everything_known and None not in fitting else said


def currencies(markets: Iterable[str], on: date) -> frozenset[str]:
    """ISO 4217 codes of the legal tender of these countries (ISO 3166 alpha-2) on a day."""
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
    except (KeyError, ValueError, OSError):  # unknown, or not a name
        return None
    winter, summer = (datetime.combine(date(year, month, 1), time(12), zone).utcoffset() for month in (1, 7))
    return (winter.total_seconds(), summer.total_seconds()) if winter is not None and summer is not None else None


def pixel(facts: Facts) -> ReadinessVerdict:
    """There is a pixel, and it is linked to the ad account that runs the campaigns."""
    proved = [each.verified_at for each in facts.pixels if each.verified_at]
    if proved and len(proved) == len(facts.pixels):
        return ReadinessVerdict("pass", "platform", max(proved), tuple(each.asset_id for each in facts.pixels))
    if facts.pixels:  # requested: with the consent it is linked
        return from_intake(facts, *(each.asset_id for each in facts.pixels), code="pixel_to_connect")
    if facts.pixel_codes:
        return from_client(facts, "pixel", unknown(*facts.pixel_codes))
    if listed := tuple(pixel.name for pixel in facts.pixels_held if pixel.owned):
        return _client_only(from_client(facts, "pixel", unknown(*listed)))
    if facts.pixel_codes is None:
        return from_client(facts, "pixel", unknown())
    return from_client(facts, "pixel", from_intake(facts, code="no_pixel"))


def company_email(facts: Facts) -> ReadinessVerdict:
    """The contacts use a domain of their company."""
    if not facts.emails:
        return unknown()
    free = tuple(
        dict.fromkeys(email_address.domain_of(each) for each in facts.emails if email_address.is_freemail(each))
    )
    if free:
        return from_intake(facts, *free, code="free_mail")
    return from_intake(facts, *dict.fromkeys(email_address.domain_of(each) for each in facts.emails))


def primary_contact(facts: Facts) -> ReadinessVerdict:
    """There is one person who can approve."""
    return from_intake(facts, facts.approver) if facts.approver else unknown()


def _payment(facts: Facts) -> ReadinessVerdict:
    said = facts.said.get("payment")
    return from_client(facts, "payment", unknown(said.note) if said and said.note else unknown())


def _word_on(key: str) -> Callable[[Facts], ReadinessVerdict]:
    """Checks that only the client can answer."""
    return lambda facts: from_client(facts, key, unknown())


def _client_only(verdict: ReadinessVerdict) -> ReadinessVerdict:
    return replace(verdict, client_only=True)


def unknown(*seen: str) -> ReadinessVerdict:
    """No answer, and nothing complete could be read; `seen` is the part that could."""
    return ReadinessVerdict("cannot_tell", seen=seen)


def from_platform(facts: Facts, *seen: str, code: str | None = None, blocks: bool = False) -> ReadinessVerdict:
    """Evidence from the platform: passed without a code, else to do."""
    return ReadinessVerdict("to_do" if code else "pass", "platform", facts.found_at, seen, code, blocks)


def from_intake(facts: Facts, *seen: str, code: str | None = None) -> ReadinessVerdict:
    """Evidence from the intake: passed without a code, else to do."""
    return ReadinessVerdict("to_do" if code else "pass", "intake", facts.intake_at, seen, code)


def from_client(facts: Facts, key: str, otherwise: ReadinessVerdict) -> ReadinessVerdict:
    """Evidence from the client's statement, if there is one; else `otherwise`."""
    said = facts.said.get(key)
    if said is None:
        return otherwise
    if said.answer == LATER:
        return ReadinessVerdict("to_do", "client", said.at, otherwise.seen, LATER)
    return ReadinessVerdict("pass", "client", said.at, otherwise.seen)


_ANY: frozenset[str] = frozenset()
_ACCOUNT = frozenset({"ad_account", "pixel", "person"})
_CENTER = frozenset({"ad_account", "pixel", "person", "catalog"})
#: Checks in display order: the kinds of assets each applies to (none: always), and its rule.
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


def hint(item: Item) -> str | None:
    """Next step for the agency; None if there is nothing to do."""
    if item.verdict.status == "pass":
        return None
    return _BY_CODE[item.verdict.code] if item.verdict.code else _CANNOT_TELL[item.key]


TITLES = {
    "business_center": "The Business Center can share",
    "ad_account": "There is an ad account, and it belongs to the client",
    "currency": "The ad account's currency fits the markets",
    "time_zone": "The ad account's time zone fits the markets",
    "verification": "TikTok has verified the company",
    "two_factor": "Two-step sign-in is on for every member of the Business Center",
    "payment": "The client has its own payment method, or a plan for who pays",
    "pixel": "There is a pixel, and it is connected to the ad account",
    "events_api": "The client has said if it plans to use the Events API",
    "company_email": "The contacts are at a company domain",
    "primary_contact": "One person can accept and approve",
    "ownership": "It is confirmed in writing that the client owns everything",
}
_CANNOT_TELL = {
    "business_center": "TikTok shows it once the client connects; by hand it shows when something is shared.",
    "ad_account": "The client has not named an ad account yet.",
    "currency": "TikTok shows it of ad accounts that were ticked when connecting; else ask the client.",
    "time_zone": "TikTok shows it of ad accounts that were ticked when connecting; else ask the client.",
    "verification": "Ask the client: Business Center, Settings, Business verification.",
    "two_factor": "No API returns it. Ask the client: Business Center, Settings, Security.",
    "payment": "No API returns it. Ask the client, or write down who pays and how.",
    "pixel": "Ask the client whether the pixel is connected to the ad account.",
    "events_api": "Ask the person in charge of the client's website.",
    "company_email": "The client has not named contacts yet.",
    "primary_contact": "The client has not named contacts yet.",
    "ownership": "Ask for one sentence in writing before you begin.",
}
_BY_CODE = {
    LATER: "The client postponed it: ask again before campaigns begin.",
    "not_bc_admin": "The person who connected is no Admin there: pass the link on to an Admin.",
    "bc_under_review": "TikTok has the Business Center under review; nothing can be shared until that is over.",
    "bc_punished": "TikTok has restricted the Business Center: the client asks TikTok's support to lift it.",
    "bc_denied": "TikTok has not approved the Business Center: the client opens it to see what is missing.",
    "bc_not_enabled": "TikTok does not allow sharing from the Business Center: the client opens it to see why.",
    "not_verified": "Ask the client to verify the company at TikTok: payments can fail while it is not.",
    "verification_in_review": "TikTok is reviewing the company's documents; this takes some days.",
    "no_ad_account": "The client creates one in its own Business Center and so owns it; do not create it yourself.",
    "asset_not_found": "The number is not in this Business Center: ask the client to check it.",
    "asset_owned_elsewhere": "Only the Business Center that owns the ad account can share it.",
    "asset_owned_by_person": "A person owns the ad account: the client brings it into its Business Center first.",
    "request_pending": "The owner of the ad account has not approved the client's request in TikTok Ads Manager; only "
    "the owner can share it.",
    "ad_account_suspended": "The client appeals at TikTok, or chooses another ad account.",
    "ad_account_limited": "TikTok has limited the ad account: the client opens it in TikTok Ads Manager to see why.",
    "ad_account_in_review": "TikTok is reviewing the ad account; this passes by itself.",
    "ad_account_disapproved": "The client opens the ad account in TikTok Ads Manager and fixes what TikTok names.",
    "unusual_currency": "It cannot be changed later. If it is wrong, the client creates another ad account now.",
    "unusual_time_zone": "It cannot be changed later. If it is wrong, the client creates another ad account now.",
    "pixel_to_connect": "It is linked after the client's consent, and then verified.",
    "no_pixel": "The client has no pixel: without it, ads cannot be attributed to sales.",
    "free_mail": "A free mail address does not show the company: ask for one at its own domain first.",
}
