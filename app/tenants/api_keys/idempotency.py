"""Idempotency: the first response is stored in the transaction of the request, and returned for a repetition.

While the first request runs, its transaction holds a lock on the key; a crash leaves neither change nor key.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Header, Request
from fastapi.responses import Response
from sqlalchemy import Index, String, UniqueConstraint, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, Session, Sessions, agency_key, belongs_to
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.errors import AppError, InvalidInput
from app.kit.jobs import JobMixin
from app.services import services_of
from app.tenants.api_keys.principal import CurrentCaller, Principal

KEPT = timedelta(hours=24)
REPLAYED = "Idempotency-Replayed"


class IdempotencyKey(JobMixin, CreatedAt, Base):
    """A response under the caller's idempotency key, written in the request's transaction. Due when it expires."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        belongs_to("api_keys", "api_key_id"),
        UniqueConstraint("agency_id", "api_key_id", "value"),
        Index("ix_idempotency_keys_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("idem"), primary_key=True)
    #: another key of the agency must not read this response
    api_key_id: Mapped[str] = mapped_column(ids.Id("key"))
    value: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    status: Mapped[int]
    answer_encrypted: Mapped[bytes]


class InProgress(AppError):
    """The first request with this key is still running."""

    status = 409
    code = "idempotency_in_progress"
    detail = "A request with this Idempotency-Key is still running."
    hint = "Wait a moment and send it again; you get the first one's answer."


class KeyReused(InvalidInput):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request."
    hint = "Use a new key for each new request, and the same key only to repeat a request unchanged."


class CachedResponse(Exception):
    """The request was answered before; `answer` is the stored response."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


@dataclass(frozen=True)
class PendingRecord:
    """The obligation to store the response to this request."""

    session: AsyncSession
    keyring: Keyring
    caller: Principal
    value: str
    request_hash: bytes

    async def keep(self, answer: Response) -> None:
        """Store the response; it commits together with the request's changes."""
        row_id = ids.new("idem")
        encrypted = self.keyring.encrypt(bytes(answer.body).decode(), bound_to=_place(self.caller.agency_id, row_id))
        self.session.add(
            IdempotencyKey(
                agency_id=self.caller.agency_id, id=row_id, api_key_id=self.caller.key_id, value=self.value,
                request_hash=self.request_hash, status=answer.status_code, answer_encrypted=encrypted,
                due_at=func.now() + KEPT,
            )
        )  # fmt: skip
        await self.session.flush()


async def promised(
    request: Request,
    session: Session,
    caller: CurrentCaller,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="A value of your own, new for each request that is not a repetition. Repeating the request "
            "with the same value within 24 hours gives the first answer again, with `Idempotency-Replayed: true`.",
            examples=["5f0c7c1e-8d6a-4b0e-9a53-0f0d7c1b2a3e"],
        ),
    ] = None,
) -> None:
    """Prepare to store the response. Raises CachedResponse for a repeated request, InProgress, KeyReused."""
    if idempotency_key is None:
        return
    keyring: Keyring = services_of(request).keyring
    mark = await _mark(request)
    lock = func.hashtextextended(f"idempotency {caller.key_id} {idempotency_key}", 0)
    if not (await session.execute(select(func.pg_try_advisory_xact_lock(lock)))).scalar_one():
        raise InProgress
    rows = select(IdempotencyKey).where(
        IdempotencyKey.agency_id == caller.agency_id,
        IdempotencyKey.api_key_id == caller.key_id,
        IdempotencyKey.value == idempotency_key,
    )
    known = (await session.scalars(rows)).one_or_none()
    if known is not None:
        raise KeyReused if known.request_hash != mark else CachedResponse(_again(known, keyring))
    request.state.promise = PendingRecord(session, keyring, caller, idempotency_key, mark)


async def delete_naming(session: AsyncSession, keyring: Keyring, agency_id: str, named: Collection[str]) -> None:
    """Delete stored responses that name one of these ids, and those that cannot be decrypted to see."""
    rows = (await session.scalars(select(IdempotencyKey).where(IdempotencyKey.agency_id == agency_id))).all()
    theirs = [row.id for row in rows if _names(row, keyring, named)]
    gone = delete(IdempotencyKey).where(IdempotencyKey.agency_id == agency_id, IdempotencyKey.id.in_(theirs))
    await session.execute(gone.execution_options(synchronize_session=False))


def _names(row: IdempotencyKey, keyring: Keyring, named: Collection[str]) -> bool:
    try:
        answer = keyring.decrypt(row.answer_encrypted, bound_to=_place(row.agency_id, row.id))
    except DecryptionFailed:
        return True
    return any(each in answer for each in named)


async def delete_expired(sessions: Sessions, row: IdempotencyKey) -> None:
    """Delete a stored response 24 hours after it was given; its key can be used again."""
    gone = delete(IdempotencyKey).where(IdempotencyKey.agency_id == row.agency_id, IdempotencyKey.id == row.id)
    async with sessions.begin() as session:
        await session.execute(gone)


async def _mark(request: Request) -> bytes:
    head = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(head.encode() + await request.body()).digest()


def _again(known: IdempotencyKey, keyring: Keyring) -> Response:
    body = keyring.decrypt(known.answer_encrypted, bound_to=_place(known.agency_id, known.id))
    return Response(body, known.status, {REPLAYED: "true"}, "application/json")


def _place(agency_id: str, row_id: str) -> str:
    return f"idempotency_keys.answer_encrypted:{agency_id}:{row_id}"
