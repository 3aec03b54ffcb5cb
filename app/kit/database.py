"""Database engine, sessions, bulk parameters, and the base class of every table."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Annotated, Any, Self

from asyncpg import exceptions as failures
from asyncpg.exceptions import InterfaceError as DriverError
from asyncpg.exceptions import PostgresError
from fastapi import Depends, Request
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ClauseElement,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    TableValuedAlias,
    bindparam,
    column,
    event,
    func,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, asyncpg
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, mapped_column
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.types import TypeEngine

from app.kit import database_url, ids
from app.kit.errors import AppError
from app.kit.i18n.message import _

Sessions = async_sessionmaker[AsyncSession]
#: Executes statements.
Connected = AsyncSession | AsyncConnection

#: Exceptions of the driver when a connection fails.
_NO_CONNECTION = (
    OSError, failures.InvalidAuthorizationSpecificationError, failures.InvalidCatalogNameError,
    failures.CannotConnectNowError, failures.TooManyConnectionsError, failures.PostgresConnectionError,
    failures.ProtocolViolationError, failures.ClientConfigurationError, failures.UndefinedObjectError,
)  # fmt: skip
#: Methods of requests that change nothing.
_READING = frozenset({"GET", "HEAD"})
#: Execution option of the few queries that look up a row by a secret or serve every agency.
CROSS_TENANT = {"across_agencies": True}


class Base(DeclarativeBase):
    """Base class of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class CreatedAt:
    """Creation time, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def agency_key() -> Mapped[str]:
    """The tenant column of a table; its primary key is (agency_id, id)."""
    return mapped_column(ids.Id("agency"), primary_key=True)


def belongs_to(table: str, column: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key that includes the tenant: (agency_id, column) -> table(agency_id, id)."""
    return ForeignKeyConstraint(["agency_id", column], [f"{table}.agency_id", f"{table}.id"], **options)


def belongs_to_agency() -> ForeignKeyConstraint:
    """The foreign key of a tenant table to its agency."""
    return ForeignKeyConstraint(["agency_id"], ["agencies.id"])


#: Query parameter of a database URL: a pooler in transaction mode. Hosting providers use the same name.
POOLER = "pgbouncer"
#: No named prepared statements: the next transaction may use another connection of the pooler.
_UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
_CONNECT_SECONDS = 10.0
#: Keyturn's statements are short: JIT compilation takes longer than execution.
_WITHOUT_JIT = "SET jit = off;"
#: A pooled connection is used unasked if it rested no longer.
TRUSTED_FOR = timedelta(seconds=30)
_RESTS_SINCE = "rests_since"
#: SQLSTATEs of a server that is unavailable: starting, stopping, full, or a standby after a failover.
_AWAY = ("08", "53", "57P", "25006")


class DatabaseAway(AppError):
    """PostgreSQL is unreachable or unavailable."""

    status = 503
    code = "database_away"
    detail = "The database cannot be reached right now."
    advice = _("Nothing was changed. Try again in a moment.")
    message = _("That did not work, and it is not your fault.")


class PoolerUnnamed(SystemExit):
    """A pooler in transaction mode that DATABASE_URL does not declare: prepared statements would be lost."""

    words = (
        "A pooler in transaction mode stands before PostgreSQL: add pgbouncer=true to DATABASE_URL (after ? or &), "
        "or give the address of PostgreSQL itself."
    )

    def __init__(self) -> None:
        super().__init__(self.words)


