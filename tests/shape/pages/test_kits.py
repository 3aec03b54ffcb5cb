"""The kits of `docs/kits/`: they load, what is code in them works, and they name types and addresses that are there."""

import base64
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import playwright
import pytest

from app.events import catalog, rendering
from app.events.rendering import API_VERSION
from app.links.api import NewLink
from app.tenants.api_keys.api import Me
from app.tenants.api_keys.route import API
from app.tenants.api_keys.scopes import SCOPES
from app.webhooks import message
from docs import openapi
from tests.shape import source

KITS = source.ROOT / "docs" / "kits"
#: The Node that Playwright brings serves where there is no other.
NODE = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")
KEY = b"k" * 32
#: The body of a challenge has a type of its own, which is no event.
CHALLENGE = "webhook.verification"
ZAPIER = """
const app = require(process.argv[1]);
const asked = [];
const said = { data: { id: 'hook_1', data: [{ id: 'evt_1' }] } };
const z = { request: async (given) => { asked.push(given); return said; } };
const bundle = {
  authData: { address: 'https://go.example/', key: 'kt_live_x' }, targetUrl: 'https://hooks.zapier.example/1',
  subscribeData: { id: 'hook_1' }, cleanedRequest: { id: 'evt_1' },
  inputData: { event_types: ['access.*'], client_name: 'Brand SA', client_external_id: 'crm-1', contact_name: 'Ana',
               contact_email: 'ana@brand.example', preset: 'run-campaigns', external_id: 'deal-1' },
};
(async () => {
  const results = {};
  await app.authentication.test(z, bundle);
  for (const [key, { operation }] of Object.entries(app.triggers)) {
    results[key] = {
      perform: operation.perform(z, bundle), list: await operation.performList(z, bundle),
      subscribed: await operation.performSubscribe(z, bundle), sample: operation.sample,
    };
    await operation.performUnsubscribe(z, bundle);
  }
  await app.creates.create_link.operation.perform(z, bundle);
  const keyed = app.beforeRequest[0]({ headers: {} }, z, bundle).headers;
  console.log(JSON.stringify({ results, asked, keyed, label: app.authentication.connectionLabel, app }));
})();
"""
N8N = """
const { code, headers, body } = JSON.parse(process.argv[1]);
const helpers = { getBinaryDataBuffer: async () => Buffer.from(body) };
const run = new Function('$input', 'require', `return (async function () { ${code} }).call(this)`);
run.call({ helpers }, { all: () => [{ json: { headers } }] }, require)
  .then((items) => console.log(JSON.stringify(items)))
  .catch((problem) => { console.error(problem.message); process.exit(1); });
"""


