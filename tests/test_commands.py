"""The command line: the same things as the API, for people and for programs."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.commands import GROUPS
from tests import world as worlds
from tests.world import World

Run = Callable[..., Coroutine[Any, Any, Result]]


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command of the north agency; what is not one of an agency takes `agency=None`."""
    env = {
        "DATABASE_URL": database_url,
        "KEYTURN_SECRET_KEYS": worlds.KEYS,
        "KEYTURN_PUBLIC_URL": worlds.PUBLIC_URL,
    }

    async def command(*words: str, agency: str | None = "north") -> Result:
        whose = ["--agency", agency] if agency else []
        return await asyncio.to_thread(CliRunner().invoke, cli, [*words, *whose], env=env)

    return command


async def found(run: Run, *words: str, agency: str | None = "north") -> Any:
    """The JSON a command prints."""
    result = await run(*words, "--json", agency=agency)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


async def test_from_nothing_to_a_link(run: Run) -> None:
    contact = ("--contact", "Zoë", "--email", "zoe@west.example")
    await found(run, "agency", "create", "--name", "West", "--slug", "west", *contact, agency=None)
    refused = await run("agency", "connect", agency="west")
    assert refused.exit_code != 0
    assert "keyturn agency set-app" in refused.stderr
    app = ("--app-id", "7400000000000000003", "--secret", "s3cret")
    shown = await found(run, "agency", "set-app", *app, agency="west")
    assert shown["redirect_uri"] == "https://go.keyturn.example/callbacks/tiktok"
    await found(run, "agency", "add-business-center", "7000111122223333444", "--name", "West", agency="west")
    key = await found(run, "key", "create", "--name", "CRM", "--scope", "links:read", agency="west")
    assert (key["scopes"], key["value"][:8]) == (["links:read"], "kt_live_")
    link = await found(run, "link", "create", "--client", "Brand SA", "--days", "7", agency="west")
    assert link["address"].startswith("https://go.keyturn.example/west/brand-sa/")
    again = await found(run, "link", "address", link["id"], agency="west")
    assert again["address"] == link["address"]
    assert (await found(run, "agency", "connect", agency="west"))["address"].startswith(worlds.PUBLIC_URL)


async def test_the_agencys_ids_at_manual_platforms(run: Run) -> None:
    told = await found(run, "agency", "set-platform", "google_ads", "manager_id=123-456-7890")
    assert (told["identifiers"], told["missing"]) == ({"manager_id": "123-456-7890"}, [])
    listed = {each["key"]: each["missing"] for each in await found(run, "agency", "platforms")}
    assert (listed["google_ads"], listed["meta"]) == ([], ["portfolio_id"])
    for wrong, said in (
        (("google_ads", "manager_id=acme"), "10 digits"), (("google_ads", "123"), "name=value"),
        (("nowhere", "id=1"), "not"),
    ):  # fmt: skip
        refused = await run("agency", "set-platform", *wrong)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr


async def test_every_list_prints_a_table_and_json(run: Run) -> None:
    await run("endpoint", "create", "https://hooks.example.com/in", "--type", "access.*")
    for name, _, _ in GROUPS:
        if name in ("agency", "access_request", "platform"):
            continue
        table = await run(name, "list")
        assert (table.exit_code, bool(table.stdout)) == (0, True), name
        assert isinstance(await found(run, name, "list"), list)
    assert "north" in (await run("agency", "list", agency=None)).stdout
    assert "Maison Lune" in (await run("client", "list")).stdout


