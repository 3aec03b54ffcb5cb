"""What the platform can show: the Business Center, its ad accounts, their money and hours, the pixel. Pure."""

from collections.abc import Callable
from dataclasses import replace

from app.access.connections import selectable_assets
from app.access.readiness import market_defaults
from app.access.readiness.facts import Facts
from app.access.readiness.verdict import ReadinessVerdict, by_word, read, told, unknown
from app.platforms.resources import AdAccount

#: What keeps an ad account from being shared at all; in review or suspended it can be, and used later.
IN_THE_WAY = frozenset({"asset_owned_elsewhere", "asset_owned_by_person", "request_pending"})


def business_center(facts: Facts) -> ReadinessVerdict:
    """Whether TikTok lets anything be shared from it. A colleague who is Admin may still do it by hand."""
    center = facts.center
    if center is None:
        return unknown()
    code = selectable_assets.center_problem(center)
    return read(facts, center.name, code=code, blocks=code is not None and code != "not_bc_admin")


def verification(facts: Facts) -> ReadinessVerdict:
    """Whether TikTok has verified the company."""
    status = facts.center.verification if facts.center else ""
    if not status:
        return by_word(facts, "verification", unknown())
    code = None if status == "VERIFIED" else "verification_in_review" if status == "REVIEWING" else "not_verified"
    return read(facts, code=code)


def ad_account(facts: Facts) -> ReadinessVerdict:
    """Whether there is an ad account that can be shared."""
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
    """Whether the ad accounts count in money that is usual in a target market."""
    usually = market_defaults.currencies(facts.markets or (), facts.today)
    return _fits(facts, "currency", lambda account: account.currency, lambda seen: seen in usually)


def time_zone(facts: Facts) -> ReadinessVerdict:
    """Whether their days begin when they do in a target market."""
    markets = facts.markets or ()
    return _fits(
        facts,
        "time_zone",
        lambda account: account.timezone,
        lambda seen: market_defaults.same_hours(seen, markets, facts.today),
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
        return said if said.state == "pass" else odd
    everything_known = bool(meant) and all(value(account) for account in meant) and len(meant) >= len(named)
    return read(facts, *seen) if everything_known and None not in fitting else said


def pixel(facts: Facts) -> ReadinessVerdict:
    """Whether there is a pixel, and it is connected to the ad account that runs the campaigns."""
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
