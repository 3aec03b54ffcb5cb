"""JSON route: readiness of a link's client."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from app.access.readiness import checks
from app.access.readiness import service as readiness
from app.access.readiness.checks import Item, Source, State
from app.kit.database import Session
from app.kit.input.fields import Time
from app.links import queries as links
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()
Reader = Annotated[Principal, requires("links:read")]


class ReadinessItem(BaseModel):
    """One prerequisite for sharing access."""

    key: str = Field(examples=["currency"])
    title: str = Field(examples=["The ad account's currency fits the markets"])
    status: State = Field(
        description="`cannot_tell`: no answer, and nothing could be read. Never a guess.", examples=["pass"]
    )
    source: Source | None = Field(
        description="Evidence: read at the `platform`, from the `intake`, or the `client`'s answer.",
        examples=["platform"],
    )
    since: Time | None = Field(description="Time of the evidence.")
    blocks: bool = Field(description="Nothing can be shared until it is done.")
    code: str | None = Field(description="Reason of `to_do`.", examples=["unusual_currency"])
    seen: list[str] = Field(
        description="Values that were read or given. Nothing of an asset that the client has not selected.",
        examples=[["EUR"]],
    )
    answer: str | None = Field(
        description="The client's answer: `yes`, `no`, `own`, `plan` or `later`.", examples=["later"]
    )
    answered_by: str | None = Field(examples=["Ana Client"])
    answered_at: Time | None
    note: str | None = Field(description="Payer and plan, if the client has no payment method of its own.")
    hint: str | None = Field(description="Next step of your agency; null if there is none.")

    @classmethod
    def of(cls, item: Item) -> "ReadinessItem":
        """From the item."""
        verdict, said = item.verdict, item.said
        return cls(
            key=item.key, title=checks.TITLES[item.key], status=verdict.status, source=verdict.source,
            since=verdict.since, blocks=verdict.blocks, code=verdict.code, seen=list(verdict.seen_by_agency),
            answer=said.answer if said else None, answered_by=said.by if said else None,
            answered_at=said.at if said else None, note=(said.note or None) if said else None, hint=checks.hint(item),
        )  # fmt: skip


class ReadinessView(BaseModel):
    """The current checklist of a link; also before the link is sent."""

    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    blocked: bool = Field(description="True if nothing can be shared until a check is done.")
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


@router.get("/links/{link_id}/readiness")
async def get_readiness(caller: Reader, session: Session, link_id: str) -> ReadinessView:
    """Retrieve the readiness checks of a link: passed, to do, and unknown, each with its evidence.

    Computed at each request.
    """
    aggregate = await links.load_link(session, caller.agency_id, link_id)
    return ReadinessView.of(link_id, await readiness.of_link(session, aggregate))