def node(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in Node."""
    return subprocess.run([NODE, "-e", script, *words], capture_output=True, text=True, check=False)


def kit(name: str) -> Any:
    """A kit that is JSON."""
    return json.loads((KITS / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    whole: dict[str, Any] = openapi.document()
    return whole


@pytest.fixture(scope="module")
def zapier() -> dict[str, Any]:
    """What the Zapier app is made of, and what it asks of the API."""
    ran = node(ZAPIER, str(KITS / "zapier"))
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def paths(document: dict[str, Any]) -> list[re.Pattern[str]]:
    """Addresses of the API, without the prefix."""
    known = {path.removeprefix(API) for path in document["paths"]}
    return [re.compile(re.sub(r"{\w+}", r"[^/]+", path) + r"\Z") for path in known]


@pytest.mark.parametrize("place", sorted(KITS.rglob("*.json")), ids=lambda place: place.name)
def test_what_is_json_is_json(place: Path) -> None:
    assert json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.parametrize("place", sorted(path for path in KITS.rglob("*") if path.is_file()), ids=lambda p: p.name)
def test_every_event_type_named_is_one(place: Path) -> None:
    words = {name.split(".")[0] for name in catalog.FOR_CRMS}
    named = re.findall(rf"""["'`](({"|".join(words)})\.[a-z_.]+)["'`]""", place.read_text(encoding="utf-8"))
    assert {name for name, _ in named} - catalog.FOR_CRMS.keys() - {CHALLENGE} == set()


def test_the_readme_names_every_kit() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", (KITS / "README.md").read_text(encoding="utf-8")))
    kits = {path.name for path in KITS.iterdir()} - {"README.md", "zapier"}
    assert kits <= linked
    assert [each for each in linked if not (KITS / each).exists()] == []


def test_the_readme_names_addresses_and_scopes_that_are_there(document: dict[str, Any]) -> None:
    text = (KITS / "README.md").read_text(encoding="utf-8")
    named = re.findall(rf"{API}(/[\w/{{}}-]+)", text)
    assert named
    assert [path for path in named if not any(known.match(path) for known in paths(document))] == []
    assert set(re.findall(r"`([a-z]+:(?:read|write))`", text)) - SCOPES.keys() == set()


def test_zapier_asks_what_the_api_has(zapier: dict[str, Any], document: dict[str, Any]) -> None:
    asked = [
        (each.get("method", "GET"), each["url"].removeprefix(f"https://go.example{API}")) for each in zapier["asked"]
    ]
    assert len(asked) == 14
    for method, path in asked:
        assert any(known.match(path) for known in paths(document)), path
        about = document["paths"].get(API + path)
        assert about is None or method.lower() in about
    assert zapier["keyed"] == {"Authorization": "Bearer kt_live_x"}
    assert set(re.findall(r"{{(\w+)}}", zapier["label"])) <= Me.model_fields.keys()


def test_zapier_subscribes_to_types_that_are_there_and_shows_bodies_as_they_are(zapier: dict[str, Any]) -> None:
    bodies = [each["body"] for each in zapier["asked"] if "/hooks" in each["url"] and "body" in each]
    assert [body["event_types"] for body in bodies] == [
        ["link.opened"],
        ["link.completed"],
        ["access.blocked"],
        ["access.*"],
    ]
    assert {body["target_url"] for body in bodies} == {"https://hooks.zapier.example/1"}
    lists = [each["params"] for each in zapier["asked"] if each["url"].endswith("/events")]
    assert {each["api_version"] for each in [*bodies, *lists]} == {API_VERSION}
    types = ["link.opened", "link.completed", "access.blocked", "access.verified"]
    for each, name in zip(zapier["results"].values(), types, strict=True):
        assert each["subscribed"]["id"] == "hook_1"
        assert each["sample"] == {**rendering.example_body(catalog.FOR_CRMS[name]), "test": True}
        assert each["perform"] == [{"id": "evt_1"}] == each["list"]


def test_zapier_makes_a_link_as_the_api_takes_it(zapier: dict[str, Any]) -> None:
    [body] = [each["body"] for each in zapier["asked"] if each["url"].endswith("/links")]
    made = NewLink(**body)
    assert made.client is not None
    assert (made.client.name, made.external_id) == ("Brand SA", "deal-1")


def test_a_zapier_app_has_the_parts_zapier_asks_for(zapier: dict[str, Any]) -> None:
    """https://docs.zapier.com/platform/reference/cli-docs"""
    app = zapier["app"]
    assert app.keys() >= {"version", "platformVersion", "authentication", "triggers", "creates"}
    for key, each in {**app["triggers"], **app["creates"]}.items():
        assert each["key"] == key
        assert each["display"]["description"].endswith(".")
    assert {each["operation"]["type"] for each in app["triggers"].values()} == {"hook"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""), ({"body": '{"id":"evt_2"}'}, "signature"), ({"id": "evt_2"}, "signature"), ({"age": 400}, "too old"),
        ({"signature": "v1,AAAA"}, "signature"), ({"signature": "v1a,"}, "signature"),
    ],
)  # fmt: skip
def test_n8n_lets_only_what_we_signed_through(change: dict[str, Any], said: str) -> None:
    body, now = '{"id":"evt_1","type":"link.opened","name":"Ünï"}', int(time.time()) - change.get("age", 0)
    signed = "v1,b2xk " + message.sign(KEY, "evt_1", now, body.encode())
    headers = {
        "webhook-id": change.get("id", "evt_1"), "webhook-timestamp": str(now),
        "webhook-signature": change.get("signature", signed),
    }  # fmt: skip
    [check] = [each for each in kit("n8n-workflow.json")["nodes"] if each["type"] == "n8n-nodes-base.code"]
    code = check["parameters"]["jsCode"].replace("PASTE_YOURS_HERE", base64.b64encode(KEY).decode())
    ran = node(N8N, json.dumps({"code": code, "headers": headers, "body": change.get("body", body)}))
    assert (ran.returncode == 0, said in ran.stderr) == (not said, True), ran.stderr
    if not said:
        assert json.loads(ran.stdout) == [{"json": json.loads(body)}]


def test_the_n8n_workflow_is_joined_up() -> None:
    """https://docs.n8n.io/workflows/export-import/"""
    flow = kit("n8n-workflow.json")
    names = [each["name"] for each in flow["nodes"]]
    assert len(set(names)) == len(names) == len({each["id"] for each in flow["nodes"]})
    reached = {to["node"] for each in flow["connections"].values() for way in each["main"] for to in way}
    assert reached == set(names) - {"Keyturn"}
    assert flow["nodes"][0]["parameters"]["options"]["rawBody"] is True
    [switch] = [each for each in flow["nodes"] if each["type"] == "n8n-nodes-base.switch"]
    ways = flow["connections"][switch["name"]]["main"]
    assert len(ways) == len(switch["parameters"]["rules"]["values"]) + 1


def test_the_make_blueprint_is_joined_up_and_reads_keys_that_are_there() -> None:
    blueprint = kit("make-blueprint.json")
    hook, router = blueprint["flow"]
    assert (hook["module"], router["module"]) == ("gateway:CustomWebHook", "builtin:BasicRouter")
    modules = [hook, router, *(each for way in router["routes"] for each in way["flow"])]
    assert [each["id"] for each in modules] == list(range(1, len(modules) + 1))
    whole = rendering.example_body(catalog.FOR_CRMS["access.verified"])
    used = set(re.findall(r"{{1\.data\.(\w+)}}", json.dumps(blueprint)))
    assert used
    assert used <= whole["data"].keys()


def test_postman_has_every_operation_once(document: dict[str, Any]) -> None:
    collection = kit("postman-collection.json")
    requests = [each["request"] for folder in collection["item"] for each in folder["item"]]
    found = {
        (each["method"], re.sub(r":(\w+)", r"{\1}", each["url"]["raw"].removeprefix("{{base_url}}")))
        for each in requests
    }
    wanted = {
        (method.upper(), path.removeprefix(API))
        for path, methods in document["paths"].items()
        for method in methods
    }  # fmt: skip
    assert found == wanted
    assert len(requests) == len(wanted)
    assert all(json.loads(each["body"]["raw"]) is not None for each in requests if "body" in each)
