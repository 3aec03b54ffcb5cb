"""Commands of the API, against an installation that runs."""

import asyncio
import io
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from app.cli import operations
from tests.cli.conftest import Keyturn
from tests.webhooks.destinations.hubspot_account import TOKEN, Account
from tests.webhooks.destinations.receiving import Heard, Said, serving
from tests.world import World

NOBODYS = "link_01ksy1q3e0fzs8qj5m8g3d4w7s"
HOOK = "https://hooks.example.com/in"
META = """slug = "{slug}"
name = "Meta"
sentence = "Meta."
screens = []

[[access_requests]]
platform = "meta"
kind = "custom"
role = "MANAGE_CAMPAIGNS"
reason = "To run campaigns."
"""


async def endpoint(keyturn: Keyturn, *more: str) -> Any:
    """A new endpoint for everything about links."""
    return await keyturn.json("endpoints", "create", "--url", HOOK, "--event-types", "link.*", *more)


# Bodies


async def test_a_nested_body_is_made_of_options(keyturn: Keyturn) -> None:
    made = await keyturn.json(
        "links", "create", "--client.name", "Brand SA", "--client.contact-email", "zoe@brand.example",
        "--preset", "audit-only", "--expires-at", "+7d", "--external-id", "deal:1",
    )  # fmt: skip
    assert (made["client"]["name"], made["client"]["contact_email"], made["preset"]) == (
        "Brand SA", "zoe@brand.example", "audit-only",
    )  # fmt: skip
    away = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6.9) < away <= timedelta(days=7)
    again = await keyturn.json("links", "get-address", made["id"])
    assert again["address"] == made["address"]


async def test_a_whole_body_comes_from_a_file_or_standard_input_and_options_change_it(
    keyturn: Keyturn, tmp_path: Path
) -> None:
    body = {"url": HOOK, "event_types": ["link.*"], "rate_limit": {"max": 10, "burst": 20}, "description": "of file"}
    (tmp_path / "body.json").write_text(json.dumps(body))
    for words, stdin in (((str(tmp_path / "body.json"),), None), (("-",), json.dumps(body))):
        made = await keyturn.json("endpoints", "create", "--input", *words, "--rate-limit.max", "5", stdin=stdin)
        assert made["rate_limit"] == {"max": 5, "per_seconds": 1, "burst": 20}
        assert made["description"] == "of file"
    for wrong, said in (("{", "not JSON"), ("[]", "one JSON object")):
        refused = await keyturn.run("endpoints", "create", "--input", "-", stdin=wrong)
        assert (refused.exit_code, said in refused.stderr) == (2, True), refused.output


async def test_lists_and_pairs_are_options_that_are_repeated_or_json(keyturn: Keyturn) -> None:
    made = await keyturn.json(
        "endpoints", "create", "--url", HOOK, "--event-types", "link.*", "--event-types", "client.created",
        "--headers", "X-Key=hush", "--metadata", '{"team": "crm"}', "--metadata", "owner=bo=1", "--no-personal",
        "--retry-policy", "[60, 3600]", "--ordering", "by_subject",
    )  # fmt: skip
    assert made["event_types"] == ["link.*", "client.created"]
    assert (made["headers"], made["metadata"]) == ({"X-Key": "********"}, {"team": "crm", "owner": "bo=1"})
    assert (made["personal"], made["retry_policy"], made["ordering"]) == (False, [60, 3600], "by_subject")
    [center] = await keyturn.rows("agency", "list-accounts")
    buyer = json.dumps({"email": "bo@north.example", "role": "OPERATOR"})
    named = await keyturn.json("agency", "set-buyers", center["id"], "--buyers", buyer)
    assert [(each["email"], each["role"]) for each in named["buyers"]] == [("bo@north.example", "OPERATOR")]
    assert (await keyturn.json("agency", "set-buyers", center["id"], "--buyers", "[]"))["buyers"] == []


