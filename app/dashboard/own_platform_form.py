"""The form of an own platform: between its fields, where steps are added and moved, and the platform of the API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.dashboard.preset_form import TOO_LONG, lines, order, row_number
from app.kit import clock
from app.kit.errors import InvalidInput
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.links.own_platforms.models import PICTURES, OwnPlatform
from app.links.own_platforms.schemas import MOST_LINES, MOST_STEPS
from app.platforms.manual import own
from app.platforms.manual.library import ManualPlatform

Texts = Mapping[str, str]
#: Texts in one line, and those with one item in each line, by the most characters of each.
_SINGLE = {"access": 120, "role": 120, "money": 500, "label": 120, "done": 120}
_SEVERAL = {"can": MOST_LINES * 200, "cannot": MOST_LINES * 200, "removal": MOST_STEPS * 500}
_PROBLEMS: Mapping[str, Message] = {
    "name": _("Enter a name of at most 120 characters."),
    "key": _("Use own_ and 1 to 28 lower-case letters, digits and underscores."),
    "steps": _("Write 1 to 20 steps."),
    "can": _("Say in 1 to 10 lines what you can do with it, in at most 200 characters each."),
    "cannot": _("Say in 1 to 10 lines what you cannot do, in at most 200 characters each."),
    "value": _("Enter it, name it, and tick the step that shows it. Or leave all three empty."),
    "alt": _("Say in words what the picture shows, for people who cannot see it."),
    "file": _("There is no such picture any more. Choose it again."),
}


@dataclass(frozen=True)
class StepRow:
    """One step; texts are by language. `picture`: the hash of a stored one."""

    text: Texts = field(default_factory=dict)
    alt: Texts = field(default_factory=dict)
    picture: str = ""
    shows_entered: bool = False


@dataclass(frozen=True)
class OwnPlatformDraft:
    """An own platform as it is in the form; texts are by field and language. `version`: the one that was opened."""

    name: str = ""
    key: str = ""
    version: int = 0
    texts: Mapping[str, Texts] = field(default_factory=lambda: {key: {} for key in (*_SINGLE, *_SEVERAL)})
    value: str = ""
    before_you_confirm: str = ""
    steps: Sequence[StepRow] = (StepRow(),)
    problems: Mapping[str, Message] = field(default_factory=dict)


def of_row(row: OwnPlatform) -> OwnPlatformDraft:
    """The form of an own platform that exists."""
    known, entered = row.definition, row.definition["enter"]
    single = {name: known[name] or {} for name in _SINGLE if name in known}
    several = {name: _joined(known[name], known["language"]) for name in _SEVERAL}
    return OwnPlatformDraft(
        name=known["name"], key=row.key, version=row.version,
        texts={**single, **several, "label": entered["label"] if entered else {}},
        value=entered["value"] if entered else "", before_you_confirm="\n".join(known["before_you_confirm"]),
        steps=[
            StepRow(
                each["text"], each["picture"]["alt"] if each["picture"] else {},
                each["picture"]["sha256"] if each["picture"] else "", each["shows_entered"],
            )
            for each in known["steps"]
        ],
    )  # fmt: skip


def typed(form: Form, languages: Sequence[str]) -> OwnPlatformDraft:
    """The form as it was sent. Text that cannot be stored is in its problems."""
    draft = OwnPlatformDraft(
        name=form.line("name", most=120), key=form.line("key", most=32),
        version=form.version(),
        texts={
            name: {tag: read(f"{name}-{tag}", most=most) for tag in languages}
            for read, limits in ((form.line, _SINGLE), (form.text, _SEVERAL))
            for name, most in limits.items()
        },
        value=form.line("value"), before_you_confirm=form.text("before_you_confirm", most=MOST_LINES * 500),
        steps=[
            StepRow(
                {tag: form.line(f"text-{at}-{tag}", most=500) for tag in languages},
                {tag: form.line(f"alt-{at}-{tag}") for tag in languages},
                form.line(f"picture-{at}", most=64), form.ticked(f"shows-{at}"),
            )
            for at in form.names("picture-")
        ],
    )  # fmt: skip
    return replace(draft, problems=form.problems)


def after(draft: OwnPlatformDraft, act: str) -> OwnPlatformDraft:
    """The form after one of its buttons that save nothing: `add`, `remove-2`, `up-1`, `clear-0` (its picture)."""
    verb, _dash, at = act.partition("-")
    number = row_number(at)
    steps = list(draft.steps)
    if verb == "add":
        steps.append(StepRow())
    elif verb == "clear" and 0 <= number < len(steps):
        steps[number] = replace(steps[number], picture="", alt={})
    else:
        steps = [steps[each] for each in order(len(steps), verb, number)]
    return replace(draft, steps=steps, problems={})


def fields(draft: OwnPlatformDraft) -> dict[str, Any]:
    """The fields of the API's own platform."""
    texts = {name: _written(draft.texts[name]) for name in (*_SINGLE, *_SEVERAL)}
    entered = {"label": texts["label"], "value": draft.value}
    return {
        "name": draft.name, "access": texts["access"], "role": texts["role"], "money": texts["money"] or None,
        "done": texts["done"] or None, **{name: _split(texts[name]) for name in _SEVERAL},
        "enter": entered if draft.value or texts["label"] else None,
        "steps": [
            {
                "text": _written(each.text), "shows_entered": each.shows_entered,
                "picture": {"sha256": each.picture, "alt": _written(each.alt)} if each.picture else None,
            }
            for each in draft.steps
        ],
        "before_you_confirm": lines(draft.before_you_confirm),
    }  # fmt: skip


