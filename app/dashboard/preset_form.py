"""The form of a preset: between its fields, where rows are added, moved and removed, and the presets of the API."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.kit.errors import InvalidInput
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, Text, _
from app.links import url
from app.links.presets import preset
from app.links.presets.preset import SCREENS, Preset, PresetAccessRequest
from app.platforms import declarations
from app.platforms.manual import library
from app.platforms.manual.library import CUSTOM
from app.platforms.registry import Platforms

_NOT_WORD = re.compile(r"[^a-z0-9]+")
#: Most characters of a key of an answer.
_KEY_LENGTH = 40

TOO_LONG = _("This is empty or too long, or asks for a password. Clients are never asked for one.")
PROBLEMS: Mapping[str, Message] = {
    "slug": _("Use 1 to 64 lower-case letters, digits and hyphens."),
    "name": _("Enter a name of at most 120 characters."),
    "sentence": _("Say in one or two sentences what the preset is for."),
    "access_requests": _("Request at least one access, and at most 20."),
    "questions": _("Ask at most 20 questions."),
    "screens": _("Choose screens from the list."),
    "platform": _("Choose the access and its role."),
    "role": _("Clients choose assets of one kind once, for one role: choose the same role in each line of that kind."),
    "kind": _("This access needs another one: a pixel needs its ad account. Add it too."),
    "needs_events": _("Only a pixel receives events."),
    "reason": _("Say why you need it, in at most 500 characters. The client reads it."),
    "title": _("Name the access, such as “Booking tool, reports only”."),
    "steps": _("Write 1 to 20 steps, one in each line."),
    "label": _("Write the question, in at most 200 characters."),
    "key": _("Use 1 to 40 lower-case letters, digits and underscores, a letter first, and each key once."),
    "choices": _("Give 2 to 20 different choices, one in each line."),
}
#: Problems of one more access of a link, by field.
_OF_ACCESS: Mapping[str, Message] = {
    "role": _("The client chooses assets of this kind once, for one role. Choose the role that this link asks for."),
    "kind": PROBLEMS["kind"],
    "account": _(
        "Your agency’s own account or ID on this platform is not known yet, so the client would not know with whom to "
        "share. Add it first."
    ),
}
_BESIDE = _("This access cannot be asked for beside the others of this link.")
#: Field of the form for a field of an access request.
_FIELDS = {"kind": "what", "role": "what", "platform": "what"}
#: Digits of a row's number in the name of a button.
_LONGEST_NUMBER = 3
ANSWERS: Sequence[tuple[str, Message]] = (
    ("text", _("Text")), ("choice", _("One of several choices")), ("address", _("Address of a website")),
    ("file", _("Files")),
)  # fmt: skip
SCREEN_NAMES: Sequence[tuple[str, Message]] = tuple(
    zip(SCREENS, (_("Pixels"), _("Countries to advertise in"), _("Contacts of the client")), strict=True)
)


@dataclass(frozen=True)
class PresetAccess:
    """One access to request. `what`: platform, kind and role; `title` and `steps` are of the agency's own."""

    what: str = ""
    reason: str = ""
    required: bool = True
    needs_events: bool = False
    title: str = ""
    steps: str = ""

    @property
    def own_words(self) -> bool:
        """True for an access of which the agency writes the title and the steps."""
        return self.what in OWN


@dataclass(frozen=True)
class QuestionRow:
    """One question; `choices` has one in each line."""

    label: str = ""
    kind: str = "text"
    hint: str = ""
    required: bool = True
    choices: str = ""
    key: str = ""


@dataclass(frozen=True)
class PresetDraft:
    """A preset as it is in the form. `version`: the one that was opened; 0 for a new preset.

    `built_in`: one of Keyturn's own, which is only shown.
    """

    name: str = ""
    sentence: str = ""
    slug: str = ""
    version: int = 0
    built_in: bool = False
    screens: Sequence[str] = SCREENS
    access_requests: Sequence[PresetAccess] = ()
    questions: Sequence[QuestionRow] = ()
    problems: Mapping[str, Message] = field(default_factory=dict)


def _official(asked: PresetAccessRequest) -> str:
    """The access with its role by the platform's own name; Keyturn's own presets may use another."""
    return _what(asked.platform, asked.kind, declarations.find(asked.platform, asked.kind).official(asked.role))


