"""The client's steps in TikTok Business Center, and its help articles, from the files in `content/`. Pure."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from app.kit.i18n.content import ContentShape, Dated, Same, Words, read
from app.kit.i18n.message import ContentDate, Message
from app.platforms.drawings import DrawnTable
from app.platforms.port import GuidedStep, HelpArticle, HelpTopic

FOLDER = Path(__file__).parent / "content"
Name = Annotated[str, Same]


class OtherwiseTable(ContentShape):
    """Another thing that a client may see, and the way on from there."""

    seen: Words
    do: Words


class StepTable(ContentShape):
    """One step, as `GuidedStep` of the port."""

    title: Words
    acts: list[Words] = Field(min_length=1, max_length=3)
    where: Words
    variants: list[Words] = Field(default_factory=list)
    otherwise: list[OtherwiseTable] = Field(default_factory=list)
    help_url: Name
    help_search: Words
    opens: Name = ""
    copies: Name | None = None
    lists_assets: bool = False
    makes_partner: bool = False
    drawn: DrawnTable


class StepsFile(ContentShape):
    """Steps by name, and the names of those that share an asset of each kind, also with an agency that is a partner."""

    dated: Dated
    share: dict[str, list[Name]]
    share_as_partner: dict[str, list[Name]]
    steps: dict[str, StepTable]


class ArticleTable(ContentShape):
    """One article, as `HelpArticle` of the port."""

    question: Words
    before: Words | None = None
    points: list[Words] = Field(default_factory=list, max_length=6)
    steps: list[Words] = Field(default_factory=list, max_length=6)
    variants: list[Words] = Field(default_factory=list)
    search: Words
    help_url: Name = ""


class TopicTable(ContentShape):
    """A topic, with the names of its articles."""

    title: Words
    articles: list[Name] = Field(min_length=1)


class HelpFile(ContentShape):
    """Articles by name, the names of those for each topic and code, and the steps to end an agency's access."""

    dated: Dated
    take_back: list[Words]
    topics: list[TopicTable]
    by_code: dict[str, list[Name]]
    articles: dict[str, ArticleTable]


@cache
def steps_file() -> StepsFile:
    """The file of the steps. Raises InvalidContent, ValidationError."""
    return StepsFile.model_validate(read(FOLDER, "steps"))


@cache
def share(*, is_partner: bool = False) -> Mapping[str, tuple[GuidedStep, ...]]:
    """The steps to share an asset by hand, by kind. `is_partner`: the agency is a partner already."""
    file = steps_file()
    known = {name: guided_step(step) for name, step in file.steps.items()}
    lists = file.share | (file.share_as_partner if is_partner else {})
    return {kind: tuple(known[name] for name in names) for kind, names in lists.items()}


def guided_step(step: StepTable) -> GuidedStep:
    """A step as a value."""
    return GuidedStep(
        tuple(step.acts), step.title, where=step.where, variants=tuple(step.variants),
        otherwise=tuple((each.seen, each.do) for each in step.otherwise), help_url=step.help_url,
        help_search=step.help_search, opens=step.opens, copies=step.copies, lists_assets=step.lists_assets,
        makes_partner=step.makes_partner, drawn=step.drawn.drawn(),
    )  # fmt: skip


@cache
def help_by_code() -> Mapping[str, tuple[HelpArticle, ...]]:
    """The help articles by code."""
    known = _articles()
    return {code: tuple(known[name] for name in names) for code, names in help_file().by_code.items()}


@cache
def help_topics() -> tuple[HelpTopic, ...]:
    """The help articles by topic."""
    known = _articles()
    return tuple(HelpTopic(topic.title, tuple(map(known.__getitem__, topic.articles))) for topic in help_file().topics)


def _articles() -> Mapping[str, HelpArticle]:
    file = help_file()
    return {name: _article(article, file.dated) for name, article in file.articles.items()}


def _article(article: ArticleTable, dated: ContentDate) -> HelpArticle:
    return HelpArticle(
        article.question, tuple(article.steps), article.search, dated, before=article.before,
        points=tuple(article.points), variants=tuple(article.variants), help_url=article.help_url,
    )  # fmt: skip


def take_back() -> tuple[Message, ...]:
    """The steps to end all access of an agency."""
    return tuple(help_file().take_back)


@cache
def help_file() -> HelpFile:
    """The file of the help articles. Raises InvalidContent, ValidationError."""
    return HelpFile.model_validate(read(FOLDER, "help"))


def dates() -> tuple[ContentDate, ...]:
    """The days on which the files were last compared with TikTok's help."""
    return (steps_file().dated, help_file().dated)
