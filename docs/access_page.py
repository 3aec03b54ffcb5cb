"""The text of `docs/access.md`: access that can be requested, its statuses, and what is in the way. Read from code."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType

from app.access import pacing
from app.access.connections.token_exchange import LONGEST_HOLD
from app.access.context import AccessContext
from app.access.reconciler import status as reconciler_status
from app.access.requests import manual_status as attested
from app.access.requests import next_steps
from app.client_portal import status_texts
from app.kit.i18n.locales import SOURCE
from app.kit.i18n.message import Message
from app.platforms import blockers, rate_limit_policy
from app.platforms.manual import library
from app.platforms.manual.library import ManualPlatform
from app.platforms.port import Priority
from app.platforms.tiktok import kinds
from app.settings import Settings
from docs.messages import in_english as words
from docs.tables import listed, said, table

_BY_CODE = "as its code says"
_PRIORITIES = {
    Priority.INTERACTIVE: "somebody is looking at a page, or acted within the last two minutes",
    Priority.HANDSHAKE: "a handshake under way",
    Priority.BACKGROUND: "access watch, imports",
}


def text() -> str:
    """The whole page."""
    return (
        "\n\n".join(
            [
                "# Access: what can be requested, and its status",
                "_Made by `make docs` from the code; do not edit by hand._",
                "An *access request* is one access to one asset. Keyturn looks at the platform, does the one thing "
                "that brings what is "
                "seen nearer to what the client agreed to, and looks again. What an access request shows follows "
                "from the last look "
                "alone, so it is right after a crash, after a share by hand, and after somebody took access away.",
                "## The states of an access request",
                "Green is `verified` only: a read showed the asset with the agreed role. `attested` is a person's "
                "word, kept "
                "with name and date. `unverifiable` means that nobody could look: the read was refused, or the "
                "agency is not "
                "connected. "
                "`next_actor` says who acts next.",
                table(("status", "what the client reads", "whose turn"), _states()),
                "## What can be in the way",
                "`blocked` and `drifted` carry a `code`. The client gets one sentence with at most one button, which "
                "depends on the kind, on the lane and on whether its authorization is still held (here: an ad account, "
                "connected, without it); you get one hint with `GET /api/v1/access-requests/{id}` or "
                "`keyturn access-requests get`, and the "
                "platform's own code, message and request id "
                "with the platform calls. Words in braces are names. A press on “check again”, and "
                "`POST /api/v1/access-requests/{id}/verification`, look at once.",
                table(("code", "what the client reads", "your hint", "whose turn"), _blockers()),
                "## What can be asked for at TikTok",
                "`GET /api/v1/platforms` and `keyturn platforms list --json` have the same lists, with the other names "
                "that are "
                "understood. "
                "Roles are those of TikTok, from the smallest to the largest; ask for the smallest that does the "
                "job. Where "
                "the API cannot share, the client gets the steps by hand, and the read that proves it is the same.",
                table(("kind", "role", "as the client reads it", "shared"), _tiktok()),
                "A pixel hangs on an ad account: it is linked when the agency sees that one. A person is invited "
                "to the "
                "client's Business Center as STANDARD member with the role on the link's ad accounts, by "
                "`POST /api/v1/links/{id}/people` or `keyturn links request-person`; there the role is `ANALYST` or "
                "`OPERATOR`. "
                "A role is raised by asking again; a lower one is taking away, sharing and reading back "
                "(`keyturn access-requests request-role`).",
                "## What can be asked for elsewhere",
                "Manual platforms are files: nothing is read there. Kind is always `custom`; the role says which "
                "thing it is "
                "about. The client does dated steps and says so, your agency looks and says that it works "
                "(`POST /api/v1/access-requests/{id}/attestation`, `keyturn access-requests attest`): then it is "
                "`attested`, which counts as done.",
                table(("platform", "thing", "role", "as the client reads it", "steps dated"), _written()),
                "## When Keyturn looks",
                _looks(),
                "## How many calls",
                _budget(),
                "## Taking it away",
                "`POST /api/v1/grants/{id}/revocation` or `keyturn grants revoke` says that one access is wanted no "
                "longer; a "
                "pixel goes with its ad account. The grant is `revoking` until a read shows that it is gone, then "
                "`ended`. "
                "Keyturn takes it away itself while it holds the client's connection. That connection is given "
                "back when all "
                f"is verified, at the latest {said(LONGEST_HOLD)} after the last write; from then on the client "
                f"does it on "
                "its link or in Business Center, with the steps. What other agencies were given is not touched.",
            ]
        )
        + "\n"
    )


def _words(message: Message) -> str:
    return words(message.fill(platform="TikTok"))


def _states() -> Iterator[tuple[str, ...]]:
    turns = _turns(reconciler_status)
    for status, actors in _turns(attested).items():
        turns.setdefault(status, set()).update(actors)
    for status, shown in status_texts.STATUSES.items():
        yield (
            f"`{status}`",
            f"**{words(shown.short)}.** {words(shown.sentence.fill(platform='TikTok'))}",
            " or ".join(sorted(turns[status])) or "nobody’s",
        )


def _turns(module: ModuleType) -> dict[str, set[str]]:
    """Whose turn each state makes it, as `Status(state, actor)` stands in the code."""
    found: dict[str, set[str]] = {}
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Status":
            actor = node.args[1] if len(node.args) > 1 else ast.Constant(None)
            for status in _constants(node.args[0]):
                by_code = status in ("blocked", "drifted")
                found.setdefault(status, set()).update({_BY_CODE} if by_code else _constants(actor))
    return found


def _constants(node: ast.expr) -> set[str]:
    """The texts that stand in an expression as they are."""
    every = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return every & {*status_texts.STATUSES, "client", "agency", "us", "platform"}


def _blockers() -> Iterator[tuple[str, ...]]:
    for code, about in blockers.BLOCKERS.items():
        case = status_texts.Case(kinds.KINDS[about.kinds[0]]) if about.kinds else status_texts.Case()
        found = status_texts.of_code(code, case)
        button = f" *{words(found.label.fill(platform='TikTok'))}*" if found.label else ""
        yield (
            f"`{code}`",
            f"{words(found.sentence.fill(platform='TikTok'))}{button}",
            next_steps.hint("blocked", code) or "",
            about.next_actor,
        )


def _tiktok() -> Iterator[tuple[str, ...]]:
    for kind in kinds.KINDS.values():
        for role in kind.roles:
            label = kinds.ROLES[kind.key][role].label
            yield f"`{kind.key}`", f"`{role}`", words(label), "by API or by hand" if kind.by_api else "by hand"


def _written() -> Iterator[tuple[str, ...]]:
    for key, platform in library.every().items():
        for thing in platform.file.things:
            for role in thing.roles:
                yield f"`{key}` {platform.name}", words(thing.one), f"`{role.key}`", words(role.label), _dated(platform)


def _dated(platform: ManualPlatform) -> str:
    return "your own" if platform.own_words else platform.guided_dated.of(SOURCE).isoformat()


def _looks() -> str:
    pauses = [pacing.next_look(looks) for looks in range(50)]
    growing = [pause for number, pause in enumerate(pauses) if number == 0 or pause != pauses[-1]]
    limited = sorted({pacing.after_limit(setbacks) for setbacks in range(1, 10)})
    return (
        f"After each look without news the next one is later: {listed(growing)}, then every {said(pauses[-1])}. "
        "News and “check again” restart the series. When nothing is left to do, the access is watched: one "
        f"look about every {said(AccessContext.watch)}, by your agency's own token. Where TikTok says “too often”, the "
        f"pauses are {listed(limited)}, and the first success resets them."
    )


def _budget() -> str:
    fields = Settings.model_fields
    pauses = listed(map(_ms, rate_limit_policy.PAUSES))
    shares = [
        (
            str(place),
            about,
            f"{rate_limit_policy.QUARTERS[priority] * 25} %",
            said(_ms(rate_limit_policy.PATIENCE[priority])),
        )
        for place, (priority, about) in enumerate(_PRIORITIES.items(), 1)
    ]
    return (
        f"All processes share one budget for each TikTok app: `TIKTOK_QPS` calls a second "
        f"({fields['tiktok_qps'].default} unless set) and `TIKTOK_QPM` a minute ({fields['tiktok_qpm'].default}). "
        "More urgent calls go first, and a part of the budget is reserved for them.\n\n"
        + table(("order", "whose call", "may use of the budget", "waits at most"), shares)
        + f"\n\nWhen TikTok answers 40100 the budget is halved, everybody pauses ({pauses}), "
        "and it recovers by one call for every ten seconds that go well. "
        "`GET /api/v1/links/{id}/platform-calls` and `keyturn links count-platform-calls` count what one onboarding "
        "cost."
    )


def _ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)