async def test_a_patch_changes_what_is_named_and_sets_to_null(keyturn: Keyturn) -> None:
    made = await endpoint(keyturn, "--rate-limit.max", "10", "--filter.link-id", NOBODYS, "--description", "kept")
    assert any("this filter lets nothing through" in each for each in made["warnings"])
    changed = await keyturn.json(
        "endpoints", "update", made["id"], "--set-null", "rate_limit", "--set-null", "filter", "--headers", "{}"
    )
    assert (changed["rate_limit"], changed["filter"], changed["headers"]) == (None, None, {})
    assert (changed["description"], changed["version"]) == ("kept", made["version"] + 1)
    client = await keyturn.json("clients", "create", "--name", "Zoë SA", "--contact-email", "z@x.example")
    cleared = await keyturn.json("clients", "update", client["id"], "--set-null", "contact_email")
    assert (cleared["name"], cleared["contact_email"]) == ("Zoë SA", None)
    unknown = await keyturn.run("clients", "update", client["id"], "--set-null", "name")
    assert (unknown.exit_code, "contact_email" in unknown.stderr) == (2, True)


async def test_a_change_of_something_that_changed_meanwhile_is_refused(keyturn: Keyturn) -> None:
    made = await endpoint(keyturn)
    assert (await keyturn.json("endpoints", "update", made["id"], "--concurrency", "2", "--if-match", "1"))[
        "version"
    ] == 2
    late = await keyturn.run("endpoints", "update", made["id"], "--concurrency", "3", "--if-match", "1")
    assert (late.exit_code, "changed since" in late.stderr, "`--if-match`" in late.stderr) == (1, True, True), (
        late.stderr
    )


async def test_a_command_that_is_repeated_with_its_key_is_carried_out_once(keyturn: Keyturn) -> None:
    words = ("clients", "create", "--name", "Once", "--idempotency-key", "k-1")
    assert await keyturn.json(*words) == await keyturn.json(*words)
    assert (await keyturn.json(*words[:4]))["id"] != (await keyturn.json(*words[:4]))["id"]


# Lists, tables and waiting


async def test_a_list_is_read_page_by_page_or_whole(keyturn: Keyturn) -> None:
    for number in range(5):
        await keyturn.json("clients", "create", "--name", f"Page {number}")
    first = await keyturn.json("clients", "list", "--limit", "2")
    assert len(first["data"]) == 2
    table = await keyturn.run("clients", "list", "--limit", "2")
    assert f"--cursor {first['next_cursor']}, or --all" in table.stderr
    second = await keyturn.rows("clients", "list", "--limit", "2", "--cursor", first["next_cursor"])
    whole = await keyturn.json("clients", "list", "--limit", "2", "--all")
    assert whole["next_cursor"] is None
    assert whole["data"][:4] == [*first["data"], *second]
    assert whole["data"] == await keyturn.rows("clients", "list", "--all")
    events = await keyturn.rows("events", "list", "--after", "", "--limit", "3", "--all")
    assert [each["id"] for each in events] == [each["id"] for each in await keyturn.rows("events", "list", "--all")][
        ::-1
    ]


async def test_every_list_prints_a_table_and_json(keyturn: Keyturn) -> None:
    made = await endpoint(keyturn)
    await keyturn.json("endpoints", "send-test", made["id"], "--event-type", "link.opened")
    lists = [each for each in operations.every() if each.name == "list"]
    assert len(lists) > 12
    for each in lists:
        table = await keyturn.run(each.group, each.name)
        assert (table.exit_code, bool(table.stdout)) == (0, True), (each.group, table.output)
        rows = await keyturn.rows(each.group, each.name)
        assert isinstance(rows, list)
        if rows:
            assert len(table.stdout.splitlines()) > len(rows), each.group
            assert str(next(iter(rows[0].values()))) in table.stdout, each.group


async def test_a_table_has_the_columns_that_say_most_or_those_that_are_named(keyturn: Keyturn, world: World) -> None:
    shown = (await keyturn.run("links", "list", "--client-id", world.north.client_id)).stdout
    assert shown.split("\n")[0].split() == [
        "id", "client_id", "preset", "status", "next_actor", "expires_at", "created_at",
    ]  # fmt: skip
    named = (
        await keyturn.run("links", "list", "--client-id", world.north.client_id, "--columns", "id,language")
    ).stdout
    assert named.split() == ["id", "language", world.north.link_id, "–"]


async def test_a_column_may_be_nested_and_an_unknown_one_is_refused_before_anything_is_sent(
    keyturn: Keyturn, world: World
) -> None:
    shown = await keyturn.run("links", "get", world.north.link_id, "--columns", "client.name,status")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["status", "client.name"], shown.output
    events = await keyturn.run("events", "list", "--columns", "type,data.link_id", "--limit", "1")
    assert events.exit_code == 0, events.output
    nowhere = "http://127.0.0.1:9"
    refused = await keyturn.run("links", "list", "--columns", "id,client.name", KEYTURN_URL=nowhere)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "There is no column 'client.name'. The columns are: id, client_id," in refused.stderr