def make_engine(
    url: str,
    *,
    pool_size: int = 10,
    looping: bool = False,
    kept: bool = True,
    prepares: bool = True,
    trusted_for: timedelta = TRUSTED_FOR,
) -> AsyncEngine:
    """An engine for DATABASE_URL; connections are checked before use, see `_check`.

    `looping`: for loops; connections are not checked, because the loop retries. `kept`: connections are pooled here.
    `prepares`: statements are prepared, unless the address names a pooler. No error names a bound value. Connecting
    raises DatabaseAway.
    """  # fmt: skip
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size} if kept else {"poolclass": NullPool}
    address = database_url.read(url)
    named = f"postgresql+asyncpg://?{POOLER}=true" if address.pooled or not prepares else "postgresql+asyncpg://"
    engine = create_async_engine(named, hide_parameters=True, connect_args=address.arguments(), **pool)
    event.listen(engine.sync_engine, "do_connect", _connect)
    if kept and not looping:
        event.listen(engine.sync_engine, "checkin", _note_rest)
        event.listen(engine.sync_engine, "checkout", partial(_check, engine.dialect, trusted_for.total_seconds()))
    if not is_behind_pooler(engine):
        event.listen(engine.sync_engine, "connect", _setting(_WITHOUT_JIT))
    return engine


def is_behind_pooler(engine: AsyncEngine) -> bool:
    """True if the address declares a pooler in transaction mode.

    Nothing may then outlive a transaction: no prepared statement, LISTEN, session-level lock or SET.
    """
    return engine.url.query.get(POOLER) == "true"


async def see_pooler(url: str) -> None:
    """Detect a pooler that the address does not declare. Raises PoolerUnnamed.

    Two simultaneous connections served by the same server process share it between their transactions. An unavailable
    database is not waited for.
    """
    if database_url.read(url).pooled:
        return
    engine = make_engine(url, kept=False, prepares=False)
    pid = text("SELECT pg_backend_pid()")
    with suppress(DatabaseAway, SQLAlchemyError):
        async with engine.connect() as one, engine.connect() as other:
            seen = set()
            for connection in (one, other):
                seen.add((await connection.execute(pid)).scalar_one())
                await connection.commit()
            if len(seen) == 1:
                raise PoolerUnnamed


def _connect(dialect: Dialect, _record: object, arguments: list[Any], parameters: dict[str, Any]) -> DBAPIConnection:
    parameters.setdefault("timeout", _CONNECT_SECONDS)
    if parameters.pop(POOLER, None) == "true":
        parameters.update(_UNPREPARED)
    try:
        return dialect.connect(*arguments, **parameters)
    except (OSError, PostgresError, DriverError, SQLAlchemyError, dialect.loaded_dbapi.Error) as problem:
        raise DatabaseAway from problem


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = time.monotonic()


def _check(
    dialect: Dialect, trusted_for: float, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object
) -> None:
    """Replace the connections of a pool if one is found dead.

    An end that the server or the kernel announced is known without a question. Only one that a network dropped in
    silence is not, which takes minutes: a connection that rested for long is asked, which takes three round trips.
    """
    rests_since = record.info.get(_RESTS_SINCE)
    if rests_since is None:  # new
        return
    try:
        alive = not connection.driver_connection.is_closed()
        if alive and time.monotonic() - rests_since > trusted_for:
            dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        alive = False
    if not alive:
        raise InvalidatePoolError


def _setting(settings: str) -> Callable[[Any, object], None]:
    """Set up each connection. Not by start-up parameters, because poolers refuse them."""

    def on_connect(connection: Any, _record: object) -> None:
        connection.run_async(lambda driver: driver.execute(settings))

    return on_connect


def is_away(problem: BaseException) -> bool:
    """True if a statement failed because the database cannot be reached, or cannot serve now."""
    if isinstance(problem, DBAPIError):
        state = getattr(problem.orig, "sqlstate", None) or ""
        return problem.connection_invalidated or str(state).startswith(_AWAY)
    return isinstance(problem, DatabaseAway | PoolExhausted)