def in_memory(
    draft: OwnPlatformDraft, language: str, agency_id: str, sizes: Mapping[str, Mapping[str, int]]
) -> ManualPlatform:
    """The platform as far as it can be shown: steps without a text are left out. `sizes`: of the stored pictures."""
    known = fields(draft)
    steps = [
        {**each, "picture": each["picture"] and {**each["picture"], **sizes[each["picture"]["sha256"]]}}
        for each in known["steps"]
        if each["text"] and (each["picture"] is None or each["picture"]["sha256"] in sizes)
    ]
    definition = {**known, "language": language, "steps": steps}
    return own.read(own.PREFIX, 1, definition, written=clock.now().date(), pictures=f"{PICTURES}/{agency_id}")


def problems_of(refused: InvalidInput, language: str) -> dict[str, Message]:
    """A sentence for each field of the form. `language`: the agency's."""
    found: dict[str, Message] = {}
    for name in refused.fields:
        at = _field_of(name, language)
        found.setdefault(at, _PROBLEMS.get(at.partition("-")[0], TOO_LONG))
    return found


def _field_of(name: str, language: str) -> str:
    first, *rest = name.split(".")
    if first == "steps" and rest:
        at, *inner = rest
        tag = inner[-1] if inner and inner[-1] not in ("text", "picture", "alt", "sha256") else language
        if "picture" in inner:
            return f"alt-{at}-{tag}" if "alt" in inner else f"file-{at}"
        return f"text-{at}-{tag}"
    if first == "enter":
        return f"label-{rest[1]}" if len(rest) > 1 and rest[0] == "label" else "value"
    if first in _SEVERAL:
        return f"{first}-{rest[1] if len(rest) > 1 else language}"
    if first in _SINGLE:
        return f"{first}-{rest[0] if rest else language}"
    return first


def _written(texts: Texts) -> dict[str, str]:
    return {tag: text for tag, text in texts.items() if text}


def _joined(items: Sequence[Texts], language: str) -> dict[str, str]:
    """Items by language, one in each line; where a language lacks one, it is in the platform's `language`."""
    tags = dict.fromkeys(tag for each in items for tag in each)
    return {tag: "\n".join(each.get(tag, each[language]) for each in items) for tag in tags}


def _split(texts: Texts) -> list[dict[str, str]]:
    """The items of lines by language."""
    by_language = {tag: lines(text) for tag, text in texts.items()}
    most = max(map(len, by_language.values()), default=0)
    return [dict(_line(by_language, at)) for at in range(most)]


def _line(by_language: Mapping[str, Sequence[str]], at: int) -> Iterator[tuple[str, str]]:
    for tag, several in by_language.items():
        if at < len(several):
            yield tag, several[at]
