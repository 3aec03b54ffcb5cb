"""The guard of lifecycles in tests: in `app/`, one module alone writes the status of links and access requests."""

import sys
from pathlib import Path
from types import FrameType

from sqlalchemy import event

import app
from app.links.models import AccessRequest, AccessRequestColumns, Link, LinkPlatform

APP = Path(app.__file__).parent
OWNER = APP / "links" / "aggregate.py"
#: All that the pipeline follows from, and every column that changes with a status.
OWNED = (
    Link.status, Link.stage, Link.next_actor, Link.next_actor_since, Link.open_count, Link.done_count,
    LinkPlatform.lane, Link.needed_again_at, AccessRequest.status, AccessRequest.status_since, AccessRequest.next_actor,
    *(getattr(AccessRequest, name) for name in AccessRequestColumns.__annotations__),
)  # fmt: skip


class WrittenElsewhere(AssertionError):
    """A module writes what the aggregate owns: add a method there."""


def guard() -> None:
    """Watch every assignment from now on."""
    for attribute in OWNED:
        event.listen(attribute, "set", _check)


def _check(_row: object, value: object, _before: object, _initiator: object) -> None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_of_sqlalchemy(frame.f_code.co_filename):
        frame = frame.f_back
    assert frame is not None
    writer = Path(frame.f_code.co_filename)
    if writer.is_relative_to(APP) and writer != OWNER:
        raise WrittenElsewhere(f"{writer.relative_to(APP.parent)}:{frame.f_lineno} writes {value!r}")


def _is_of_sqlalchemy(file: str) -> bool:
    """SQLAlchemy's own, and the constructors that it generates."""
    return "sqlalchemy" in file or file == "<string>"
