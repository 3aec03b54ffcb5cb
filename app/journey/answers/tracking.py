"""Which pixels a client wants used in which ad account, and which catalogs: picked from lists or typed. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.access.connections.choices import Choice
from app.links import intake
from app.links.intake import NOTHING, Read
from app.links.progress import Chosen

#: The field of a pixel's ad account is called `on-` and the pixel's code.
ON = "on-"
PER_LINK = 20


@dataclass(frozen=True)
class Picked:
    """What was understood; `problems` are sentences by field."""

    chosen: tuple[Chosen, ...]
    problems: Mapping[str, str]


def pixels(given: Sequence[str], seen: Sequence[Choice]) -> Read:
    """The codes ticked among `seen`, else typed."""
    if not seen:
        return intake.pixels("\n".join(given))
    can = {choice.id for choice in seen if choice.can}
    return Read(tuple(dict.fromkeys(code for code in given if code in can)))


def placed(codes: Sequence[str], on: Mapping[str, str], accounts: Collection[str], names: Mapping[str, str]) -> Picked:
    """Each pixel with the ad account it is to be used in: the one there is, or the one picked."""
    if len(codes) > PER_LINK:
        return Picked((), {"pixels": f"Choose at most {PER_LINK} pixels here."})
    chosen: list[Chosen] = []
    problems: dict[str, str] = {}
    only = next(iter(accounts)) if len(accounts) == 1 else None
    for code in codes:
        account = only or on.get(code, "")
        if account in accounts:
            chosen.append(Chosen(code, names.get(code), account))
        else:
            problems[f"{ON}{code}"] = f"Choose the ad account in which {names.get(code) or code} is to be used."
    return Picked(tuple(chosen), problems)


def catalogs(text: str, *, taken: Mapping[str, str] = NOTHING) -> Read:
    """Catalog ids from a list or pasted addresses; none is fine."""
    return intake.catalogs(text, taken=taken)
