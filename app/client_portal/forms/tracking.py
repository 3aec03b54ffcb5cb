"""Pixels with their ad accounts, and catalogs: selected from lists or typed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.access.connections.selectable_assets import Choice
from app.links import pasted_ids
from app.links.aggregate import SelectedAsset
from app.links.pasted_ids import NOTHING, PastedIds

#: The field of a pixel's ad account is called `on-` and the pixel's code.
ON = "on-"
PER_LINK = 20


@dataclass(frozen=True)
class TrackingForm:
    """Accepted values; `problems` are sentences by field."""

    chosen: tuple[SelectedAsset, ...]
    problems: Mapping[str, str]


def pixels(given: Sequence[str], seen: Sequence[Choice]) -> PastedIds:
    """The codes ticked among `seen`, else typed."""
    if not seen:
        return pasted_ids.pixels("\n".join(given))
    can = {choice.id for choice in seen if choice.can}
    return PastedIds(tuple(dict.fromkeys(code for code in given if code in can)))


def placed(
    codes: Sequence[str], on: Mapping[str, str], accounts: Collection[str], names: Mapping[str, str]
) -> TrackingForm:
    """Each pixel with the ad account it is to be used in: the one there is, or the one picked."""
    if len(codes) > PER_LINK:
        return TrackingForm((), {"pixels": f"Choose at most {PER_LINK} pixels here."})
    chosen: list[SelectedAsset] = []
    problems: dict[str, str] = {}
    only = next(iter(accounts)) if len(accounts) == 1 else None
    for code in codes:
        account = only or on.get(code, "")
        if account in accounts:
            chosen.append(SelectedAsset(code, names.get(code), account))
        else:
            problems[f"{ON}{code}"] = f"Choose the ad account in which {names.get(code) or code} is to be used."
    return TrackingForm(tuple(chosen), problems)


def catalogs(text: str, *, taken: Mapping[str, str] = NOTHING) -> PastedIds:
    """Catalog ids from a list or pasted addresses; none is fine."""
    return pasted_ids.catalogs(text, taken=taken)
