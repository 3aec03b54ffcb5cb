"""Validation of presets against the platforms: one sentence for each problem. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.links.presets.preset import SCREENS, Preset, PresetAsk, Question
from app.platforms.port import AssetKind, Platform

MOST_ASKS = MOST_QUESTIONS = 20
MOST_CHOICES = 20
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")

Problems = dict[str, str]


def problems(preset: Preset, platforms: Mapping[str, Platform]) -> Problems:
    """Sentences by field, such as `asks.0.role`; `{}` when the preset can be used."""
    found = dict(_of_slug(preset.slug))
    if not preset.asks:
        found["asks"] = "Ask for at least one access."
    elif len(preset.asks) > MOST_ASKS:
        found["asks"] = f"Ask for at most {MOST_ASKS} accesses; these are {len(preset.asks)}."
    for at, ask in enumerate(preset.asks[:MOST_ASKS]):
        found |= {f"asks.{at}.{field}": said for field, said in of_ask(ask, platforms, beside=preset.asks).items()}
    found |= dict(_of_screens(preset))
    if len(preset.questions) > MOST_QUESTIONS:
        found["questions"] = f"Ask at most {MOST_QUESTIONS} questions; these are {len(preset.questions)}."
    counted = Counter(question.key for question in preset.questions)
    for at, question in enumerate(preset.questions[:MOST_QUESTIONS]):
        if counted[question.key] > 1:
            found[f"questions.{at}.key"] = "Two questions have this key; give each its own."
        found |= {f"questions.{at}.{field}": said for field, said in _of_question(question)}
    return found


def problems_of_file(given: Mapping[str, Any], platforms: Mapping[str, Platform]) -> Problems:
    """The same of a file whose types are not checked yet; a value of another type counts as empty."""
    screens = given.get("screens")
    return problems(
        Preset(
            slug=str(given.get("slug", "")),
            version=1,
            name="",
            sentence="",
            asks=tuple(official(_ask_of(row), platforms) for row in _rows(given, "asks")),
            questions=tuple(_question_of(row) for row in _rows(given, "questions")),
            screens=_texts(screens) if isinstance(screens, list) else SCREENS,
        ),
        platforms,
    )


def _rows(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = given.get(name)
    return [row if isinstance(row, Mapping) else {} for row in rows] if isinstance(rows, list) else []


def _ask_of(row: Mapping[str, Any]) -> PresetAsk:
    platform, kind, role = (str(row.get(name, "")) for name in ("platform", "kind", "role"))
    return PresetAsk(
        platform or "tiktok", kind, role, str(row.get("reason", "")), needs_events=row.get("needs_events") is True,
        title=str(row.get("title", "")) or None, steps=_texts(row.get("steps")),
    )  # fmt: skip


def _question_of(row: Mapping[str, Any]) -> Question:
    key, kind, label = (str(row.get(name, "")) for name in ("key", "kind", "label"))
    return Question(key, kind or "text", label, choices=_texts(row.get("choices")))


def _texts(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, list) else ()


def of_ask(ask: PresetAsk, platforms: Mapping[str, Platform], *, beside: Sequence[PresetAsk]) -> Problems:
    """What is wrong with one ask, by field; `beside` are all asks of the same preset or link."""
    platform = platforms.get(ask.platform)
    if platform is None:
        return {"platform": f"There is no platform “{ask.platform}”; there is {_listed(platforms)}."}
    kind = platform.kinds.get(ask.kind)
    if kind is None:
        return {"kind": f"{platform.name} has no kind “{ask.kind}”; it has {_listed(platform.kinds)}."}
    found: Problems = {}
    if asked_by_address(ask.kind):
        found["kind"] = "People are asked for by their address: POST /api/v1/links/{id}/people."
    if ask.role not in kind.roles:
        found["role"] = f"{_a(kind.one)} has no role “{ask.role}”; it has {_listed(kind.roles)}."
    if kind.through and not any((each.platform, each.kind) == (ask.platform, kind.through) for each in beside):
        through = platform.kinds[kind.through]
        found["kind"] = f"{_a(kind.one)} hangs on {_a(through.one, 'a')}: ask for `{through.key}` as well."
    if ask.needs_events and ask.kind != "pixel":
        found["needs_events"] = "Only a pixel receives events."
    return found | _of_own_words(ask, platform)


def _a(noun: str, article: str = "A") -> str:
    """The noun with its indefinite article, capitalised as the one given."""
    return f"{article}n {noun}" if noun[:1].lower() in "aeio" else f"{article} {noun}"


def _of_own_words(ask: PresetAsk, platform: Platform) -> Problems:
    """Where Keyturn has no steps for a platform, the agency writes its own; elsewhere ours count."""
    if not getattr(platform, "own_words", False):
        said = "title" if ask.title else "steps" if ask.steps else None
        return {said: f"{platform.name} has its own; only platform `other` takes yours."} if said else {}
    found: Problems = {}
    if not ask.title:
        found["title"] = "Say what the access is called, such as “Booking tool, reports only”."
    if not ask.steps:
        found["steps"] = "Write at least one step for the client."
    return found


def official(ask: PresetAsk, platforms: Mapping[str, Platform]) -> PresetAsk:
    """The same with its role by the platform's own name, where people call it by another."""
    platform = platforms.get(ask.platform)
    kind = platform.kinds.get(ask.kind) if platform else None
    return replace(ask, role=kind.official(ask.role)) if kind else ask


def asked_by_address(kind: str) -> bool:
    """True for a kind that is added to a link by an e-mail address, and never stands in a preset."""
    return kind == "person"


def is_wider(kind: AssetKind, role: str, than: str) -> bool:
    """True if a role of a kind lets do more than another; roles stand from the smallest to the largest."""
    return kind.roles.index(role) > kind.roles.index(than)


def _of_slug(slug: str) -> Iterator[tuple[str, str]]:
    if not _SLUG.fullmatch(slug):
        yield "slug", "Use 1 to 64 lower-case letters, digits and hyphens."


def _of_screens(preset: Preset) -> Iterator[tuple[str, str]]:
    unknown = [screen for screen in preset.screens if screen not in SCREENS]
    if unknown:
        yield "screens", f"There is no screen “{unknown[0]}”; there is {_listed(SCREENS)}."
    elif "pixels" not in preset.screens and any(ask.kind == "pixel" for ask in preset.asks):
        yield "screens", "This asks for a pixel, so the client has to be asked which: add the screen `pixels`."


def _of_question(question: Question) -> Iterator[tuple[str, str]]:
    if not _KEY.fullmatch(question.key):
        yield "key", "Use 1 to 40 lower-case letters, digits and underscores, a letter first."
    if question.kind == "choice" and not 2 <= len(question.choices) <= MOST_CHOICES:
        yield "choices", f"Give 2 to {MOST_CHOICES} choices."
    elif question.kind == "choice" and len(set(question.choices)) < len(question.choices):
        yield "choices", "Two of these choices read the same."
    elif question.kind != "choice" and question.choices:
        yield "choices", "Only a question of kind `choice` has choices."


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