def _what(platform: str, kind: str, role: str) -> str:
    return f"{platform}/{kind}/{role}"


#: Accesses of which the agency writes the title and the steps.
OWN = tuple(
    _what(each.key, CUSTOM, role)
    for each in library.every().values() if each.own_words
    for role in each.kinds[CUSTOM].roles
)  # fmt: skip


def choices(platforms: Platforms) -> list[tuple[str, list[tuple[str, Text]]]]:
    """Every access with a role that can be requested, by platform, in the words that clients read."""
    return [(each.name, list(_choices_of(each.key, platforms))) for each in platforms.values()]


def is_choice(what: str, platforms: Platforms) -> bool:
    """True for an access with a role that can be requested."""
    return any(what == each for _name, several in choices(platforms) for each, _words in several)


def _choices_of(key: str, platforms: Platforms) -> Iterator[tuple[str, Text]]:
    platform = platforms[key]
    for kind in platform.kinds.values():
        for role in () if kind.is_person else kind.roles:
            what = _what(key, kind.key, role)
            if what not in OWN:
                yield what, line(key, kind.key, role, platforms)


def line(key: str, kind: str, role: str, platforms: Platforms) -> Message:
    """An access with its role, as clients read it."""
    asset: Text = (
        declarations.find(key, kind).texts.title(2) if platforms.has_api(key) else platforms.manual(key).thing(role).one
    )
    return _("{asset}: {role}", asset=asset, role=platforms[key].role_words(kind, role).label)


def with_events(platforms: Platforms) -> frozenset[str]:
    """Accesses that can be required to receive events."""
    return frozenset(
        _what(each.key, kind.key, role)
        for each in platforms.values() for kind in each.kinds.values() if kind.has_events for role in kind.roles
    )  # fmt: skip


def of_preset(found: Preset) -> PresetDraft:
    """The form of a preset that exists."""
    return PresetDraft(
        name=found.name, sentence=found.sentence, slug=found.slug, version=found.version,
        built_in=found.built_in, screens=found.screens,
        access_requests=[
            PresetAccess(
                _official(each), each.reason, each.required, each.needs_events, each.title or "", "\n".join(each.steps)
            )
            for each in found.access_requests
        ],
        questions=[
            QuestionRow(each.label, each.kind, each.hint, each.required, "\n".join(each.choices), each.key)
            for each in found.questions
        ],
    )  # fmt: skip


def typed(form: Form) -> PresetDraft:
    """The form as it was sent. Text that cannot be stored is in its problems."""
    draft = PresetDraft(
        name=form.line("name", most=120), sentence=form.line("sentence", most=500), slug=form.line("slug", most=64),
        version=form.version(),
        screens=[each for each in SCREENS if each in form.texts("screens")],
        access_requests=[
            PresetAccess(
                form.line(f"what-{at}"), form.line(f"reason-{at}", most=500), form.ticked(f"required-{at}"),
                form.ticked(f"needs_events-{at}"), form.line(f"title-{at}", most=120),
                form.text(f"steps-{at}", most=20 * 500),
            )
            for at in form.names("what-")
        ],
        questions=[
            QuestionRow(
                form.line(f"label-{at}"), form.line(f"answer-{at}"), form.text(f"hint-{at}", most=500),
                form.ticked(f"must-{at}"), form.text(f"choices-{at}", most=20 * 120), form.line(f"key-{at}"),
            )
            for at in form.names("label-")
        ],
    )  # fmt: skip
    return replace(draft, problems=form.problems)


def after(draft: PresetDraft, act: str) -> PresetDraft:
    """The form after one of its buttons that save nothing: `add-access`, `remove-access-2`, `up-question-1`."""
    verb, _dash, rest = act.partition("-")
    noun, _dash, at = rest.partition("-")
    draft = replace(draft, problems={})
    if verb == "add":
        if noun == "question":
            return replace(draft, questions=[*draft.questions, QuestionRow()])
        row = PresetAccess(OWN[0]) if noun == "tool" else PresetAccess()
        return replace(draft, access_requests=[*draft.access_requests, row])
    number = row_number(at)
    if noun == "question":
        asked = draft.questions
        return replace(draft, questions=[asked[each] for each in order(len(asked), verb, number)])
    wanted = draft.access_requests
    return replace(draft, access_requests=[wanted[each] for each in order(len(wanted), verb, number)])


