"""Answers and files that a client submits to the preset's own questions: queries and storage."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.kit import ids
from app.kit.encryption import Keyring
from app.kit.errors import NotFound
from app.kit.i18n.message import Message, Problems, _n
from app.links import answers
from app.links.aggregate import LinkAggregate
from app.links.answers import MOST_FILES, AcceptedFile, SubmittedFile
from app.links.models import IntakeAnswer, IntakeFile
from app.links.presets.preset import Question

SCREEN = "questions"


@dataclass(frozen=True)
class SubmittedAnswers:
    """A submitted form: texts and files by the question's key."""

    texts: Mapping[str, str]
    files: Mapping[str, Sequence[SubmittedFile]] = field(default_factory=dict)


async def saved_answers(session: AsyncSession, agency_id: str, link_id: str) -> Mapping[str, str]:
    """Answers on a link by question key."""
    rows = select(IntakeAnswer.key, IntakeAnswer.value).where(
        IntakeAnswer.agency_id == agency_id, IntakeAnswer.link_id == link_id
    )
    return {row.key: row.value for row in await session.execute(rows)}


async def saved_files(session: AsyncSession, agency_id: str, link_id: str) -> Sequence[IntakeFile]:
    """Files of a link, oldest first, without their bytes."""
    rows = select(IntakeFile).where(IntakeFile.agency_id == agency_id, IntakeFile.link_id == link_id)
    return (await session.scalars(rows.order_by(IntakeFile.id))).all()


async def file_with_bytes(session: AsyncSession, agency_id: str, link_id: str, file_id: str) -> IntakeFile:
    """One file of a link with its encrypted bytes. Raises NotFound."""
    rows = select(IntakeFile).where(
        IntakeFile.agency_id == agency_id, IntakeFile.link_id == link_id, IntakeFile.id == file_id
    )
    found = (await session.scalars(rows.options(undefer(IntakeFile.content_encrypted)))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def save_answers(
    session: AsyncSession, aggregate: LinkAggregate, sent: SubmittedAnswers, keyring: Keyring
) -> Problems:
    """Save all answers if every one is valid, else only the valid files; return the problems by key."""
    problems: dict[str, Message] = {}
    values: dict[str, str] = {}
    for question in aggregate.preset.questions:
        if question.kind == "file":
            continue
        read = answers.read_answer(question, sent.texts.get(question.key, ""))
        values[question.key] = read.values[0] if read.values else ""
        if read.problem:
            problems[question.key] = read.problem
    of_files = [question for question in aggregate.preset.questions if question.kind == "file"]
    problems |= await _save_files(session, aggregate, of_files, sent, keyring)
    if problems:
        return problems
    values |= {question.key: "" for question in of_files}
    await _write(session, aggregate.agency.id, aggregate.link.id, values)
    aggregate.save_answers(values)
    aggregate.finish_screen(SCREEN)
    await aggregate.save(session)
    return {}


async def remove_file(session: AsyncSession, aggregate: LinkAggregate, file_id: str) -> None:
    """Remove a file; a file of another link is ignored."""
    agency_id, link_id = aggregate.agency.id, aggregate.link.id
    mine = [file for file in aggregate.files if file.id == file_id]
    for file in mine:
        await session.execute(delete(IntakeFile).where(IntakeFile.agency_id == agency_id, IntakeFile.id == file.id))
        required = any(each.key == file.key and each.required for each in aggregate.preset.questions)
        if required and sum(each.key == file.key for each in aggregate.files) == 1:  # the question is open again
            await session.execute(
                delete(IntakeAnswer).where(
                    IntakeAnswer.agency_id == agency_id, IntakeAnswer.link_id == link_id, IntakeAnswer.key == file.key
                )
            )


def file_place(agency_id: str, file_id: str) -> str:
    """Context to which the encrypted bytes of a file are bound."""
    return f"intake_files.content_encrypted:{agency_id}:{file_id}"


async def _save_files(
    session: AsyncSession,
    aggregate: LinkAggregate,
    questions: Sequence[Question],
    sent: SubmittedAnswers,
    keyring: Keyring,
) -> Problems:
    problems: dict[str, Message] = {}
    there = list(aggregate.files)
    for question in questions:
        for given in sent.files.get(question.key, ()):
            read = answers.accept_file(given)
            if isinstance(read, Message):
                problems[question.key] = read
                continue
            digest = hashlib.sha256(read.content).digest()
            if any((file.key, file.sha256) == (question.key, digest) for file in there):
                continue  # sent twice: stored once
            if len(there) >= MOST_FILES:
                problems[question.key] = _n(
                    "“{file}” is one too many: {count} file fits here in all.",
                    "“{file}” is one too many: {count} files fit here in all.",
                    MOST_FILES,
                    file=read.name,
                )
                continue
            there.append(_encrypted_file(aggregate.agency.id, aggregate.link.id, question.key, read, digest, keyring))
            session.add(there[-1])
        if question.required and question.key not in problems and not any(file.key == question.key for file in there):
            problems |= _problem_of(question)
    aggregate.files = there
    await session.flush()
    return problems


def _problem_of(question: Question) -> Problems:
    missing = answers.read_answer(question, "").problem
    return {question.key: missing} if missing else {}


def _encrypted_file(
    agency_id: str, link_id: str, key: str, file: AcceptedFile, digest: bytes, keyring: Keyring
) -> IntakeFile:
    file_id = ids.new("file")
    return IntakeFile(
        agency_id=agency_id, id=file_id, link_id=link_id, key=key, name=file.name, media_type=file.media_type,
        size=len(file.content), sha256=digest,
        content_encrypted=keyring.encrypt_bytes(file.content, bound_to=file_place(agency_id, file_id)),
    )  # fmt: skip


async def _write(session: AsyncSession, agency_id: str, link_id: str, values: Mapping[str, str]) -> None:
    written = insert(IntakeAnswer)
    await session.execute(
        written.on_conflict_do_update(
            index_elements=["agency_id", "link_id", "key"], set_={"value": written.excluded.value}
        ),
        [{"agency_id": agency_id, "link_id": link_id, "key": key, "value": value} for key, value in values.items()],
    )
