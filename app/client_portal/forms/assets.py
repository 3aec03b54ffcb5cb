"""Forms of assets: selected from the platform's list, or typed; and ids on manual platforms. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.access.connections.selectable_assets import Choice
from app.client_portal.copy.manual_platforms import ManualRequest
from app.links import pasted_ids
from app.links.pasted_ids import MAX_ASSETS, NOTHING, ParsedField, SelectedAsset
from app.platforms.manual.library import read_id

#: Prefix of the field with a pixel's ad account; the pixel's code follows.
PIXEL_ON = "on-"
MOST_PIXELS = 20


@dataclass(frozen=True)
class TrackingForm:
    """Accepted values; `problems` are sentences by field."""

    chosen: tuple[SelectedAsset, ...]
    problems: Mapping[str, str]


def picked_pixels(given: Sequence[str], seen: Sequence[Choice]) -> ParsedField:
    """The codes ticked among `seen`, else typed."""
    if not seen:
        return pasted_ids.pixels("\n".join(given))
    can = {choice.id for choice in seen if choice.can}
    return ParsedField(tuple(dict.fromkeys(code for code in given if code in can)))


def place_pixels(
    codes: Sequence[str], on: Mapping[str, str], accounts: Collection[str], names: Mapping[str, str]
) -> TrackingForm:
    """Each pixel with its ad account: the only one, or the one picked."""
    if len(codes) > MOST_PIXELS:
        return TrackingForm((), {"pixels": f"Choose at most {MOST_PIXELS} pixels here."})
    chosen: list[SelectedAsset] = []
    problems: dict[str, str] = {}
    only = next(iter(accounts)) if len(accounts) == 1 else None
    for code in codes:
        account = only or on.get(code, "")
        if account in accounts:
            chosen.append(SelectedAsset(code, names.get(code), account))
        else:
            problems[f"{PIXEL_ON}{code}"] = f"Choose the ad account in which {names.get(code) or code} is to be used."
    return TrackingForm(tuple(chosen), problems)


def catalogs(text: str, *, taken: Mapping[str, str] = NOTHING) -> ParsedField:
    """Catalog ids from a list or pasted addresses; there may be none."""
    return pasted_ids.catalogs(text, taken=taken)


def picked_center(given: str, seen: Sequence[Choice]) -> ParsedField:
    """The Business Center picked, if it can be chosen."""
    if given in {choice.id for choice in seen if choice.can}:
        return ParsedField((given,))
    return ParsedField(problem="Choose the Business Center your ad accounts are in.")


def picked_accounts(
    given: Sequence[str], seen: Sequence[Choice], *, agreed: Collection[str | None], taken: Mapping[str, str] = NOTHING
) -> ParsedField:
    """The ad accounts ticked among `seen`, else typed; there may be none once some are agreed."""
    if not any(text.strip() for text in given) and agreed:
        return ParsedField()
    if not seen:
        return pasted_ids.ad_accounts("\n".join(given), taken=taken)
    can = {choice.id for choice in seen if choice.can}
    ticked = tuple(dict.fromkeys(asset_id for asset_id in given if asset_id in can))
    if not ticked:
        return ParsedField(problem="Tick at least one ad account.")
    if len(ticked) > MAX_ASSETS:
        return ParsedField(ticked, problem=f"Tick at most {MAX_ASSETS} ad accounts here.")
    return ParsedField(ticked)


@dataclass(frozen=True)
class ManualIds:
    """Accepted ids by access request, and problems as sentences by field name."""

    values: Mapping[str, str | None] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def manual_id_field(asked: ManualRequest) -> str:
    """The name of an access request's field."""
    return f"id-{asked.id}"


def read_manual_ids(every: Iterable[ManualRequest], typed: Mapping[str, str], *, taken: Mapping[str, str]) -> ManualIds:
    """Read every id of the screen. `taken`: ids that were given before, and for what."""
    values: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    taken = dict(taken)
    for asked in every:
        about, text = asked.platform.thing(asked.role).id, typed.get(manual_id_field(asked), "").strip()
        values[asked.id] = None
        if about is None or not text:
            continue
        value = read_id(about, text)
        if value is None:
            problems[manual_id_field(asked)] = (
                f"{about.label}: {about.looks}, such as {about.example}. You can also leave this empty."
            )
        elif value in taken:
            problems[manual_id_field(asked)] = (
                f"You gave this already, for {taken[value]}. Check which of the two it is."
            )
        else:
            values[asked.id] = taken[value] = value
            taken[value] = f"your {asked.full_name}"
    return ManualIds(values, problems)
