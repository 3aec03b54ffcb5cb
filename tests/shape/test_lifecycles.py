"""Only the aggregate writes the status of a link or an access request; `tests/lifecycles.py` watches every test."""

import re

import pytest

from app.links.models import AccessRequest, Link
from tests.lifecycles import APP, OWNER, WrittenElsewhere
from tests.shape import source

ELSEWHERE = str(APP / "links" / "service.py")
WRITES = [
    "link.status = 'sent'", "access_request.status = 'verified'", "access_request.next_actor = 'client'",
    "access_request.status_since = None", "AccessRequest(status='waiting')",
]  # fmt: skip
#: What no assignment shows: statements that write many rows.
BULK = re.compile(r"\b(?:update|insert)\((?:Link|AccessRequest)\)")


def run(words: str, file: str) -> None:
    known = {"link": Link(), "access_request": AccessRequest(), "AccessRequest": AccessRequest}
    exec(compile(words, file, "exec"), known)


@pytest.mark.parametrize("words", WRITES)
def test_a_write_elsewhere_is_seen(words: str) -> None:
    with pytest.raises(WrittenElsewhere, match=r"app/links/service\.py:1"):
        run(words, ELSEWHERE)
    run(words, str(OWNER))


def test_no_statement_writes_them_in_bulk() -> None:
    writers = [str(path) for path in source.python_files() if path.parts[0] == "app" and BULK.search(source.text(path))]
    assert writers == []
