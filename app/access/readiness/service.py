"""Readiness of a client: the checklist of a link, and the client's answers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import CheckConstraint, Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.access.connections import service as connections
from app.access.readiness.checks import ANSWERS, ClientStatement, Facts, Item, ReadinessReply, RequestedAsset, checklist
from app.kit import clock, ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER


class ReadinessAnswer(CreatedAt, Base):
    """A client's answer to one check: the newest counts. It names a person, and is deleted with their data."""

    __tablename__ = "readiness_answers"
    __table_args__ = (
        belongs_to("links", "link_id"),
        CheckConstraint("answer IN ('yes', 'no', 'own', 'plan', 'later')", name="answer"),
        Index("ix_readiness_answers_link_id", "agency_id", "link_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("answer"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    item: Mapped[str] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(String(8))
    #: payer and plan, if the answer needs them
    note: Mapped[str | None] = mapped_column(String(500))
    #: name of the person who answered
    by: Mapped[str] = mapped_column(String(120))


async def of_link(session: AsyncSession, aggregate: LinkAggregate) -> tuple[Item, ...]:
    """The current checklist of a link, about its first platform with an API."""
    agency_id, link, intake = aggregate.agency.id, aggregate.link, aggregate.intake
    here = next(iter(aggregate.connecting), None)
    platform = here.platform if here else ""
    living = [each for each in aggregate.access_requests if each.platform == platform and each.status not in OVER]
    account_id, pixel_codes = (here.client_account_id, here.pixel_codes) if here else (None, None)
    found = None
    if here is not None:
        found = await connections.of_client(session, agency_id, aggregate.client.id, platform, account_id or "")
    contacts = intake.contacts or []
    facts = Facts(
        today=clock.now().date(),
        platform=platform,
        kinds=frozenset(access_request.kind for access_request in living),
        account_id=account_id,
        accounts=_chosen(living, "ad_account"),
        pixels=_chosen(living, "pixel"),
        pixel_codes=None if pixel_codes is None else tuple(pixel_codes),
        markets=None if intake.markets is None else tuple(intake.markets),
        emails=tuple(contact["email"] for contact in contacts) or None,
        approver=next((contact["name"] for contact in contacts if contact["role"] == "approver"), None),
        intake_at=intake.updated_at,
        found=connections.discovered(found) if found else None,
        found_at=found.found_at if found else None,
        said=await statements(session, agency_id, link.id),
    )
    return checklist(facts)


def _chosen(access_requests: Sequence[AccessRequest], kind: str) -> tuple[RequestedAsset, ...]:
    return tuple(
        RequestedAsset(
            access_request.asset_id, access_request.verified_at if access_request.status == "verified" else None
        )
        for access_request in access_requests
        if access_request.kind == kind and access_request.asset_id
    )


async def statements(session: AsyncSession, agency_id: str, link_id: str) -> dict[str, ClientStatement]:
    """The client's last answer to each check."""
    rows = select(ReadinessAnswer).where(
        ReadinessAnswer.agency_id == agency_id,
        ReadinessAnswer.link_id == link_id,
    )
    oldest_first = (await session.scalars(rows.order_by(ReadinessAnswer.id))).all()
    return {row.item: ClientStatement(row.answer, row.by, row.created_at, row.note or "") for row in oldest_first}


def save_replies(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    replies: Mapping[str, ReadinessReply],
    *,
    by: str,
    known: Mapping[str, ClientStatement | None],
) -> None:
    """Add new and changed answers; a repeated one keeps its first time and person. `known`: the last answers."""
    for item, reply in replies.items():
        assert reply.answer in ANSWERS[item]
        before = known.get(item)
        if before is None or (before.answer, before.note) != (reply.answer, reply.note):
            session.add(_row(agency_id, link_id, item, reply, by))


def _row(agency_id: str, link_id: str, item: str, reply: ReadinessReply, by: str) -> ReadinessAnswer:
    return ReadinessAnswer(
        agency_id=agency_id, id=ids.new("answer"), link_id=link_id, item=item, answer=reply.answer,
        note=reply.note or None, by=by,
    )  # fmt: skip
