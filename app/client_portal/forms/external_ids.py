"""Reading the client's own ids on manual platforms: each may be left out, none may stand for two things. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.client_portal.copy.manual_platforms import ManualRequest
from app.platforms.manual.library import read_id


@dataclass(frozen=True)
class Numbers:
    """Accepted ids by access request, and problems as sentences by field name."""

    values: Mapping[str, str | None] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def field_of(asked: ManualRequest) -> str:
    """The name of an access request's field."""
    return f"id-{asked.id}"


def read(every: Iterable[ManualRequest], typed: Mapping[str, str], *, taken: Mapping[str, str]) -> Numbers:
    """Every id of the screen; `taken` names what an id stands for already."""
    values: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    taken = dict(taken)
    for asked in every:
        about, text = asked.platform.thing(asked.role).id, typed.get(field_of(asked), "").strip()
        values[asked.id] = None
        if about is None or not text:
            continue
        value = read_id(about, text)
        if value is None:
            problems[field_of(asked)] = (
                f"{about.label}: {about.looks}, such as {about.example}. You can also leave this empty."
            )
        elif value in taken:
            problems[field_of(asked)] = f"You gave this already, for {taken[value]}. Check which of the two it is."
        else:
            values[asked.id] = taken[value] = value
            taken[value] = f"your {asked.full_name}"
    return Numbers(values, problems)
