"""docker-compose.yml, service by service, against the Dockerfile, the settings and the commands."""

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # nothing else needs its stubs
from pydantic import AliasChoices

from app.cli import client
from app.cli.main import cli
from app.kit import database_url
from app.settings import Settings
from tests.shape import source

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(source.text("docker-compose.yml"))["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "keyturn"]
DOCKERFILE = source.text("Dockerfile")


def _said(instruction: str) -> list[str]:
    """The words of the Dockerfile's last instruction of a name, as of a JSON list."""
    found: list[str] = yaml.safe_load(re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    return found


def _settings() -> set[str]:
    names: set[str] = set()
    for name, info in Settings.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or f"KEYTURN_{name.upper()}"]
        names |= {str(each) for each in choices}
    return names


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_write_little_and_may_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 256
    assert "/tmp" in service["tmpfs"]
    assert ("cap_add" in service) == (name == "database")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in OURS])
def test_a_strangers_image_has_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_there_is_with_settings_there_are(name: str) -> None:
    service = SERVICES[name]
    assert _said("ENTRYPOINT") == ["keyturn"]
    command, *options = service.get("command") or _said("CMD")
    known = cli.commands[command]
    assert {each for each in options if each.startswith("--")} <= {name for it in known.params for name in it.opts}
    assert set(service["environment"]) <= _settings() | {client.URL}
    assert service["init"] is True
    assert service["build"] == "."


@pytest.mark.parametrize("name", OURS)
def test_a_health_check_access_requests_where_the_process_listens(name: str) -> None:
    service, check = SERVICES[name], SERVICES[name].get("healthcheck", {})
    if check.get("disable"):
        assert service["restart"] == "no"
        return
    words = str(check.get("test") or DOCKERFILE)
    [asked] = re.findall(r"http://127\.0\.0\.1:(\d+)/healthz", words)
    if name == "web":
        assert asked == re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)[0]
        assert service["ports"] == [f"127.0.0.1:{asked}:{asked}"]
        assert SERVICES["web"]["environment"]["KEYTURN_METRICS_ADDRESS"].startswith("0.0.0.0:")
    else:
        assert service["environment"]["KEYTURN_WORKER_ADDRESS"] == f"0.0.0.0:{asked}"


def test_the_database_is_the_one_that_ours_are_sent_to() -> None:
    database = SERVICES["database"]["environment"]
    for name in OURS:
        address = re.sub(r"\$\{[^}]+\}", "s3cret", SERVICES[name]["environment"]["DATABASE_URL"])
        read = database_url.read(address)
        assert read.dsn.endswith(f"{database['POSTGRES_USER']}:s3cret@database/{database['POSTGRES_DB']}")
        waits = SERVICES[name]["depends_on"]
        assert waits == (
            {"database": {"condition": "service_healthy"}} if name == "migrate"
            else {"migrate": {"condition": "service_completed_successfully"}}
        )  # fmt: skip
    # PostgreSQL 18 keeps its data in a folder of its version below this one
    assert SERVICES["database"]["volumes"] == ["database:/var/lib/postgresql"]
    assert int(SERVICES["database"]["image"].partition(":")[2].partition(".")[0]) >= 18
