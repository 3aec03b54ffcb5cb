"""The parts of `docs/webhooks.md` that are read from code; each stands between two marks, and the rest is written."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.events import catalog, rendering
from app.settings import Settings
from app.webhooks import message
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.endpoints import verification
from app.webhooks.policies import event_filter, health_rules, response_classifier, retry_policy
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.replays import service as replays
from docs.events_page import readable
from docs.tables import code, listed, said, table

PLACE = Path(__file__).with_name("webhooks.md")
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_NOW = datetime(2026, 12, 4, tzinfo=UTC)
_MODES = {
    "full": "everything.",
    "thin": "ids, and the address of the rest; no personal data.",
    "flat": "everything at the first level, for receivers that cannot read nested objects.",
}
_TRIED = "retried"
#: Answers that stand for all of their kind: status, headers, and what follows besides the next attempt.
_ANSWERS: tuple[tuple[int, dict[str, str], str], ...] = (
    (200, {}, "succeeded, whatever the body is"),
    (301, {"location": "https://new.example/in"}, _TRIED),
    (
        410,
        {},
        f"{_TRIED}; a second 410 at least {said(health_rules.GONE_APART)} later disables the endpoint (`gone`)",
    ),
    (429, {"retry-after": "120"}, "retried; all deliveries of the endpoint wait until then"),
    (429, {}, "retried; fewer at the same time"),
    (503, {"retry-after": "120"}, "retried; all deliveries of the endpoint wait until then"),
    (502, {}, "retried; fewer at the same time"),
    (504, {}, "retried; fewer at the same time"),
    (404, {}, _TRIED),
    (500, {}, _TRIED),
)


def text() -> str:
    """The whole page, with its generated parts up to date."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", PLACE.read_text(encoding="utf-8"))


def modes() -> str:
    """One event in each payload mode."""
    kind = catalog.FOR_CRMS["access.verified"]
    shown = {mode: json.loads(message.render_payload(rendering.example_body(kind), mode).content) for mode in _MODES}
    return "\n\n".join(f"`{mode}`: {_MODES[mode]}\n\n```json\n{readable(body)}\n```" for mode, body in shown.items())


def retries() -> str:
    """When attempts are made, by policy."""
    names = [name for name, steps in retry_policy.POLICIES.items() if len(steps) > 1]
    heads = ("attempt", *(cell for name in names for cell in (f"`{name}`: delay before", "since the first")))
    longest = max(map(len, retry_policy.POLICIES.values()))
    rows = [(str(number + 1), *(cell for name in names for cell in _step(name, number))) for number in range(longest)]
    ages = ", ".join(f"`{name}` {_days(retry_policy.age_limit(name))}" for name in retry_policy.POLICIES)
    return (
        f"{table(heads, rows)}\n\n"
        f"Each delay is lengthened by up to {retry_policy.MOST_JITTER - 1:.0%} at random, never shortened. "
        f"A delivery ends when it is older than this age limit, even if it was held: {ages}."
    )


def codes() -> str:
    """What an attempt can come to."""
    answers = [(_status(status, given), *_judged(status, given), then) for status, given, then in _ANSWERS]
    silent = [
        ("none", code(name), sentence, _TRIED)
        for name, sentence in response_classifier.EXPLAINED.items()
        if name not in ("redirect", "gone", "throttled") and response_classifier.public_code(name) == name
    ]
    return table(("response", "code", "meaning", "what follows"), [*answers, *silent])


def ends() -> str:
    """Reasons for which a delivery ends without success."""
    return table(
        ("`reason`", "`status`", "meaning"), [(code(each), code(each.status), each.sentence) for each in EndReason]
    )


