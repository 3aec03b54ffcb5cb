"""Guided steps for one link as they are shown, and help articles for what stands in the way. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.kit.i18n.message import Message, Text, Value
from app.platforms.port import DrawnScreen, GuidedStep, HelpArticle, StepPicture

#: Help articles of a platform by code.
Help = Callable[[str], Sequence[HelpArticle]]


@dataclass(frozen=True)
class StepAsset:
    """An asset that a step is about. `is_done`: it is shared already."""

    name: str
    number: str
    is_done: bool = False


@dataclass(frozen=True)
class StepLine:
    """One step. `label` and `value`: what is copied. `is_done`: the agency sees it as done."""

    acts: tuple[Text, ...]
    title: Message | None = None
    where: Message | None = None
    variants: tuple[Message, ...] = ()
    otherwise: tuple[tuple[Message, Message], ...] = ()
    help_url: str = ""
    help_search: Message | None = None
    opens: str = ""
    label: Message | None = None
    value: Text = ""
    assets: tuple[StepAsset, ...] = ()
    picture: StepPicture | None = None
    drawn: DrawnScreen | None = None
    is_done: bool = False


def filled(step: GuidedStep, values: Mapping[str, Value]) -> StepLine:
    """A step with its values in their places; it copies nothing and names no assets yet."""
    return StepLine(
        acts=tuple(act.fill(**values) for act in step.acts),
        title=step.title.fill(**values) if step.title else None,
        where=step.where.fill(**values) if step.where else None,
        variants=tuple(variant.fill(**values) for variant in step.variants),
        otherwise=tuple((seen.fill(**values), do.fill(**values)) for seen, do in step.otherwise),
        help_url=step.help_url,
        help_search=step.help_search,
        opens=step.opens,
        picture=step.picture,
        drawn=_drawn(step.drawn, values) if step.drawn else None,
    )


def _drawn(drawn: DrawnScreen, values: Mapping[str, Value]) -> DrawnScreen:
    labels = tuple(label.fill(**values) for label in drawn.labels)
    return DrawnScreen(drawn.shape, labels, drawn.alt.fill(**values))


def help_of_codes(help_articles: Help, codes: Iterable[str | None]) -> list[HelpArticle]:
    """Articles for several codes, each once."""
    return list(dict.fromkeys(article for code in codes if code for article in help_articles(code)))
