"""Audited tables: a trigger of each records who changed what, from where, in the transaction of the change.

A mapped class declares itself audited with `__audit__`; a migration creates the triggers that `triggers` describes. The
triggers see every statement, whatever sent it. Actor and origin reach them as a setting of the transaction, which is
made before the first statement on an audited table. Without it, as for a change with psql, the actor is `database`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, Table, event, inspect, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from app.kit.actor import current_actor, current_origin
from app.kit.database import Base

#: Setting of a transaction that holds actor and origin as JSON, read by the SQL function `record_audit_entry`.
SETTING = "keyturn.actor"
#: Columns that every entry has otherwise.
_NEVER = frozenset({"agency_id", "id", "created_at", "updated_at"})
_LONGEST_ADDRESS, _LONGEST_AGENT = 64, 256
_SET = text(f"SELECT set_config('{SETTING}', :principal, true)")
#: Key of the setting that the transaction of a session has.
_BOUND = "audit_principal"


@dataclass(frozen=True)
class Audit:
    """Declaration of an audited table. `subject` names a row of it; a row without an id has that of its link.

    `only`: the audited columns, by default all but `ignored`. `personal` columns can be erased from entries. Hashed
    and encrypted columns are secrets: an entry says that one changed, and never contains its values.
    """

    subject: str
    only: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def columns(self, table: Table) -> list[str]:
        """Names of the audited columns."""
        if self.only:
            return list(self.only)
        return [column.name for column in table.columns if column.name not in _NEVER.union(self.ignored)]


def audited() -> dict[str, type[Base]]:
    """The audited classes by subject."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    found = {about.subject: each for each in classes if (about := declaration(each)) is not None}
    return dict(sorted(found.items()))


def declaration(model: type[Any]) -> Audit | None:
    """The declaration of a class, if it is audited."""
    found: Audit | None = getattr(model, "__audit__", None)
    return found


def secrets(table: Table) -> list[str]:
    """Names of the columns whose values are never recorded."""
    return [
        column.name
        for column in table.columns
        if isinstance(column.type, LargeBinary) or column.name.endswith(("_hash", "_encrypted"))
    ]


def triggers(model: type[Base]) -> list[str]:
    """Statements that create the triggers of an audited class, for a migration."""
    table, found = inspect(model).local_table, declaration(model)
    assert found is not None
    assert isinstance(table, Table)
    names = found.columns(table)
    lists = (names, found.personal, [name for name in secrets(table) if name in names])
    arguments = ", ".join([f"'{found.subject}'", *("'{" + ",".join(each) + "}'" for each in lists)])
    call = f"EXECUTE FUNCTION record_audit_entry({arguments})"
    old, new = (", ".join(f'{row}."{name}"' for name in names) for row in ("OLD", "NEW"))
    return [
        f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON {table.name} FOR EACH ROW {call}",
        f"CREATE TRIGGER audit_changes AFTER UPDATE ON {table.name} "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}",
    ]


def principal() -> str:
    """Actor and origin, as the setting holds them."""
    actor, origin = current_actor(), current_origin()
    found = {"kind": actor.kind, "id": actor.id}
    if origin is not None:
        found |= {
            "request_id": origin.request_id,
            "address": origin.address[:_LONGEST_ADDRESS],
            "agent": origin.user_agent.replace("\x00", "")[:_LONGEST_AGENT],
        }
    return json.dumps({name: value for name, value in found.items() if value})


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if any(_is_recorded(session)):
        _bind(session)


@event.listens_for(Session, "do_orm_execute")
def _before_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    found = declaration(state.bind_mapper.class_)
    if found is None:
        return
    if state.is_update:  # values given per row are unknown here: they may be audited
        named = {getattr(column, "key", column) for column in getattr(state.statement, "_values", None) or ()}
        if named and named.isdisjoint(found.columns(state.bind_mapper.local_table)):  # type: ignore[arg-type]
            return
    _bind(state.session)


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _previous: SessionTransaction) -> None:
    session.info.pop(_BOUND, None)


@event.listens_for(Session, "after_transaction_end")
def _after_transaction(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_BOUND, None)


def _is_recorded(session: Session) -> Iterator[bool]:
    """For each object to be flushed, whether a trigger records its change."""
    for each in (*session.new, *session.deleted):
        yield declaration(type(each)) is not None
    for each in session.dirty:
        found = declaration(type(each))
        if found is not None:
            state = inspect(each)
            changed = {state.mapper.attrs[key].columns[0].name for key in _changed(state.committed_state, state.mapper)}
            yield not changed.isdisjoint(found.columns(state.mapper.local_table))


def _changed(committed: Mapping[str, Any], mapper: Any) -> Iterator[str]:
    """Names of the changed attributes that are columns."""
    return (key for key in committed if key in mapper.column_attrs)


def _bind(session: Session) -> None:
    """Tell the triggers who changes what follows in this transaction."""
    wanted = principal()
    if session.info.get(_BOUND) != wanted:
        session.connection().execute(_SET, {"principal": wanted})
        session.info[_BOUND] = wanted