def unreachable(problem: BaseException) -> str | None:
    """Reason why the database cannot be used, in one sentence without a password; None for other errors."""
    told = problem.orig if isinstance(problem, DBAPIError) and problem.orig is not None else problem
    told = told.__cause__ or told if isinstance(problem, DBAPIError | DatabaseAway) else told
    if isinstance(told, failures.UndefinedTableError):
        return "The database lacks tables of this version: run `keyturn migrate`."
    if isinstance(told, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the database is not trusted ({told.verify_message}): name its authority by "
            "sslrootcert=… in DATABASE_URL."
        )
    if isinstance(told, TimeoutError):
        return "The database does not answer in time: check host and port in DATABASE_URL, and that it runs."
    if isinstance(told, _NO_CONNECTION):
        words = str(told).strip().partition("\n")[0].rstrip(".") or type(told).__name__
        return f"The database cannot be reached: {words}. Check DATABASE_URL, and that it runs."
    return None


@lru_cache(64)
def _autocommit(engine: AsyncEngine) -> AsyncEngine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def autocommit(sessions: Sessions) -> AbstractAsyncContextManager[AsyncConnection]:
    """A connection on which each statement is its own transaction, to be used with `async with`.

    For loops that run one statement many times a second: BEGIN and COMMIT would cost as much as the statement. Behind a
    pooler it is a transaction after all, because both messages of a statement must reach the same server.
    """
    engine: AsyncEngine = sessions.kw["bind"]
    return engine.begin() if is_behind_pooler(engine) else _autocommit(engine).connect()


def alone(sessions: Sessions) -> AbstractAsyncContextManager[AsyncSession]:
    """A session for one statement, to be used with `async with`; see `autocommit`."""
    engine: AsyncEngine = sessions.kw["bind"]
    return sessions.begin() if is_behind_pooler(engine) else sessions(bind=_autocommit(engine))


class ReadingSession(SyncSession):
    """A session that refuses to write, see `reading`."""


@event.listens_for(ReadingSession, "before_flush")
def _refuse_flush(*_: object) -> None:
    raise RuntimeError("A session for reading has something to write.")


@event.listens_for(ReadingSession, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if not state.is_select:  # a textual statement may write, too
        _refuse_flush()


def reading(sessions: Sessions) -> AbstractAsyncContextManager[AsyncSession]:
    """A session for reading, to be used with `async with`; see `autocommit`. Writing raises RuntimeError.

    Its statements agree no less than those of a transaction: at READ COMMITTED each of them sees what is committed.
    """
    engine: AsyncEngine = sessions.kw["bind"]
    bind = engine if is_behind_pooler(engine) else _autocommit(engine)
    return sessions(bind=bind, sync_session_class=ReadingSession)


@dataclass(frozen=True, slots=True)
class DriverStatement:
    """A statement compiled for the driver, for hot loops: through SQLAlchemy it would cost ten times as much.

    Values and rows are the driver's: ids have no prefixes.
    """

    sql: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, statement: ClauseElement) -> Self:
        """Compile once; the driver prepares it once per connection."""
        compiled = statement.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
        return cls(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))

    async def fetch(self, driver: Any, values: Mapping[str, Any]) -> list[Any]:
        """Its rows."""
        found: list[Any] = await driver.fetch(self.sql, *[values[name] for name in self.names])
        return found


