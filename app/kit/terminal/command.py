"""Commands: an async function with a `Terminal` becomes one, and a refusal becomes a sentence and exit status 1."""

import asyncio
import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Concatenate, ParamSpec, get_args

import typer
from sqlalchemy.ext.asyncio import AsyncSession
from typer.models import OptionInfo

from app.kit.egress.client import Egress
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.errors import AppError, NotFound
from app.kit.ids import MalformedId
from app.kit.keyring_check import KeyringIncomplete
from app.kit.terminal import show

Given = ParamSpec("Given")

AgencyOption = Annotated[
    str | None, typer.Option("--agency", help="The agency's slug; needed where there are several.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the API answers it.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most this many.")]


@dataclasses.dataclass(frozen=True)
class Terminal:
    """What a command has at hand: one transaction, committed when it ends well, and what assembly knows."""

    session: AsyncSession
    keyring: Keyring
    egress: Egress
    public_url: str
    redirect_uri: str
    #: the platforms of the installation by key, as `app.platforms.registry` knows them and this room does not
    platforms: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: whether endpoints have to answer a challenge first
    verify_endpoints: bool = False
    #: the destinations of the installation by name, as `app.webhooks.destinations.catalog` knows them
    destinations: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: how events name whoever did it
    actor: str = "command_line"


#: Made by assembly, which finds it in `ctx.obj`.
AsyncContextFactory = Callable[[], AbstractAsyncContextManager[Terminal]]
Work = Callable[Concatenate[Terminal, Given], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Does:
    """The operation of the API that a command carries out, and the arguments that the command needs."""

    operation: str
    required: tuple[str, ...]


def command(group: typer.Typer, name: str, *, does: str | None = None) -> Callable[[Work[Given]], Work[Given]]:
    """Registers the function below it under a name. Its parameters after the first are the command's options.

    `does`: the operation of the API that it carries out, where hints name it.
    """

    def register(work: Work[Given]) -> Work[Given]:
        @functools.wraps(work)
        def run(ctx: typer.Context, **given: Any) -> None:
            asyncio.run(_carry_out(ctx.obj, functools.partial(work, **given)))

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        own = inspect.signature(work)
        _, *options = own.parameters.values()
        run.__signature__ = own.replace(parameters=[context, *options])  # type: ignore[attr-defined]  # as inspect reads it
        run.__annotations__ = {"ctx": typer.Context, **{each.name: each.annotation for each in options}}
        run.does = Does(does, tuple(_required(options))) if does else None  # type: ignore[attr-defined]  # for assembly
        group.command(name)(run)
        return work

    return register


def _required(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    for each in parameters:
        if each.default is not inspect.Parameter.empty:
            continue
        option = next((info for info in get_args(each.annotation)[1:] if isinstance(info, OptionInfo)), None)
        if option is None:
            yield each.name.upper()
        else:
            yield f"{next(iter(option.param_decls or ()), '--' + each.name.replace('_', '-'))} …"


async def _carry_out(opening: AsyncContextFactory, work: Callable[[Terminal], Awaitable[None]]) -> None:
    try:
        async with opening() as terminal:
            await work(terminal)
    except MalformedId as problem:
        raise _ended(NotFound()) from problem
    except DecryptionFailed as why:
        raise _ended(KeyringIncomplete.of(why)) from why
    except AppError as refusal:
        raise _ended(refusal) from refusal


def _ended(refusal: AppError) -> typer.Exit:
    show.refusal(refusal)
    return typer.Exit(1)
