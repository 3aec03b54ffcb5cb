"""What a process writes to its log, line by line, also when it ends at once."""

import json
import subprocess
import sys

SCRIPT = """
import asyncio, structlog
from app.kit import logs
logs.set_up(json=True)
log = structlog.get_logger("x")
log.info("before")
async def main():
    for number in range(3):
        log.info("inside", number=number)
    logs.many("many", [{"number": 1, "odd": object}, {"number": 2}])
    await asyncio.sleep(0)
    log.info("last")
asyncio.run(main())
log.info("after")
"""


def test_every_line_comes_out_in_order() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "before", "inside", "inside", "inside", "many", "many", "last", "after",
    ]  # fmt: skip
    assert [line["number"] for line in lines if line["event"] == "many"] == [1, 2]
    assert all(line["timestamp"] for line in lines)
    assert {line["level"] for line in lines} == {"info"}
