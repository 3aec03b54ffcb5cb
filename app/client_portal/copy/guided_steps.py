"""Guided steps of a platform for one link, and help articles for what stands in the way. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.kit.i18n.message import Message, Value
from app.platforms.port import GuidedStep, HelpArticle

#: Help articles of a platform by code.
Help = Callable[[str], Sequence[HelpArticle]]


@dataclass(frozen=True)
class StepLine:
    """One numbered step. `asks_for_id`: the agency's Business Center ID is pasted here."""

    text: Message
    where: Message | None
    variants: tuple[Message, ...]
    help_url: str
    help_search: Message | None
    asks_for_id: bool


@dataclass(frozen=True)
class Guidance:
    """The steps for one kind of asset."""

    title: Message
    steps: tuple[StepLine, ...]


def steps(
    written: Sequence[GuidedStep],
    *,
    agency: str,
    role: Message,
    assets: Iterable[str] = (),
    through: Iterable[str] = (),
) -> list[StepLine]:
    """The steps with names and role in their places. `through`: the ad accounts of pixels."""
    values: dict[str, Value] = {
        "agency": agency, "role": role, "asset": tuple(dict.fromkeys(assets)), "through": tuple(dict.fromkeys(through)),
    }  # fmt: skip
    return [
        StepLine(
            text=step.text.fill(**values),
            where=step.where.fill(**values) if step.where else None,
            variants=tuple(variant.fill(**values) for variant in step.variants),
            help_url=step.help_url,
            help_search=step.help_search,
            asks_for_id=step.copies is not None,
        )
        for step in written
    ]


def help_of_codes(help_articles: Help, codes: Iterable[str | None]) -> list[HelpArticle]:
    """Articles for several codes, each once."""
    return list(dict.fromkeys(article for code in codes if code for article in help_articles(code)))
