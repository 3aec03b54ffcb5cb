"""The dashboard and the alert rules can be loaded, and ask for metrics that are there and no others."""

import json
import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with uvicorn, without types
from prometheus_client import REGISTRY

from app.kit.database import Sessions
from app.webhooks import metrics
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance.periodic_tasks import KINDS
from app.webhooks.monitoring import Gauges
from tests.shape import source

FOLDER = "docs/monitoring"
#: What WEBHOOKS promises; a name that is taken away breaks somebody's dashboard.
PROMISED = {
    "webhook_events_total", "webhook_deliveries_total", "webhook_attempts_total",
    "webhook_event_to_first_attempt_seconds", "webhook_event_to_success_seconds", "webhook_attempt_duration_seconds",
    "webhook_claim_duration_seconds", "webhook_backlog", "webhook_oldest_due_age_seconds", "webhook_in_flight",
    "webhook_worker_slots", "webhook_endpoints", "webhook_breakers_open", "webhook_held", "webhook_lease_expired_total",
    "webhook_late_finish_total", "webhook_sweeper_fixed_total", "webhook_ssrf_blocked_total",
    "webhook_auto_disabled_total", "webhook_replay_deliveries_total", "webhook_retention_lag_days",
}  # fmt: skip


def alerts() -> list[dict[str, Any]]:
    """The rules, flat."""
    read = yaml.safe_load(source.text(f"{FOLDER}/alerts.yml"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    read: dict[str, Any] = json.loads(source.text(f"{FOLDER}/grafana-dashboard.json"))
    return read


def asked_for(expressions: list[str]) -> set[str]:
    """The metrics in PromQL, without what histograms add to their names."""
    names = {name for each in expressions for name in re.findall(r"\bwebhook_\w+", each)}
    return {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in names}


def expressions_of_dashboard() -> list[str]:
    """What its panels ask."""
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]


async def names(sessions: Sessions) -> set[str]:
    """What a worker shows."""
    gauges = Gauges(MaintenanceContext(sessions))
    await gauges.refresh()
    families = [*REGISTRY.collect(), *gauges.registry.collect()]
    ours = [family for family in families if family.name.startswith("webhook_")]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in ours}


async def test_a_worker_shows_what_is_promised(sessions: Sessions) -> None:
    metrics.CLAIM.observe(0.001)
    assert await names(sessions) == PROMISED


def test_the_dashboard_asks_for_all_of_it_and_nothing_else() -> None:
    assert asked_for(expressions_of_dashboard()) == PROMISED


def test_alerts_ask_for_metrics_there_are() -> None:
    asked = asked_for([rule["expr"] for rule in alerts()])
    assert asked
    assert asked <= PROMISED


def test_the_page_explains_all_of_it() -> None:
    page = source.text(f"{FOLDER}/README.md")
    assert set(re.findall(r"^\| `(webhook_\w+)`", page, re.MULTILINE)) == PROMISED
    assert set(KINDS) <= set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


@pytest.mark.parametrize("name", ["alerts.yml", "grafana-dashboard.json"])
def test_links_on_the_page_lead_there(name: str) -> None:
    assert f"]({name})" in source.text(f"{FOLDER}/README.md")


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_a_rule_has_its_parts(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Keyturn[A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["expr"].count("(") == rule["expr"].count(")")


def test_rules_have_names_of_their_own() -> None:
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())


def test_the_dashboard_can_be_imported() -> None:
    read = dashboard()
    assert (read["uid"], read["schemaVersion"] >= 36, "id" in read) == ("keyturn-webhooks", True, False)
    assert [(variable["name"], variable["type"]) for variable in read["templating"]["list"]] == [
        ("datasource", "datasource")
    ]
    panels = read["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = {target["datasource"]["uid"] for panel in panels for target in panel.get("targets", [])}
    assert sources == {"${datasource}"}
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_compose_lets_the_worker_be_asked() -> None:
    worker = yaml.safe_load(source.text("docker-compose.yml"))["services"]["worker"]
    assert worker["environment"]["KEYTURN_WORKER_ADDRESS"].endswith(":9464")
    assert worker["environment"]["DATABASE_URL"]
    assert ":9464/healthz" in " ".join(worker["healthcheck"]["test"])
    assert "ports" not in worker