async def test_a_links_life(run: Run, world: World) -> None:
    link_id = world.north.link_id
    assert (await found(run, "link", "list", "--status", "draft"))[0]["id"] == link_id
    assert (await found(run, "link", "extend", link_id, "--days", "30"))["status"] == "draft"
    shown = await run("link", "show", link_id)
    assert "ad_account" in shown.stdout
    access_request_id = (await found(run, "link", "show", link_id))["access_requests"][0]["id"]
    assert (await found(run, "access_request", "show", access_request_id))["status"] == "waiting"
    for words in (
        ("access_request", "verify", access_request_id),
        ("access_request", "attest", access_request_id, "--by", "Ana"),
    ):
        refused = await run(*words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("The client has not approved this access yet.")
    assert (await found(run, "link", "revoke", link_id))["status"] == "revoked"
    types = [event["type"] for event in await found(run, "event", "list", "--subject", link_id)]
    assert types == ["link.revoked", "link.extended", "link.created"]


async def test_keys_and_clients(run: Run, world: World) -> None:
    assert (await found(run, "key", "revoke", world.north.key_id))["revoked_at"]
    known = await found(run, "client", "create", "--name", "Other", "--external-id", "crm-1")
    assert known["id"] == world.north.client_id
    wrong = await run("client", "create", "--name", "x", "--email", "nope")
    assert wrong.exit_code == 1
    assert "email: Enter an e-mail address such as ana@brand.com." in wrong.stderr


async def test_endpoints_and_deliveries(run: Run) -> None:
    made = await found(run, "endpoint", "create", "https://hooks.example.com/in", "--type", "link.opened")
    assert made["secret"].startswith("whsec_")
    queued = await found(run, "endpoint", "test", made["id"], "--type", "link.opened")
    assert [each["id"] for each in await found(run, "delivery", "list")] == [queued["id"]]
    assert (await run("endpoint", "delete", made["id"])).exit_code == 0
    assert await found(run, "endpoint", "list") == []


async def test_an_endpoints_life(run: Run) -> None:
    wish = ("--ordering", "by_subject", "--rate", "10/1/20", "--header", "X-Key=hush", "--metadata", "team=crm")
    made = await found(run, "endpoint", "create", "https://hooks.example.com/in", "--type", "link.*", *wish)
    assert made["rate_limit"] == {"max": 10, "per_seconds": 1, "burst": 20}
    assert (made["ordering"], made["headers"], made["metadata"]) == (
        "by_subject", {"X-Key": "********"}, {"team": "crm"},
    )  # fmt: skip
    there = made["id"]
    nobodys = ("--link", "link_01ksy1q3e0fzs8qj5m8g3d4w7s")
    changed = await found(run, "endpoint", "update", there, "--rate", "", *nobodys, "--if-match", "1")
    assert (changed["rate_limit"], changed["version"], len(changed["warnings"])) == (None, 2, 1)
    late = await run("endpoint", "update", there, "--description", "x", "--if-match", "1")
    assert (late.exit_code, "changed since" in late.stderr) == (1, True)
    cleared = await found(run, "endpoint", "update", there, "--link", "", "--header", "", "--metadata", "")
    assert (cleared["filter"], cleared["headers"], cleared["metadata"]) == (None, {}, {})
    assert (await found(run, "endpoint", "pause", there))["paused_at"]
    assert (await found(run, "endpoint", "resume", there))["paused_at"] is None
    assert (await found(run, "endpoint", "disable", there))["status"] == "disabled"
    assert (await found(run, "endpoint", "update", there, "--enabled"))["status"] == "active"
    assert (await found(run, "endpoint", "show", there))["version"] == 7
    for wrong in (("--header", "nothing"), ("--rate", "fast"), ("--concurrency", "21"), ("--mode", "fat")):
        assert (await run("endpoint", "update", there, *wrong)).exit_code == 1


async def test_signing_secrets(run: Run) -> None:
    there = (await found(run, "endpoint", "create", "https://hooks.example.com/in"))["id"]
    new = await found(run, "endpoint", "rotate-secret", there, "--grace", "60")
    [current, before] = await found(run, "endpoint", "secrets", there)
    assert (current, before["expires_at"] is None) == (new, False)
    refused = await run("endpoint", "rotate-secret", there)
    assert (refused.exit_code, "--force" in refused.stderr or "force" in refused.stderr) == (1, True)
    assert (await run("endpoint", "end-secret", there, before["id"])).exit_code == 0
    assert (await run("endpoint", "end-secret", there, current["id"])).exit_code == 1
    short = await run("endpoint", "rotate-secret", there, "--secret", "whsec_c2hvcnQ=")
    assert (short.exit_code, "too short: 5 bytes" in short.stderr) == (1, True)


async def test_a_challenge_that_fails_is_recorded(run: Run) -> None:
    there = (await found(run, "endpoint", "create", "https://hooks.invalid/in"))["id"]
    failed = await run("endpoint", "verify", there)
    assert (failed.exit_code, "did not answer its challenge" in failed.stderr) == (1, True)
    types = [each["type"] for each in await found(run, "event", "list", "--subject", there)]
    assert types[0] == "webhook.endpoint.verification_failed"


async def test_which_agency_has_to_be_clear(run: Run, world: World) -> None:
    unclear = await run("link", "list", agency=None)
    assert (unclear.exit_code, "north, south" in unclear.stderr) == (1, True)
    assert (await run("link", "list", agency="nowhere")).exit_code == 1
    theirs = await run("link", "show", world.south.link_id)
    assert (theirs.exit_code, "nothing here" in theirs.stderr) == (1, True)
    assert (await run("link", "show", "zzz")).exit_code == 1


async def test_what_fails_changes_nothing(run: Run) -> None:
    wrong = await run("agency", "update", "--name", "New", "--colour", "red")
    assert (wrong.exit_code, "colour: Give the colour as #" in wrong.stderr) == (1, True)
    assert (await found(run, "agency", "show"))["name"] == "North Agency"
    assert (await found(run, "agency", "update", "--colour", "#112233"))["colour"] == "#112233"


async def meta_preset(run: Run, folder: Path) -> str:
    """A preset that asks for access at Meta, of which the agency has not told its id."""
    (folder / "meta.toml").write_text(
        'slug = "meta"\nname = "Meta"\nsentence = "Meta."\nscreens = []\n'
        '[[access_requests]]\nplatform = "meta"\nkind = "custom"\nrole = "MANAGE_CAMPAIGNS"\nreason = "To run '
        'campaigns."\n'
    )
    return str((await found(run, "preset", "import", str(folder / "meta.toml")))["slug"])


async def test_a_hint_says_the_command_to_run(run: Run, world: World, tmp_path: Path) -> None:
    """The API says the same as method and path."""
    unknown = await run("link", "create", "--client", "Brand SA", "--preset", "nowhere")
    assert unknown.stderr.splitlines()[-1] == "`keyturn preset list` lists them."
    missing = await run("link", "show", "link_01ksy1q3e0fzs8qj5m8g3d4w7s")
    assert missing.stderr.splitlines()[-1].endswith("the agency named with `--agency`.")
    lacking = await run("link", "create", "--client", "Brand SA", "--preset", await meta_preset(run, tmp_path))
    assert "`keyturn agency set-platform meta portfolio_id=1234567890123456`" in lacking.stderr
    person = ("--kind", "person", "--role", "ANALYST", "--reason", "To see the ads.")
    refused = await run("link", "add-access-request", world.north.link_id, *person)
    assert "`keyturn link add-person LINK_ID --email … --reason …`" in refused.stderr
    typed = await run("endpoint", "create", "https://hooks.example.com/in", "--type", "zzz")
    assert "`keyturn endpoint event-types` lists all of them." in typed.stderr


async def test_what_can_be_asked_for(run: Run) -> None:
    """Each role that is listed is taken by a preset, by its own name and by each other name."""
    listed = await found(run, "platform", "list", agency=None)
    assert [each["platform"] for each in listed][:2] == ["tiktok", "google_ads"]
    kinds = {kind["kind"]: kind for kind in listed[0]["kinds"]}
    assert [(each["role"], each["also"]) for each in kinds["ad_account"]["roles"]] == [
        ("ANALYST", ["OBSERVER"]), ("OPERATOR", []), ("ADMIN", []),
    ]  # fmt: skip
    assert (kinds["pixel"]["through"], kinds["person"]["in_presets"]) == ("ad_account", False)
    table = (await run("platform", "list", "tiktok", agency=None)).stdout
    assert ("OBSERVER" in table, "meta" in table) == (True, False)
    unknown = await run("platform", "list", "nowhere", agency=None)
    assert (unknown.exit_code, "There is tiktok, " in unknown.stderr) == (1, True)


async def test_an_event_and_the_types_of_events(run: Run) -> None:
    [last] = await found(run, "event", "list", "--limit", "1")
    assert await found(run, "event", "show", last["id"]) == last
    assert last["type"] in (await run("endpoint", "event-types", agency=None)).stdout
    types = await found(run, "endpoint", "event-types", agency=None)
    assert {"type", "sentence", "schema", "example"} <= set(types[0])


async def test_a_client_is_changed(run: Run, world: World) -> None:
    changed = await found(
        run, "client", "update", world.north.client_id, "--contact", "Zoë", "--email", "zoe@x.example"
    )
    assert (changed["contact_name"], changed["contact_email"]) == ("Zoë", "zoe@x.example")
    cleared = await found(run, "client", "update", world.north.client_id, "--email", "")
    assert (cleared["contact_name"], cleared["contact_email"]) == ("Zoë", None)


async def test_deliveries_and_replays(run: Run) -> None:
    endpoint = await found(run, "endpoint", "create", "https://hooks.example.com/in", "--type", "access.*")
    delivery = await found(run, "endpoint", "test", endpoint["id"])
    assert (await found(run, "delivery", "show", delivery["id"]))["status"] == "pending"
    assert (await run("delivery", "retry", delivery["id"])).exit_code == 1
    assert (await found(run, "delivery", "cancel", delivery["id"]))["reason"] == "user"
    assert (await found(run, "delivery", "retry", delivery["id"]))["status"] == "pending"
    assert (await found(run, "endpoint", "stats", endpoint["id"]))["backlog"] == 1
    replay = await found(run, "replay", "create", endpoint["id"], "--select", "missing")
    assert (await found(run, "replay", "show", replay["id"]))["status"] == "running"
    assert (await run("replay", "cancel", replay["id"])).exit_code == 0
    assert (await found(run, "endpoint", "activate", endpoint["id"]))["status"] == "active"
    assert (await run("delivery", "list", "--status", "lost")).exit_code == 1
    assert len(await found(run, "event", "list", "--type", "client.*")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give either --client or --client-id."),
        (("--client", "A", "--business-center", "7000111122223333999"), "--business-center: "),
        (("--client", "A", "--email", "nobody"), "--email: "),
        (("--client-id", "client_01ksy1q3e0fzs8qj5m8g3d4w7t"), "There is no client client_01ksy1q3e0fzs8qj5m8g3d4w7t."),
        (("--client-id", "somebody"), "There is no client somebody."),
    ],
)
async def test_what_is_wrong_with_a_link_is_said_by_its_option(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = await run("link", "create", *words)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert "\n  : " not in refused.stderr
    assert "agency_bc_id" not in refused.stderr


async def test_a_local_address_names_the_setting_that_opens_it(run: Run) -> None:
    refused = await run("endpoint", "create", "http://127.0.0.1:9000/hook")
    assert (refused.exit_code, "KEYTURN_EGRESS_ALLOW" in refused.stderr) == (1, True), refused.stderr
