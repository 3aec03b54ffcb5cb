"""Verification from outside: over the API, by the program of docs/audit.md, and by the command."""

import asyncio
import re
import sys
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from app.audit import sealer
from app.cli.main import cli
from app.kit import ids
from app.kit.database import Sessions
from tests.world import KEYS, PUBLIC_URL, World, keyring

DOCS = Path(__file__).parents[2] / "docs" / "audit.md"
#: Triggers and foreign keys stand aside, as for somebody with every right in the database.
UNCHECKED = "SET LOCAL session_replication_role = replica"
FORGED = "UPDATE audit_entries SET actor_id = 'nobody' WHERE agency_id = :agency AND subject_id = :client"


async def test_over_the_api_and_by_another_program(
    api: httpx2.AsyncClient,
    sessions: Sessions,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("One", "Zwei “é”"):
        await api.patch(f"/clients/{world.north.client_id}", json={"name": name})
        await sealer.seal_all(sessions, keyring())
    second, first = (await api.get("/audit/seals")).json()["data"]
    assert (first["number"], first["previous"], second["previous"]) == (1, "0" * 64, first["seal"])
    assert (await api.get("/audit/seals", params={"limit": 1})).json()["data"] == [second]
    for known in ("1", first["printed"], f"1-{first['seal']}"):
        assert (await api.get(f"/audit/seals/{known}")).json() == first
    for unknown in ("3", "0", "x", f"2-{first['seal']}", "9" * 30):
        assert (await api.get(f"/audit/seals/{unknown}")).status_code == 404
    part = (await api.get("/audit/verification", params={"limit": 1})).json()
    assert (part["is_intact"], part["next_after"], part["records"]) == (True, 1, first["records"])
    rest = (await api.get("/audit/verification", params={"after": part["next_after"]})).json()
    assert (rest["is_intact"], rest["next_after"], rest["records"], rest["waiting"]) == (
        True,
        None,
        second["records"],
        0,
    )

    file = tmp_path / "seals.jsonl"
    file.write_bytes((await api.get("/audit/seals/export")).content)
    [program] = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setattr(sys, "argv", ["verify.py", str(file)])
    exec(program, {})
    assert capsys.readouterr().out.endswith(f"2 seals, the last one {second['seal']}\n")
    lines = file.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[:-1]):
        changed = line.replace("Zwei", "Drei") if "Zwei" in line else line.replace("0", "1", 1)
        file.write_text("\n".join([*lines[:number], changed, *lines[number + 1 :]]), encoding="utf-8")
        with pytest.raises((AssertionError, ValueError)):
            exec(program, {})

    client = {
        "agency": ids.parse("agency", world.north.agency_id),
        "client": ids.parse("client", world.north.client_id),
    }
    async with sessions.begin() as session:
        await session.execute(text(UNCHECKED))
        await session.execute(text(FORGED), client)
    found = (await api.get("/audit/verification")).json()
    assert (found["is_intact"], found["deviation"]["problem"], found["deviation"]["seal"]) == (False, "changed", 1)
    assert found["deviation"]["sentence"] == f"{found['deviation']['record_id']} was changed after seal 1 was made."


async def test_by_the_command(database_url: str, sessions: Sessions, world: World) -> None:
    async def verify(*options: str, keys: str = KEYS) -> Result:
        env = {"DATABASE_URL": database_url, "KEYTURN_SECRET_KEYS": keys, "KEYTURN_PUBLIC_URL": PUBLIC_URL}
        return await asyncio.to_thread(CliRunner().invoke, cli, ["audit", "verify", *options], env=env)

    nothing = await verify("--agency", "north")
    assert (nothing.exit_code, "nothing is sealed yet" in nothing.stdout) == (0, True), nothing.output
    await sealer.seal_all(sessions, keyring())
    both = await verify()
    assert both.exit_code == 0, both.output
    [kept] = re.findall(r"north: intact\..* newest seal (\S+)\.", both.stdout)
    assert "south: intact." in both.stdout
    assert (await verify("--agency", "north", "--seal", kept)).exit_code == 0
    for options, said, status in (
        (("--agency", "south", "--seal", kept), "Seal 1 is not the one that you gave", 1),
        (("--agency", "north", "--seal", kept.replace("1-", "7-", 1)), "Seal 7 is missing", 1),
        (("--seal", kept), "Give --agency", 1),
        (("--agency", "west"), "Give --agency one of: north, south", 1),
        (("--agency", "north", "--seal", "7"), "is no seal", 2),
    ):
        refused = await verify(*options)
        assert (refused.exit_code, said in refused.output) == (status, True), refused.output
    other_key = "k2:" + "QkJC" * 10 + "QkI="
    assert "The key of seal 1 is not in the key ring" in (await verify("--agency", "north", keys=other_key)).stdout
    assert (await verify("--agency", "north", "--seal", kept, keys=other_key)).exit_code == 0