def row_number(text: str) -> int:
    """The number of a row in the name of a button; -1 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else -1


def order(count: int, verb: str, at: int) -> list[int]:
    """The numbers of the rows that stay, in their new order."""
    order = list(range(count))
    if verb in ("remove", "up") and at in order:
        order.remove(at)
        if verb == "up":
            order.insert(max(at - 1, 0), at)
    return order


def fields(draft: PresetDraft) -> dict[str, Any]:
    """The fields of the API's preset."""
    asked = [_access_request(row) for row in draft.access_requests]
    through = any(declarations.find(each["platform"], each["kind"]).through for each in asked)
    screens = {*draft.screens, *(("pixels",) if through else ())}
    return {
        "name": draft.name, "sentence": draft.sentence, "access_requests": asked,
        "screens": [each for each in SCREENS if each in screens], "questions": _questions(draft.questions),
    }  # fmt: skip


def _access_request(row: PresetAccess) -> dict[str, Any]:
    platform, _slash, rest = row.what.partition("/")
    kind, _slash, role = rest.partition("/")
    own: dict[str, Any] = {"title": row.title, "steps": lines(row.steps)} if row.own_words else {}
    return {
        "platform": platform, "kind": kind, "role": role, "reason": row.reason, "required": row.required,
        "needs_events": row.needs_events and declarations.find(platform, kind).has_events, **own,
    }  # fmt: skip


def _questions(rows: Sequence[QuestionRow]) -> list[dict[str, Any]]:
    """The questions, each with a key: its own, else one made of its label."""
    taken = {row.key for row in rows if row.key}
    made = []
    for row in rows:
        key = row.key or _free(_NOT_WORD.sub("_", url.slug(row.label, "question"))[:_KEY_LENGTH].strip("_"), taken)
        taken.add(key)
        made.append(
            {
                "key": key, "kind": row.kind or "text", "label": row.label, "hint": row.hint, "required": row.required,
                "choices": lines(row.choices) if row.kind == "choice" else [],
            }
        )  # fmt: skip
    return made


def _free(key: str, taken: set[str]) -> str:
    key = key if key[:1].isalpha() else f"q_{key}"[:_KEY_LENGTH]
    return next(
        each for number in range(1, 99) if (each := key if number == 1 else f"{key[:36]}_{number}") not in taken
    )


def lines(text: str) -> list[str]:
    """The lines of a text that are not empty, tidied."""
    return [each for each in (line.strip() for line in text.splitlines()) if each]


def in_memory(draft: PresetDraft, platforms: Platforms) -> Preset:
    """The preset as far as it can be shown: lines without an access or a question are left out."""
    body = fields(draft)
    known = {what for _name, several in choices(platforms) for what, _words in several} | set(OWN)
    body["access_requests"] = [
        each for each in body["access_requests"] if _what(each["platform"], each["kind"], each["role"]) in known
    ]
    body["questions"] = [each for each in body["questions"] if each["label"]]
    return preset.read_preset(draft.slug, draft.version, body)


def problems_of(refused: InvalidInput) -> dict[str, Message]:
    """A sentence for each field of the form."""
    found: dict[str, Message] = {}
    for name in sorted(refused.fields, key=lambda each: not each.endswith(".platform")):
        first, *rest = name.split(".")
        if not rest or not rest[0].isdigit():
            found.setdefault(first, PROBLEMS.get(first, TOO_LONG))
            continue
        at, inner = rest[0], rest[1] if len(rest) > 1 else "label"
        if first == "questions":
            place = {"kind": "answer", "required": "must"}.get(inner, inner)
        else:
            place = _FIELDS.get(inner, inner)
        found.setdefault(f"{place}-{at}", PROBLEMS.get(inner, TOO_LONG))
    return found


def problems_of_access(refused: InvalidInput) -> dict[str, Message]:
    """The sentence about an access that cannot be added to a link, by its field of the form."""
    return {"what": next((_OF_ACCESS[each] for each in refused.fields if each in _OF_ACCESS), _BESIDE)}