async def test_one_thing_is_shown_with_the_lists_in_it(keyturn: Keyturn, world: World) -> None:
    link = (await keyturn.run("links", "get", world.north.link_id)).stdout
    assert "client.name" in link
    assert "Maison Lune" in link
    assert "\naccess_requests:\n" in link
    assert "ad_account" in link
    assert "opened_at" not in link, "what has no value is left out"
    [wanted] = (await keyturn.json("links", "get", world.north.link_id))["access_requests"]
    assert (await keyturn.json("access-requests", "get", wanted["id"]))["status"] == "waiting"
    assert "cannot_tell" in (await keyturn.run("links", "get-readiness", world.north.link_id)).stdout
    preset = (await keyturn.run("presets", "get", "run-campaigns")).stdout
    assert "OPERATOR" in preset


async def test_what_can_be_requested(keyturn: Keyturn) -> None:
    listed = await keyturn.rows("platforms", "list")
    assert [each["platform"] for each in listed][:2] == ["tiktok", "google_ads"]
    one = await keyturn.json("platforms", "get", "tiktok")
    assert one == listed[0]
    kinds = {kind["kind"]: kind for kind in one["kinds"]}
    assert [(each["role"], each["also"]) for each in kinds["ad_account"]["roles"]] == [
        ("ANALYST", ["OBSERVER"]), ("OPERATOR", []), ("ADMIN", []),
    ]  # fmt: skip
    table = (await keyturn.run("platforms", "get", "tiktok")).stdout
    assert "ANALYST, OPERATOR, ADMIN" in table
    unknown = await keyturn.run("platforms", "get", "nowhere")
    assert (unknown.exit_code, "`keyturn platforms list` lists them." in unknown.stderr) == (1, True)


async def test_a_command_waits_where_the_api_waits(keyturn: Keyturn) -> None:
    """The list of events until one comes; the second answer of the two is the event that was waited for."""
    [last] = await keyturn.rows("events", "list", "--limit", "1")
    waiting = asyncio.create_task(keyturn.rows("events", "list", "--after", last["id"], "--wait", "20"))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    made = await keyturn.json("clients", "create", "--name", "Awaited")
    assert [each["subject"]["id"] for each in await waiting] == [made["id"]]
    there = await endpoint(keyturn)
    queued = await keyturn.json("endpoints", "send-test", there["id"], "--event-type", "link.opened", "--no-wait")
    assert queued["status"] == "pending"


# Files