def sparing() -> str:
    """When an endpoint is spared, warned about, and disabled."""
    breaker = health_rules
    return "\n".join([
        f"- *Fewer at the same time:* after 429, 502 or 504, half as many deliveries are in flight. The number rises "
        f"by one for every {breaker.GOOD_TO_RAISE} successes.",
        f"- *Circuit breaker:* it opens when {breaker.UNREACHABLE_OPENS} attempts in a row got no response, or when "
        f"{breaker.WINDOW_SHARE:.0%} of at least {breaker.WINDOW_LEAST} attempts in {said(breaker.WINDOW)} failed by "
        "5xx, 429 or no response. Other 4xx never open it, because they may concern a single body. "
        f"It stays open for {said(breaker.FIRST_OPEN)}, then twice as long each time, at most "
        f"{said(breaker.LONGEST_OPEN)}. Then one delivery is sent, then 2, 4 and 8, as long as they succeed. The same "
        "happens after every hold: `Retry-After`, a pause, or a time during which the endpoint was disabled.",
        f"- *Notices:* when all attempts have failed for {said(breaker.NOTICES[0])}, and again after "
        f"{listed(breaker.NOTICES[1:])}, Keyturn sends the event `webhook.endpoint.degraded`, and an e-mail to your "
        "agency's contact if e-mail is set up. One success ends that: `webhook.endpoint.recovered`.",
        f"- *Disabled:* an endpoint is disabled after {said(breaker.DISABLE_AFTER)} without a success since the first "
        f"failure, with at least {breaker.LEAST_ATTEMPTS} failed attempts spread over {said(breaker.LEAST_SPREAD)} or "
        "more, and a delivery that was given up (`failing`); after a second 410 (`gone`); or after "
        f"{breaker.BLOCKED_AT_LEAST} attempts in a row over {said(breaker.BLOCKED_FOR)} for which the host name "
        "resolved to addresses that are not public (`unsafe_url`).",
    ])  # fmt: skip


def operational() -> str:
    """Events about webhooks."""
    kinds = [kind for name, kind in catalog.FOR_CRMS.items() if name.startswith(event_filter.OPERATIONAL)]
    rows = [(f"[`{kind.name}`](webhooks-events.md#{kind.name.replace('.', '')})", kind.sentence) for kind in kinds]
    return table(("type", "when"), rows)


def limits() -> str:
    """What there may be at most, and how long it is kept."""
    days, answers, pending = (
        Settings.model_fields[name].default for name in ("webhook_days", "webhook_body_days", "webhook_most_pending")
    )
    return table(("what", "limit"), [
        ("endpoints of an agency", f"{endpoint_service.AT_MOST}"),
        ("event types of an endpoint", f"{endpoint_service.TYPES_AT_MOST}"),
        ("a body", f"{message.LONGEST_PAYLOAD // 1024} KiB; a longer one is sent as `thin` with "
                   "`\"truncated\": true`"),
        ("your metadata on an endpoint", f"{endpoint_service.LONGEST_METADATA:,} bytes"),
        ("your headers", f"{message.MOST_HEADERS}; a name {message.LONGEST_HEADER_NAME} bytes, "
                         f"a value {message.LONGEST_HEADER:,}, all {message.LONGEST_HEADERS:,}"),
        ("a signing secret of your own", f"{message.SHORTEST_SECRET} to {message.LONGEST_SECRET} bytes"),
        ("tests and challenges", f"{verification.TESTS_A_MINUTE} a minute"),
        ("replays at once", f"{replays.RUNNING_AT_MOST}; each {replays.LONGEST.days} days and "
                            f"{replays.EVENTS_AT_MOST:,} events"),
        ("open deliveries of an endpoint", f"{pending:,}; beyond it, the oldest end as `exhausted` (`backlog_limit`)"),
        ("deliveries, attempts and bodies are kept", f"{days} days (`KEYTURN_WEBHOOK_DAYS`), bodies by whole months"),
        ("responses of receivers are kept", f"{answers} days (`KEYTURN_WEBHOOK_BODY_DAYS`)"),
        ("events are kept", "permanently, without names and addresses once these are erased"),
    ])  # fmt: skip


PARTS: dict[str, Callable[[], str]] = {
    "modes": modes, "retries": retries, "codes": codes, "ends": ends, "sparing": sparing, "operational": operational,
    "limits": limits,
}  # fmt: skip


def _judged(status: int, given: dict[str, str]) -> Iterator[str]:
    found = response_classifier.classify_response(status, None, given, _NOW)
    yield code(found.code)
    wait = f" At least {said(found.wait)} until the next attempt." if found.wait else ""
    yield found.explanation + wait


def _status(status: int, given: dict[str, str]) -> str:
    asked = " with `Retry-After`" if "retry-after" in given else ""
    kind = {200: "any 2xx", 301: "any 3xx", 404: "another 4xx", 500: "another 5xx"}.get(status, str(status))
    return f"{kind}{asked}"


def _step(policy: str, number: int) -> tuple[str, str]:
    steps = retry_policy.POLICIES[policy]
    if number >= len(steps):
        return "", ""
    return _pause(steps[number]), str(timedelta(seconds=sum(steps[: number + 1])))


def _pause(seconds: int) -> str:
    return said(timedelta(seconds=seconds)) if seconds else "at once"


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.4g} days"
