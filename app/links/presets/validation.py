"""Validation of presets against the platforms: one sentence for each problem. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.links.presets.preset import SCREENS, Preset, PresetAccessRequest, Question
from app.platforms import declarations
from app.platforms.manual.library import CUSTOM
from app.platforms.port import AssetKind, Platform

MOST_ACCESS_REQUESTS = MOST_QUESTIONS = 20
MOST_CHOICES = 20
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")

#: No slug of a new preset: fixed parts of the addresses of presets, in the API and in the dashboard.
RESERVED = frozenset({"file", "new"})

Problems = dict[str, str]


def problems(preset: Preset, platforms: Mapping[str, Platform]) -> Problems:
    """Problems by field, such as `access_requests.0.role`; `{}` if the preset is valid."""
    found = dict(_of_slug(preset.slug))
    if not preset.access_requests:
        found["access_requests"] = "Request at least one access."
    elif len(preset.access_requests) > MOST_ACCESS_REQUESTS:
        found["access_requests"] = (
            f"Request at most {MOST_ACCESS_REQUESTS} accesses; these are {len(preset.access_requests)}."
        )
    for at, access_request in enumerate(preset.access_requests[:MOST_ACCESS_REQUESTS]):
        found |= {
            f"access_requests.{at}.{field}": said
            for field, said in of_access_request(access_request, platforms, beside=preset.access_requests).items()
        }
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
    """Problems of a file whose types are not checked yet; a value of a wrong type counts as empty."""
    screens = given.get("screens")
    return problems(
        Preset(
            slug=str(given.get("slug", "")),
            version=1,
            name="",
            sentence="",
            access_requests=tuple(
                official(_access_request_of(row), platforms) for row in _rows(given, "access_requests")
            ),
            questions=tuple(_question_of(row) for row in _rows(given, "questions")),
            screens=_texts(screens) if isinstance(screens, list) else SCREENS,
        ),
        platforms,
    )


def _rows(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = given.get(name)
    return [row if isinstance(row, Mapping) else {} for row in rows] if isinstance(rows, list) else []


def _access_request_of(row: Mapping[str, Any]) -> PresetAccessRequest:
    platform, kind, role = (str(row.get(name, "")) for name in ("platform", "kind", "role"))
    return PresetAccessRequest(
        platform or declarations.DEFAULT_PLATFORM, kind, role, str(row.get("reason", "")),
        needs_events=row.get("needs_events") is True,
        title=str(row.get("title", "")) or None, steps=_texts(row.get("steps")),
    )  # fmt: skip


def _question_of(row: Mapping[str, Any]) -> Question:
    key, kind, label = (str(row.get(name, "")) for name in ("key", "kind", "label"))
    return Question(key, kind or "text", label, choices=_texts(row.get("choices")))


def _texts(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, list) else ()


def of_access_request(
    access_request: PresetAccessRequest,
    platforms: Mapping[str, Platform],
    *,
    beside: Sequence[PresetAccessRequest],
    to_choose: Sequence[PresetAccessRequest] | None = None,
) -> Problems:
    """Problems of one access request by field.

    `beside`: all access requests of the same preset or link; `to_choose`: those whose assets the client has still to
    choose, by default all.
    """
    platform = platforms.get(access_request.platform)
    if platform is None:
        return {"platform": f"There is no platform “{access_request.platform}”; there is {_listed(platforms)}."}
    kind = platform.kinds.get(access_request.kind)
    if not access_request.kind:
        return {"kind": kind_needed(access_request.platform)}
    if kind is None:
        return {"kind": f"{platform.name} has no kind “{access_request.kind}”; it has {_listed(platform.kinds)}."}
    found: Problems = {}
    if kind.is_person:
        found["kind"] = "People are requested by their e-mail address: POST /api/v1/links/{id}/people."
    if access_request.role not in kind.roles:
        found["role"] = f"{_a(kind.one)} has no role “{access_request.role}”; it has {_listed(kind.roles)}."
    elif (
        platform.connects
        and kind.choice is not None
        and (other := _other_role(access_request, beside if to_choose is None else to_choose))
    ):
        found["role"] = (
            f"The client chooses {kind.many} once, for one role, and {other} is requested already: use that role here, "
            "or change it for one asset after the client has agreed."
        )
    if kind.through and not any(
        (each.platform, each.kind) == (access_request.platform, kind.through) for each in beside
    ):
        through = platform.kinds[kind.through]
        found["kind"] = f"{_a(kind.one)} needs {_a(through.one, 'a')}: request `{through.key}` as well."
    if access_request.needs_events and not kind.has_events:
        found["needs_events"] = "Only a pixel receives events."
    return found | _of_own_words(access_request, platform)


def _other_role(access_request: PresetAccessRequest, beside: Sequence[PresetAccessRequest]) -> str | None:
    """Another role that is requested for assets of the same kind."""
    return next(
        (
            each.role
            for each in beside
            if (each.platform, each.kind) == (access_request.platform, access_request.kind)
            and each.role != access_request.role
        ),
        None,
    )


def kind_needed(platform: str) -> str:
    """The sentence about a missing kind, with those that the platform has."""
    declared = declarations.every().get(platform)
    kinds = [key for key, kind in declared.kinds.items() if not kind.is_person] if declared else [CUSTOM]
    return f"This is needed: {_listed(kinds)}." if len(kinds) == 1 else f"This is needed: one of {_listed(kinds)}."


def _a(noun: str, article: str = "A") -> str:
    """The noun with its indefinite article, capitalised as the one given."""
    return f"{article}n {noun}" if noun[:1].lower() in "aeio" else f"{article} {noun}"


def _of_own_words(access_request: PresetAccessRequest, platform: Platform) -> Problems:
    """Problems of the agency's own steps: it writes them only for platforms without steps of Keyturn's own."""
    if not getattr(platform, "own_words", False):
        said = "title" if access_request.title else "steps" if access_request.steps else None
        return {said: f"{platform.name} has its own; only platform `other` takes yours."} if said else {}
    found: Problems = {}
    if not access_request.title:
        found["title"] = "Give the name of the access, such as “Booking tool, reports only”."
    if not access_request.steps:
        found["steps"] = "Write at least one step for the client."
    return found


def official(access_request: PresetAccessRequest, platforms: Mapping[str, Platform]) -> PresetAccessRequest:
    """The access request with its role by the platform's own name."""
    platform = platforms.get(access_request.platform)
    kind = platform.kinds.get(access_request.kind) if platform else None
    return replace(access_request, role=kind.official(access_request.role)) if kind else access_request


def is_wider(kind: AssetKind, role: str, than: str) -> bool:
    """True if a role of a kind allows more than another; roles are ordered from the least to the highest."""
    return kind.roles.index(role) > kind.roles.index(than)


def _of_slug(slug: str) -> Iterator[tuple[str, str]]:
    if not _SLUG.fullmatch(slug):
        yield "slug", "Use 1 to 64 lower-case letters, digits and hyphens."


def _of_screens(preset: Preset) -> Iterator[tuple[str, str]]:
    unknown = [screen for screen in preset.screens if screen not in SCREENS]
    if unknown:
        yield "screens", f"There is no screen “{unknown[0]}”; there is {_listed(SCREENS)}."
    elif "pixels" not in preset.screens and any(
        declarations.find(each.platform, each.kind).through for each in preset.access_requests
    ):
        yield "screens", "This preset requests a pixel, and the client has to select it: add the screen `pixels`."


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