async def test_a_logo_is_uploaded_and_removed(keyturn: Keyturn, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(picture, "PNG")
    (tmp_path / "logo.png").write_bytes(picture.getvalue())
    assert (await keyturn.json("agency", "upload-logo", "--file", str(tmp_path / "logo.png")))["logo"]
    assert (await keyturn.run("agency", "remove-logo")).stdout == "Done.\n"
    assert (await keyturn.json("agency", "get"))["logo"] is None
    (tmp_path / "logo.svg").write_text("<svg/>")
    refused = await keyturn.run("agency", "upload-logo", "--file", str(tmp_path / "logo.svg"))
    assert (refused.exit_code, bool(refused.stderr)) == (1, True)
    missing = await keyturn.run("agency", "upload-logo", "--file", str(tmp_path / "none.png"))
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    assert "'--file'" in (await keyturn.run("agency", "upload-logo")).stderr


async def test_a_file_of_the_client_is_saved_and_nothing_is_written_over(
    keyturn: Keyturn, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plan.pdf"
    async with serving(lambda heard: Said(200, f"{heard.path}", {"content-type": "application/octet-stream"})) as there:
        words = ("links", "get-file", world.north.link_id, "file_1", "--output", str(target))
        saved = await keyturn.run(*words, KEYTURN_URL=there)
        assert (saved.exit_code, str(target) in saved.stdout) == (0, True), saved.output
        assert target.read_text() == f"/api/v1/links/{world.north.link_id}/files/file_1"
        again = await keyturn.run(*words, KEYTURN_URL=there)
        assert (again.exit_code, "cannot be written: File exists" in again.stderr) == (1, True)
        printed = await keyturn.run(*words[:4], KEYTURN_URL=there)
        assert printed.stdout == target.read_text()
    refused = await keyturn.run(*words)
    assert (refused.exit_code, "There is nothing here under this id." in refused.stderr) == (1, True)


async def test_a_preset_is_a_toml_file(keyturn: Keyturn, tmp_path: Path) -> None:
    (tmp_path / "meta.toml").write_text(META.format(slug="meta-file"))
    made = await keyturn.json("presets", "import", "--input", str(tmp_path / "meta.toml"))
    assert (made["slug"], made["version"]) == ("meta-file", 1)
    exported = (await keyturn.run("presets", "export", "meta-file")).stdout
    assert (await keyturn.json("presets", "import", "--input", "-", stdin=exported))["version"] == 1
    changed = exported.replace('name = "Meta"', 'name = "Meta 2"')
    assert (await keyturn.json("presets", "import", "--input", "-", stdin=changed))["version"] == 2
    old = await keyturn.json("presets", "get", "meta-file", "--version", "1")
    assert (old["name"], (await keyturn.json("presets", "get", "meta-file"))["name"]) == ("Meta", "Meta 2")
    assert (await keyturn.run("presets", "archive", "meta-file")).exit_code == 0
    assert (await keyturn.json("presets", "import", "--input", "-", stdin=exported))["version"] == 3
    wrong = META.format(slug="Meta!").replace("MANAGE_CAMPAIGNS", "BOSS")
    refused = await keyturn.run("presets", "import", "--input", "-", stdin=wrong)
    assert refused.exit_code == 1
    assert "\n  slug: " in refused.stderr
    assert "\n  access request 1, role: " in refused.stderr
    broken = await keyturn.run("presets", "import", "--input", "-", stdin="slug = ")
    assert "`keyturn presets export SLUG` returns a valid one." in broken.stderr
    assert "'--input'" in (await keyturn.run("presets", "import")).stderr


# Problems


async def test_an_error_is_said_with_its_fields_as_options_and_what_to_do(keyturn: Keyturn, world: World) -> None:
    for words, said in (
        ((), "Give either client_id or client."),
        (("--client.name", "A", "--agency-account-ids", "tiktok=7000111122223333999"), "--agency-account-ids: "),
        (("--client.name", "A", "--client.contact-email", "nobody"), "--client.contact-email: Enter an e-mail address"),
        (("--client-id", "client_01ksy1q3e0fzs8qj5m8g3d4w7t"), "There is no client client_01ksy1q3e0fzs8qj5m8g3d4w7t."),
        (("--client.name", "A", "--preset", "nowhere"), "`keyturn presets list` lists them."),
    ):  # fmt: skip
        refused = await keyturn.run("links", "create", *words)
        assert (refused.exit_code, said in refused.stderr, refused.stdout) == (1, True, ""), (words, refused.output)
        assert "Traceback" not in refused.output


async def test_a_hint_names_the_command_and_the_options(keyturn: Keyturn, world: World) -> None:
    """The API says the same as methods, paths and fields."""
    slug = (await keyturn.json("presets", "import", "--input", "-", stdin=META.format(slug="meta")))["slug"]
    lacking = await keyturn.run("links", "create", "--client.name", "Brand SA", "--preset", slug)
    assert "`keyturn agency set-platform meta --identifiers …`: portfolio_id=1234567890123456." in lacking.stderr
    person = ("--kind", "person", "--role", "ANALYST", "--reason", "To see the ads.")
    refused = await keyturn.run("links", "add-access-request", world.north.link_id, *person)
    assert "`keyturn links request-person LINK_ID --email … --role … --reason …`" in refused.stderr
    typed = await keyturn.run("endpoints", "create", "--url", HOOK, "--event-types", "zzz")
    assert "`keyturn event-types list` lists all of them." in typed.stderr
    there = (await endpoint(keyturn))["id"]
    await keyturn.json("endpoints", "rotate-secret", there)
    twice = await keyturn.run("endpoints", "rotate-secret", there)
    assert (twice.exit_code, "`--force`" in twice.stderr) == (1, True), twice.stderr
    local = await keyturn.run("endpoints", "create", "--url", "http://10.0.0.1/hook", "--event-types", "*")
    assert (local.exit_code, "KEYTURN_EGRESS_ALLOW" in local.stderr) == (1, True), local.stderr


async def test_somebody_elses_thing_is_not_there(keyturn: Keyturn, world: World) -> None:
    for link in (world.south.link_id, "zzz", "ä?&"):
        refused = await keyturn.run("links", "get", link)
        assert (refused.exit_code, "nothing here" in refused.stderr) == (1, True), refused.output
    assert (await keyturn.run("links", "get", "../keys")).exit_code == 1


async def test_a_value_that_cannot_be_is_refused_before_anything_is_sent(keyturn: Keyturn) -> None:
    there = ("endpoints", "update", "endpoint_1")
    for words, said in (
        ((*there, "--payload-mode", "fat"), "'full', 'thin', 'flat'"), ((*there, "--concurrency", "21"), "1<=x<=20"),
        ((*there, "--headers", "nothing"), "name=value"), (("links", "extend", "x", "--expires-at", "soon"), "+14d"),
        (("keys", "create"), "'--name', '--scopes'"),
        (("deliveries", "list", "--status", "lost"), "'pending'"),
        (("links", "get"), "'LINK_ID'"), (("links", "nothing"), "No such command 'nothing'"),
        (("endpoints", "create", "--options.url", "x", "--filter.link", "y"), "No such option"),
        (("presets", "create", "--access-requests", "{"), "not JSON"),
    ):  # fmt: skip
        refused = await keyturn.run(*words, KEYTURN_URL="http://127.0.0.1:9")
        assert (refused.exit_code, said in refused.stderr) == (2, True), (words, refused.output)


async def test_no_server_a_bad_key_and_missing_settings_each_say_what_to_do(keyturn: Keyturn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    unread = ("me", "get")
    for env, status, said in (
        ({"KEYTURN_URL": closed}, 1, f"No response from {closed}"),
        ({"KEYTURN_URL": None}, 2, "KEYTURN_URL is not set.\nIt is the address of the installation"),
        ({"KEYTURN_URL": "localhost:8000"}, 2, "KEYTURN_URL is wrong: localhost:8000"),
        ({"KEYTURN_API_KEY": " "}, 2, "KEYTURN_API_KEY is not set.\nMake one with `keyturn key create`"),
        ({"KEYTURN_API_KEY": "kt_live_nothing"}, 1, "Set KEYTURN_API_KEY to a key of http://127.0.0.1:"),
        ({"KEYTURN_API_KEY": "schlüssel"}, 2, "Check KEYTURN_URL and KEYTURN_API_KEY."),
    ):  # fmt: skip
        refused = await keyturn.run(*unread, **env)
        assert (refused.exit_code, said in refused.stderr) == (status, True), (env, refused.output)
    address = keyturn.env["KEYTURN_URL"]
    for same in (f"{address}/", f" {address}/api/v1 "):
        assert (await keyturn.json(*unread, KEYTURN_URL=same))["agency_name"] == "North Agency"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Said(502, "<html>"), 1, "answered 502"),
        (Said(301, "", {"location": "https://go.example/api/v1/me"}), 2, "redirects to https://go.example/api/v1/me"),
        (Said(200, "<html>", {"content-type": "text/html"}), 1, "not as Keyturn does"),
    ],
)
async def test_what_answers_but_is_not_keyturn_is_named(keyturn: Keyturn, answer: Said, status: int, said: str) -> None:
    async with serving(lambda _: answer) as there:
        refused = await keyturn.run("me", "get", KEYTURN_URL=there)
    assert (refused.exit_code, said in refused.stderr, "KEYTURN_URL" in refused.stderr) == (status, True, True), refused