class KeptConnection:
    """A connection reserved for one loop; after a failure, the next use opens another.

    `plans_once`: each statement is planned once, not for each set of values, because planning costs more than
    execution.
    """

    def __init__(self, sessions: Sessions, *, plans_once: bool = False) -> None:
        self._engine: AsyncEngine = sessions.kw["bind"]
        self._plans_once = plans_once
        self._using = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        #: nothing outlives a transaction on this connection
        self.behind_pooler = is_behind_pooler(self._engine)

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[Any]:
        """The driver's connection (asyncpg), for one user at a time; see `autocommit`."""
        async with self._taken() as driver:
            if not self.behind_pooler:
                yield driver
                return
            async with driver.transaction():
                yield driver

    @asynccontextmanager
    async def transaction(self, first: str) -> AsyncIterator[Any]:
        """One transaction on the driver's connection that begins with these statements; see `beginning`."""
        async with self._taken() as driver:
            await driver.execute(f"BEGIN; {first}")
            yield driver
            await driver.execute("COMMIT")

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[Any]:
        async with self._using:
            try:
                if self._connection is None:
                    self._connection = await _autocommit(self._engine).connect()
                    self._driver = (await self._connection.get_raw_connection()).driver_connection
                    if self._plans_once and not self.behind_pooler:
                        await self._driver.execute("SET plan_cache_mode = force_generic_plan")
                yield self._driver
            except BaseException:
                await self._give_up()
                raise

    async def close(self) -> None:
        """Close the connection."""
        async with self._using:
            await self._give_up()

    async def _give_up(self) -> None:
        """Discard the connection; its transaction ends with it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()


@asynccontextmanager
async def beginning(sessions: Sessions, first: str) -> AsyncIterator[AsyncConnection]:
    """Begin a transaction with these statements, in one round trip with BEGIN.

    For hot loops, in which each round trip costs a wait. After a failure the connection is discarded together with its
    transaction.
    """
    async with _autocommit(sessions.kw["bind"]).connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver
        try:
            await driver.execute(f"BEGIN; {first}")
            yield connection
            await driver.execute("COMMIT")
        except BaseException:
            await connection.invalidate()
            raise


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions that keep loaded objects after commit, so that a committed row can still be shown."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def recreate(admin_url: str, name: str) -> None:
    """Create an empty database, dropping any existing one of this name. For demos."""
    engine = make_engine(admin_url, kept=False).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One request = one transaction, begun after the whole request was received, committed before the response.

    A GET reads without one, see `reading`. A handler that calls an agency's address commits first, so that nothing is
    locked meanwhile; its later reads and writes are a transaction of their own.
    """
    sessions: Sessions = request.app.state.services.sessions
    if request.method in _READING:
        async with reading(sessions) as session:
            yield session
        return
    await request.body()  # read before a connection is taken: a slow client holds none
    async with sessions() as session:
        yield session
        await session.commit()


async def get_recording_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One transaction, for a GET that records something."""
    sessions: Sessions = request.app.state.services.sessions
    async with sessions.begin() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
RecordingSession = Annotated[AsyncSession, Depends(get_recording_session, scope="function")]


def for_schema(row: Base, fields: Set[str]) -> Any:
    """The row, or its loaded attributes by name if all fields are among them.

    A response schema reads these in a third of the time, because each attribute of a row is a call.
    """
    loaded = inspect(row).dict
    return loaded if loaded.keys() >= fields else row


#: Names and types of the columns of bulk parameters, in order.
BulkColumns = Mapping[str, TypeEngine[Any]]


def bulk_table(name: str, columns: BulkColumns) -> TableValuedAlias:
    """A table of rows passed at execution, for `select`, `update … where` and `insert … from_select`.

    Execute the statement with `bulk_values`: one round trip for any number of rows, as one array per column, while
    `executemany` binds and plans each row.
    """
    typed = [column(column_name, kind) for column_name, kind in columns.items()]
    return func.unnest(*bulk_parameters(name, columns)).table_valued(*typed, name=name).render_derived()


def bulk_given(name: str, columns: BulkColumns, *, place: str = "") -> str:
    """`bulk_table` as text for textual statements; with `place`, the row number under that name.

    Bind it with `bulk_parameters`.
    """
    names, numbered = ", ".join([*columns, place] if place else columns), "WITH ORDINALITY " if place else ""
    return f"unnest({', '.join(f':{name}_{column_name}' for column_name in columns)}) {numbered}AS {name}({names})"


def bulk_parameters(name: str, columns: BulkColumns) -> list[BindParameter[Any]]:
    """Typed parameters of `bulk_given`."""
    return [bindparam(f"{name}_{column_name}", type_=ARRAY(kind)) for column_name, kind in columns.items()]


def bulk_values(name: str, columns: BulkColumns, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Parameters of an execution: rows with their values in the order of the columns."""
    arrays: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {f"{name}_{column_name}": list(array) for column_name, array in zip(columns, arrays, strict=True)}
