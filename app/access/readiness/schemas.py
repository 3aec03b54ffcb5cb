"""Readiness of a client in API responses."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from app.access.readiness import hints
from app.access.readiness.checks import Item, Source, State
from app.kit.input.fields import Time


class ReadinessItem(BaseModel):
    """One thing that should be in place before access is shared."""

    key: str = Field(examples=["currency"])
    title: str = Field(examples=["The ad account's currency fits the markets"])
    status: State = Field(
        description="`cannot_tell` where nobody told and nothing could be read: never a guess.", examples=["pass"]
    )
    source: Source | None = Field(
        description="How it is known: read at the `platform`, from the `intake`, or the `client`'s word.",
        examples=["platform"],
    )
    since: Time | None = Field(description="When it was read or told.")
    blocks: bool = Field(description="Nothing can be shared until it is done.")
    code: str | None = Field(description="Why it is to do.", examples=["unusual_currency"])
    seen: list[str] = Field(description="What was read or told.", examples=[["EUR"]])
    answer: str | None = Field(
        description="The client's word: `yes`, `no`, `own`, `plan` or `later`.", examples=["later"]
    )
    answered_by: str | None = Field(examples=["Ana Client"])
    answered_at: Time | None
    note: str | None = Field(description="Who pays, where the client told a plan.")
    hint: str | None = Field(description="What your agency can do; null where nothing is to be done.")

    @classmethod
    def of(cls, item: Item) -> "ReadinessItem":
        """From the line of the list."""
        verdict, said = item.verdict, item.said
        return cls(
            key=item.key, title=hints.TITLES[item.key], status=verdict.status, source=verdict.source,
            since=verdict.since, blocks=verdict.blocks, code=verdict.code, seen=list(verdict.seen),
            answer=said.answer if said else None, answered_by=said.by if said else None,
            answered_at=said.at if said else None, note=(said.note or None) if said else None, hint=hints.hint(item),
        )  # fmt: skip


class ReadinessView(BaseModel):
    """The checklist of one link as things stand now; it can be read before the link is sent, too."""

    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    blocked: bool = Field(description="Whether something keeps everything from being shared.")
    passed: int = Field(examples=[7])
    to_do: int = Field(examples=[2])
    cannot_tell: int = Field(examples=[3])
    items: list[ReadinessItem]

    @classmethod
    def of(cls, link_id: str, items: Sequence[Item]) -> "ReadinessView":
        """From the list."""
        statuses = [item.verdict.status for item in items]
        return cls(
            link_id=link_id, blocked=any(item.verdict.blocks for item in items), passed=statuses.count("pass"),
            to_do=statuses.count("to_do"), cannot_tell=statuses.count("cannot_tell"),
            items=[ReadinessItem.of(item) for item in items],
        )  # fmt: skip