async def test_an_answer_that_is_lost_says_how_to_repeat_the_command_safely(keyturn: Keyturn) -> None:
    heard: list[Heard] = []

    def lose(request: Heard) -> Said:
        heard.append(request)
        raise ConnectionError

    async with serving(lose) as there:
        lost = await keyturn.run("clients", "create", "--name", "Lost", KEYTURN_URL=there)
    assert lost.exit_code == 1
    assert f"`--idempotency-key {heard[0].headers['idempotency-key']}`" in lost.stderr


async def test_an_unexpected_failure_gives_the_number_of_the_request(keyturn: Keyturn) -> None:
    problem: dict[str, Any] = {"detail": "That did not work.", "hint": None, "request_id": "req_1", "errors": {}}
    answer = Said(500, json.dumps(problem), {"content-type": "application/problem+json"})
    async with serving(lambda _: answer) as there:
        refused = await keyturn.run("me", "get", KEYTURN_URL=there)
    assert refused.stderr.splitlines() == ["That did not work.", "Request req_1"]


# What the agency does from the command line


async def test_from_a_key_to_a_link(keyturn: Keyturn) -> None:
    """What can be said and what is kept to itself: the secret of the app is asked for, and never shown."""
    shown = await keyturn.json(
        "agency", "set-platform-app", "tiktok", "--app-id", "7400000000000000003", stdin="s3cret\n"
    )
    assert shown["redirect_uri"].endswith("/callbacks/tiktok")
    assert "s3cret" not in json.dumps(shown)
    added = await keyturn.json("agency", "add-account", "--account-id", "7000111122223333444", "--name", "West")
    assert (await keyturn.run("agency", "remove-account", added["id"])).stdout == "Done.\n"
    invited = await keyturn.json("connections", "invite-agency")
    assert invited["address"].startswith(str(keyturn.env["KEYTURN_URL"]))
    key = await keyturn.json("keys", "create", "--name", "CRM", "--scopes", "links:read", "--expires-at", "2030-01-01")
    assert (key["scopes"], key["value"][:8], key["expires_at"][:10]) == (["links:read"], "kt_live_", "2030-01-01")
    lesser = await keyturn.run("clients", "list", KEYTURN_API_KEY=key["value"])
    assert (lesser.exit_code, "clients:read" in lesser.stderr) == (1, True)
    assert (await keyturn.json("keys", "revoke", key["id"]))["revoked_at"]
    changed = await keyturn.json("agency", "update", "--colour", "#112233")
    assert changed["colour"] == "#112233"
    wrong = await keyturn.run("agency", "update", "--name", "New", "--colour", "red")
    assert (wrong.exit_code, "--colour: Give the colour as #" in wrong.stderr) == (1, True)
    assert (await keyturn.json("agency", "get"))["name"] == "North Agency"


