"""Forms of assets: selected from the platform's list, or typed; and ids on manual platforms. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.access.connections.selectable_assets import Choice
from app.client_portal.copy.manual_platforms import ManualRequest
from app.kit.i18n.message import Message, Problems, _, _n
from app.links import pasted_ids
from app.links.pasted_ids import MAX_ASSETS, NOTHING, ParsedField, SelectedAsset
from app.platforms.client_texts import AccountTexts, IdForm
from app.platforms.manual.library import read_id
from app.platforms.port import AssetKind

#: Prefix of the field with a pixel's ad account; the pixel's code follows.
PIXEL_ON = "on-"
MOST_PIXELS = 20


@dataclass(frozen=True)
class TrackingForm:
    """Accepted values, and problems by field."""

    chosen: tuple[SelectedAsset, ...]
    problems: Problems


def picked_optional(
    given: Sequence[str], seen: Sequence[Choice], ids: IdForm, *, taken: Mapping[str, Message] = NOTHING
) -> ParsedField:
    """The ids ticked among `seen`, else typed; there may be none."""
    if not seen:
        return pasted_ids.optional("\n".join(given), ids, taken=taken)
    can = {choice.id for choice in seen if choice.can}
    return ParsedField(tuple(dict.fromkeys(code for code in given if code in can)))


def place_pixels(
    codes: Sequence[str], on: Mapping[str, str], accounts: Collection[str], names: Mapping[str, str]
) -> TrackingForm:
    """Each pixel with its ad account: the only one, or the one picked."""
    if len(codes) > MOST_PIXELS:
        return TrackingForm(
            (), {"pixel": _n("Choose at most {count} pixel here.", "Choose at most {count} pixels here.", MOST_PIXELS)}
        )
    chosen: list[SelectedAsset] = []
    problems: dict[str, Message] = {}
    only = next(iter(accounts)) if len(accounts) == 1 else None
    for code in codes:
        account = only or on.get(code, "")
        if account in accounts:
            chosen.append(SelectedAsset(code, names.get(code), account))
        else:
            problems[f"{PIXEL_ON}{code}"] = _(
                "Choose the ad account in which {pixel} is to be used.", pixel=names.get(code) or code
            )
    return TrackingForm(tuple(chosen), problems)


def picked_account(given: str, seen: Sequence[Choice], texts: AccountTexts) -> ParsedField:
    """The client's account picked, if it can be chosen."""
    if given in {choice.id for choice in seen if choice.can}:
        return ParsedField((given,))
    return ParsedField(problem=texts.choose)


def picked_assets(
    given: Sequence[str],
    seen: Sequence[Choice],
    kind: AssetKind,
    *,
    agreed: Collection[str | None],
    taken: Mapping[str, Message] = NOTHING,
) -> ParsedField:
    """The assets ticked among `seen`, else typed; there may be none once some are agreed."""
    if not any(text.strip() for text in given) and agreed:
        return ParsedField()
    if not seen:
        return pasted_ids.assets("\n".join(given), kind.ids, taken=taken)
    can = {choice.id for choice in seen if choice.can}
    ticked = tuple(dict.fromkeys(asset_id for asset_id in given if asset_id in can))
    if not ticked:
        return ParsedField(problem=kind.texts.tick)
    if len(ticked) > MAX_ASSETS:
        return ParsedField(ticked, _n("Tick at most {count} here.", "Tick at most {count} here.", MAX_ASSETS))
    return ParsedField(ticked)


def given_for(asked: ManualRequest) -> Message:
    """The sentence for an id, `{number}`, that was given before for an access request of a manual platform."""
    return _("You gave {number} already, for {what}. Check which of the two it is.", what=asked.full_name)


@dataclass(frozen=True)
class ManualIds:
    """Accepted ids by access request, and problems by field."""

    values: Mapping[str, str | None] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)


def manual_id_field(asked: ManualRequest) -> str:
    """The name of an access request's field."""
    return f"id-{asked.id}"


def read_manual_ids(
    every: Iterable[ManualRequest], typed: Mapping[str, str], *, taken: Mapping[str, Message]
) -> ManualIds:
    """Read every id of the screen. `taken`: a sentence for each id that was given before."""
    values: dict[str, str | None] = {}
    problems: dict[str, Message] = {}
    taken = dict(taken)
    for asked in every:
        about, text = asked.platform.thing(asked.role).id, typed.get(manual_id_field(asked), "").strip()
        values[asked.id] = None
        if about is None or not text:
            continue
        value = read_id(about, text)
        if value is None:
            problems[manual_id_field(asked)] = _(
                "{label}: {looks}. Example: {example}. You can also leave this empty.",
                label=about.label,
                looks=about.looks,
                example=about.example,
            )
        elif value in taken:
            problems[manual_id_field(asked)] = taken[value].fill(number=value)
        else:
            values[asked.id] = value
            taken[value] = given_for(asked)
    return ManualIds(values, problems)
