"""Destinations from the command line: the same things as by the API."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from tests import world as worlds
from tests.webhooks.destinations.hubspot_account import TOKEN, Account
from tests.webhooks.destinations.receiving import serving

Run = Callable[..., Coroutine[Any, Any, Result]]
HOOK = "http://127.0.0.1:9/services/T1/B1/secret"


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command of the north agency; `hubspot` is where HubSpot is."""

    async def command(*words: str, hubspot: str = "http://127.0.0.1:9") -> Result:
        env = {
            "DATABASE_URL": database_url,
            "KEYTURN_SECRET_KEYS": worlds.KEYS,
            "KEYTURN_PUBLIC_URL": worlds.PUBLIC_URL,
            "KEYTURN_EGRESS_ALLOW": "127.0.0.1/32",
            "KEYTURN_HUBSPOT_API_BASE": hubspot,
        }
        return await asyncio.to_thread(CliRunner().invoke, cli, [*words, "--agency", "north"], env=env)

    return command


async def found(run: Run, *words: str, **options: str) -> Any:
    """The JSON a command prints."""
    result = await run(*words, "--json", **options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_a_channel_is_made_and_its_address_stays_hidden(run: Run) -> None:
    shown = await found(run, "endpoint", "slack", HOOK, "--type", "access.blocked", "--description", "Sales")
    assert (shown["destination"], shown["event_types"], shown["options"]) == (
        "slack", ["access.blocked"], {"webhook_url": "********"},
    )  # fmt: skip
    changed = await found(run, "endpoint", "set-options", shown["id"], '{"webhook_url": "********"}')
    assert changed["url"] == "http://127.0.0.1:9/********"


async def test_an_account_is_made_and_set_up(run: Run) -> None:
    account = Account()
    async with serving(account.answers) as address:
        words = ("endpoint", "hubspot", TOKEN, "--stage", "link.completed=customer")
        shown = await found(run, *words, hubspot=address)
        set_up = await found(run, "endpoint", "install", shown["id"], hubspot=address)
    assert shown["options"]["lifecycle"] == {"link.completed": "customer"}
    assert set_up["done"] is True
    assert "onboarding_client_id" in account.custom["companies"]


async def test_a_call_is_made(run: Run) -> None:
    url = "http://127.0.0.1:9/{client_id}"
    shown = await found(
        run, "endpoint", "http", url, "--method", "PUT", "--body", '{"n": "{client_name}"}',
        "--header", "X-Board=7", "--type", "link.*",
    )  # fmt: skip
    assert shown["options"] == {
        "method": "PUT",
        "url": "http://127.0.0.1:9/{client_id}",
        "body": {"n": "{client_name}"},
    }
    assert (shown["headers"], shown["secret"][:6]) == ({"X-Board": "********"}, "whsec_")


@pytest.mark.parametrize(
    "words",
    [
        ("http", "http://127.0.0.1:9/", "--body", "{"), ("http", "http://127.0.0.1:9/{nobody}"),
        ("http", "https://10.0.0.1/"), ("hubspot", TOKEN, "--stage", "link.completed=winner"), ("slack", "nonsense"),
        ("install", "endpoint_1"), ("set-options", "endpoint_1", "{}"),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_a_sentence(run: Run, words: tuple[str, ...]) -> None:
    refused = await run("endpoint", *words)
    assert (refused.exit_code, bool(refused.stderr), "Traceback" in refused.output) == (1, True, False)
