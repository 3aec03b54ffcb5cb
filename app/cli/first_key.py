"""Creation of an agency, its first API key and its members in the database, before the API can be used."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar, cast

import click
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app import local
from app.cli import output
from app.cli.output import Failed, SettingsUnusable
from app.kit import clock
from app.kit.actor import Actor, acting_as
from app.kit.database import make_engine, make_sessions
from app.kit.errors import AppError
from app.kit.input.validation_errors import checked
from app.settings import Settings, SettingsWrong
from app.tenants.agencies import service
from app.tenants.agencies.api import AgencyChanges
from app.tenants.agencies.schemas import AgencyView
from app.tenants.api_keys import service as keys
from app.tenants.api_keys.schemas import KeyView, NewKey, NewKeyView
from app.tenants.api_keys.scopes import SCOPES
from app.tenants.members import service as members
from app.tenants.members import ways
from app.tenants.members.models import Role

#: The actor of commands that write to the database.
ACTOR = Actor("system", "cli")
Made = TypeVar("Made")


def create_agency(*, name: str, slug: str, contact_name: str, contact_email: str, as_json: bool) -> None:
    """Create an agency and print it."""

    async def work(session: AsyncSession) -> AgencyView:
        given = checked(AgencyChanges, name=name, contact_name=contact_name, contact_email=contact_email)
        made = await service.create_agency(
            session, name=given.name, slug=slug, contact_name=given.contact_name,
            contact_email=given.contact_email, actor=ACTOR,
        )  # fmt: skip
        return AgencyView.of(made)

    _show(_in_transaction(work), as_json=as_json)
    if not as_json:
        click.echo("\nMake an API key for it: `keyturn key create`.", err=True)


def setup_address() -> str:
    """The one-time address at which an agency and its owner are made in a browser."""

    async def work(session: AsyncSession) -> str:
        return await members.new_setup_code(session)

    return f"{load().public_url}/desk/setup/{_in_transaction(work)}"


def is_empty() -> bool:
    """True if there is no agency yet."""

    async def work(session: AsyncSession) -> bool:
        return not await service.every(session)

    return _in_transaction(work)


def member_address(*, email: str | None, role: str, agency: str | None, lost_phone: bool) -> str:
    """The one-time address at which somebody becomes a member, or signs in if the address belongs to one.

    `lost_phone`: the second factor of that member is switched off, and their passkeys are removed.
    """

    async def work(session: AsyncSession) -> str:
        owner = await service.chosen(session, agency)
        known = [each for each in await members.every(session, owner.id) if email and each.email == email.lower()]
        if known:
            if lost_phone:
                await ways.reset_factors(session, owner.id, known[0].id, by="owner")
            return await members.let_in(session, known[0])
        _, token = await members.invite(session, owner.id, email=email, role=cast(Role, role))
        return token

    return members.join_address(load().public_url, _in_transaction(work))


def list_agencies(*, as_json: bool) -> None:
    """Print the agencies of this installation."""

    async def work(session: AsyncSession) -> list[AgencyView]:
        return [AgencyView.of(row) for row in await service.every(session)]

    found = [view.model_dump(mode="json") for view in _in_transaction(work)]
    if as_json:
        output.as_json(found)
    else:
        output.as_tables(found, ("id", "slug", "name", "contact_name", "contact_email"))


def create_key(*, name: str, scopes: list[str], days: int | None, agency: str | None, as_json: bool) -> None:
    """Create an API key and print its value, only once, and the line that sets it in a shell."""

    async def work(session: AsyncSession) -> NewKeyView:
        expires_at = clock.now() + timedelta(days=days) if days else None
        given = checked(NewKey, name=name, scopes=scopes or list(SCOPES), expires_at=expires_at)
        owner = await service.chosen(session, agency)
        made, value = await keys.create_key(
            session, owner.id, name=given.name, scopes=given.scopes, expires_at=given.expires_at, actor=ACTOR
        )
        return NewKeyView(**dict(KeyView.model_validate(made)), value=value)

    made = _in_transaction(work)
    _show(made, as_json=as_json)
    if not as_json:
        address = load().public_url
        click.echo(f"\nTo use it:\n\nexport KEYTURN_URL={address} KEYTURN_API_KEY={made.value}")


def load() -> Settings:
    """The settings of this installation. Raises SettingsUnusable with a sentence for each that is wrong."""
    try:
        return local.load()
    except SettingsWrong as wrong:
        raise SettingsUnusable(*wrong.sentences) from wrong


def _show(view: BaseModel, *, as_json: bool) -> None:
    (output.as_json if as_json else output.as_tables)(view.model_dump(mode="json"))


def _in_transaction(work: Callable[[AsyncSession], Awaitable[Made]]) -> Made:
    """The result, committed. Raises Failed with what a service refused."""
    chosen = load()

    async def run() -> Made:
        engine = make_engine(chosen.database_url, pool_size=1)
        try:
            with acting_as(ACTOR):
                async with make_sessions(engine).begin() as session:
                    return await work(session)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except AppError as refusal:
        fields = (f"  --{name.replace('_', '-')}: {sentence}" for name, sentence in refusal.fields.items())
        raise Failed(refusal.detail, *fields, refusal.hint) from refusal