async def test_the_agencys_ids_at_manual_platforms(keyturn: Keyturn) -> None:
    kept = await keyturn.json("agency", "set-platform", "google_ads", "--identifiers", "manager_id=123-456-7890")
    assert (kept["identifiers"], kept["missing"]) == ({"manager_id": "123-456-7890"}, [])
    listed = {each["key"]: each["missing"] for each in await keyturn.rows("agency", "list-platforms")}
    assert (listed["google_ads"], listed["linkedin"]) == ([], ["business_id"])
    wrong = await keyturn.run("agency", "set-platform", "google_ads", "--identifiers", "manager_id=acme")
    assert (wrong.exit_code, "10 digits" in wrong.stderr) == (1, True)


async def test_a_links_life(keyturn: Keyturn) -> None:
    link = await keyturn.json("links", "create", "--client.name", "Life", "--client.external-id", "crm-life")
    assert link["id"] in {each["id"] for each in await keyturn.rows("links", "list", "--status", "sent", "--all")}
    extended = await keyturn.json("links", "extend", link["id"], "--expires-at", "+30d")
    assert extended["expires_at"] > link["expires_at"]
    [wanted] = link["access_requests"]
    for words in (("verify", wanted["id"]), ("attest", wanted["id"], "--by", "Ana")):
        refused = await keyturn.run("access-requests", *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("The client has not approved this access yet.")
    assert (await keyturn.json("links", "revoke", link["id"]))["status"] == "revoked"
    types = [each["type"] for each in await keyturn.rows("events", "list", "--subject-id", link["id"])]
    assert types == ["link.revoked", "link.extended", "link.sent", "link.created"]
    known = await keyturn.json("clients", "create", "--name", "Other", "--external-id", "crm-life")
    assert known["id"] == link["client_id"]


async def test_an_endpoints_life(keyturn: Keyturn) -> None:
    there = (await endpoint(keyturn, "--rate-limit.max", "10"))["id"]
    assert (await keyturn.json("endpoints", "pause", there))["paused_at"]
    assert (await keyturn.json("endpoints", "resume", there))["paused_at"] is None
    assert (await keyturn.json("endpoints", "deactivate", there))["status"] == "disabled"
    assert (await keyturn.json("endpoints", "update", there, "--enabled"))["status"] == "active"
    assert (await keyturn.json("endpoints", "activate", there))["status"] == "active"
    new = await keyturn.json("endpoints", "rotate-secret", there, "--grace-seconds", "60")
    [current, before] = await keyturn.rows("endpoints", "get-secrets", there)
    assert (current, before["expires_at"] is None) == (new, False)
    assert (await keyturn.run("endpoints", "end-secret", there, before["id"])).exit_code == 0
    assert (await keyturn.run("endpoints", "end-secret", there, current["id"])).exit_code == 1
    short = await keyturn.run("endpoints", "rotate-secret", there, "--secret", "whsec_c2hvcnQ=")
    assert (short.exit_code, "too short: 5 bytes" in short.stderr) == (1, True)
    assert (await keyturn.run("endpoints", "delete", there)).exit_code == 0
    assert there not in {each["id"] for each in await keyturn.rows("endpoints", "list", "--all")}


async def test_a_challenge_that_fails_is_recorded(keyturn: Keyturn) -> None:
    made = await keyturn.json("endpoints", "create", "--url", "https://hooks.invalid/in", "--event-types", "*")
    failed = await keyturn.run("endpoints", "verify", made["id"])
    assert (failed.exit_code, "did not answer its challenge" in failed.stderr) == (1, True), failed.output
    types = [each["type"] for each in await keyturn.rows("events", "list", "--subject-id", made["id"])]
    assert types[0] == "webhook.endpoint.verification_failed"


async def test_deliveries_and_replays(keyturn: Keyturn) -> None:
    there = (await endpoint(keyturn))["id"]
    delivery = (await keyturn.json("endpoints", "send-test", there, "--event-type", "link.opened"))["id"]
    assert [each["id"] for each in await keyturn.rows("deliveries", "list", "--endpoint-id", there)] == [delivery]
    assert (await keyturn.run("deliveries", "retry", delivery)).exit_code == 1
    assert (await keyturn.json("deliveries", "cancel", delivery))["reason"] == "user"
    assert (await keyturn.json("deliveries", "retry", delivery))["status"] == "pending"
    assert await keyturn.rows("deliveries", "list-attempts", delivery) == []
    assert (await keyturn.json("endpoints", "get-stats", there, "--window", "1h"))["backlog"] == 1
    wish = ("replays", "start", "--endpoint-id", there, "--select", "missing", "--since", "-1d")
    assert "matched" in await keyturn.json(*wish, "--dry-run")
    replay = await keyturn.json(*wish)
    assert (await keyturn.json("replays", "get", replay["id"]))["status"] == "running"
    assert (await keyturn.json("replays", "cancel", replay["id"]))["status"] == "cancelled"
    listed = await keyturn.rows("events", "list", "--types", "client.*", "--all")
    assert {each["type"] for each in listed} >= {"client.created"}


async def test_an_event_and_the_types_of_events(keyturn: Keyturn) -> None:
    [last] = await keyturn.rows("events", "list", "--limit", "1", "--types", "client.*")
    assert await keyturn.json("events", "get", last["id"]) == last
    assert last["type"] in (await keyturn.run("event-types", "list")).stdout
    types = await keyturn.json("event-types", "list")
    assert {"type", "sentence", "schema", "example"} <= set(types["data"][0])


async def test_hooks(keyturn: Keyturn) -> None:
    words = (
        "--target-url",
        "https://hooks.example.com/zap",
        "--event-types",
        "access.*",
        "--event-types",
        "link.opened",
    )
    made = await keyturn.json("hooks", "create", *words)
    assert made["event_types"] == ["access.*", "link.opened"]
    assert [each["id"] for each in await keyturn.rows("hooks", "list")] == [made["id"]]
    [sample, *_] = await keyturn.json("hooks", "get-sample", "--event-type", "link.opened", "--payload-mode", "flat")
    assert sample["type"] == "link.opened"
    for _ in range(2):
        assert (await keyturn.run("hooks", "delete", made["id"])).exit_code == 0
    assert await keyturn.rows("hooks", "list") == []


async def test_destinations(keyturn: Keyturn, hubspot: tuple[Account, str]) -> None:
    """The fields of every destination are options; a masked secret stays what it was."""
    create = ("endpoints", "create", "--destination")
    address = ("--options.webhook-url", "http://127.0.0.1:9/services/T1/B1/secret")
    slack = await keyturn.json(*create, "slack", *address, "--event-types", "access.blocked", "--description", "Sales")
    assert (slack["destination"], slack["event_types"], slack["options"]) == (
        "slack", ["access.blocked"], {"webhook_url": "********"},
    )  # fmt: skip
    masked = ("endpoints", "update", slack["id"], "--options.webhook-url", "********")
    assert (await keyturn.json(*masked))["url"] == "http://127.0.0.1:9/********"
    stage = ("--options.token", TOKEN, "--options.lifecycle", "link.completed=customer")
    made = await keyturn.json(*create, "hubspot", *stage)
    assert made["options"]["lifecycle"] == {"link.completed": "customer"}
    assert (await keyturn.json("endpoints", "install-destination", made["id"]))["done"] is True
    assert "onboarding_client_id" in hubspot[0].custom["companies"]
    call = await keyturn.json(
        *create, "http_request", "--options.url", "http://127.0.0.1:9/{client_id}", "--options.method", "PUT",
        "--options.body", '{"n": "{client_name}"}', "--headers", "X-Board=7", "--event-types", "link.*",
    )  # fmt: skip
    assert call["options"] == {
        "method": "PUT", "url": "http://127.0.0.1:9/{client_id}", "body": {"n": "{client_name}"},
    }  # fmt: skip
    assert (call["headers"], call["secret"][:6]) == ({"X-Board": "********"}, "whsec_")
    for words in (
        (*create, "http_request", "--options.url", "http://127.0.0.1:9/{nobody}"),
        (*create, "http_request", "--options.url", "https://10.0.0.1/"), ("endpoints", "create"),
        (*create, "slack", "--options.webhook-url", "nonsense"), ("endpoints", "install-destination", "endpoint_1"),
    ):  # fmt: skip
        refused = await keyturn.run(*words)
        assert (refused.exit_code, bool(refused.stderr), "Traceback" in refused.output) == (1, True, False), (
            refused.output
        )
    stage = ("--options.token", TOKEN, "--options.lifecycle", "link.completed=winner")
    assert (await keyturn.run(*create, "hubspot", *stage)).exit_code == 2


async def test_a_public_links_life(keyturn: Keyturn) -> None:
    made = await keyturn.json(
        "public-links", "create", "--preset", "prospect", "--most-uses", "5", "--expires-at", "+1w"
    )
    assert (await keyturn.json("public-links", "get-address", made["id"]))["address"] == made["address"]
    assert (await keyturn.json("public-links", "revoke", made["id"]))["status"] == "revoked"


async def test_the_command_sends_what_it_is_given_and_no_more(keyturn: Keyturn) -> None:
    """The request on the wire: names as the API writes them, and nothing for options that are not there."""
    heard: list[Heard] = []

    def answers(request: Heard) -> Said:
        heard.append(request)
        return Said(200, "{}", {"content-type": "application/json"})

    async with serving(answers) as there:
        await keyturn.json("links", "list", "--status", "draft", "--limit", "7", KEYTURN_URL=there)
        await keyturn.json("hooks", "get-sample", "--no-personal", KEYTURN_URL=f"{there}/keyturn")
        await keyturn.json("links", "extend", "link 1/2", "--expires-at", "2030-01-01T00:00:00Z", KEYTURN_URL=there)
        await keyturn.json("links", "revoke", "link_1", KEYTURN_URL=there)
        await keyturn.json("endpoints", "activate", "e", KEYTURN_URL=there)
    assert [(each.method, each.path) for each in heard] == [
        ("GET", "/api/v1/links?status=draft&limit=7"), ("GET", "/keyturn/api/v1/hooks/sample?personal=false"),
        ("POST", "/api/v1/links/link%201%2F2/extension"), ("POST", "/api/v1/links/link_1/revocation"),
        ("POST", "/api/v1/webhooks/endpoints/e/activation"),
    ]  # fmt: skip
    assert heard[2].json == {"expires_at": "2030-01-01T00:00:00+00:00"}
    assert (heard[3].body, heard[4].body) == (b"", b"")
    assert all(each.headers["authorization"] == f"Bearer {keyturn.env['KEYTURN_API_KEY']}" for each in heard)
    assert httpx2.__name__ not in heard[0].headers["accept"]
