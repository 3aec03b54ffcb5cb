"""HTTP client of an installation, with advice for requests that fail."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from app.cli.operations import FORM, JSON, PREFIX, Input, Operation, in_commands
from app.cli.output import Failed, SettingsUnusable

URL, KEY = "KEYTURN_URL", "KEYTURN_API_KEY"
SECONDS = 60.0
_PROBLEM = "application/problem+json"


def send(
    operation: Operation,
    path: Mapping[str, str],
    *,
    query: Mapping[str, Any],
    headers: Mapping[str, str],
    body: Any = None,
) -> httpx2.Response:
    """Send a request. Returns the response. Raises Failed, with the API's own sentences for its errors."""
    base, key = _address(), _setting(KEY, "Make one with `keyturn key create`, which prints the line to set it.")
    address = base + operation.path.format(**{name: quote(value, safe="") for name, value in path.items()})
    kind = operation.content_type
    given = {FORM: "files", JSON: "json"}.get(str(kind), "content") if body is not None else None
    sent = {"Authorization": f"Bearer {key}", "Accept": "*/*" if operation.gives_file else JSON, **headers}
    if given == "content":
        sent["Content-Type"] = str(kind)
    try:
        answer = httpx2.request(
            operation.method, address, params=dict(query), headers=sent, timeout=SECONDS,
            **({given: body} if given else {}),
        )  # fmt: skip
    except (httpx2.TransportError, httpx2.InvalidURL, UnicodeEncodeError) as problem:
        raise _unreached(base, problem, sent.get("Idempotency-Key")) from problem
    if not answer.is_success:
        raise _refused(answer, base, operation)
    if answer.content and not operation.gives_file and _kind(answer) != JSON:
        raise _not_keyturn(answer, base)
    return answer


def _address() -> str:
    """Base URL of the installation, without a slash at the end."""
    base = _setting(URL, "It is the address of the installation, such as http://localhost:8000.")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise SettingsUnusable(f"{URL} is wrong: {base}", "Give an address such as https://go.agency.com.")
    return base.rstrip("/").removesuffix(PREFIX)


def _setting(name: str, hint: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise SettingsUnusable(f"{name} is not set.", hint)
    return value


def _unreached(base: str, problem: Exception, idempotency_key: str | None) -> Failed:
    if isinstance(problem, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Failed(
            f"No response from {base}: {problem}.",
            f"Check {URL}, and that Keyturn runs there (`keyturn up`, or `keyturn web`).",
        )
    if isinstance(problem, httpx2.TransportError):
        again = f"Repeat the command with `--idempotency-key {idempotency_key}`: it is executed once."
        return Failed(
            f"The response of {base} did not arrive: {type(problem).__name__} {problem}".rstrip() + ".",
            again if idempotency_key else "Run the command again.",
        )
    return SettingsUnusable(f"The request cannot be sent: {problem}.", f"Check {URL} and {KEY}.")


def _refused(answer: httpx2.Response, base: str, operation: Operation) -> Failed:
    """Failure from an error response; for any other response, its likely cause."""
    if answer.is_redirect:
        return SettingsUnusable(
            f"{base} redirects to {answer.headers.get('location', 'another address')}.", f"Set {URL} to that address."
        )
    if _kind(answer) != _PROBLEM:
        return _not_keyturn(answer, base)
    problem = answer.json()
    fields = (
        f"  {label}{in_commands(sentence)}"
        for label, sentence in _labelled(problem["errors"], [*operation.parameters, *operation.body])
    )
    hint = _in_options(problem["hint"] or "", operation)
    if answer.status_code == 401:
        hint = f"Set {KEY} to a key of {base}; `keyturn key create` makes one."
    number = f"Request {problem['request_id']}" if answer.status_code >= 500 else None
    return Failed(in_commands(problem["detail"]), *fields, hint, number)


def _not_keyturn(answer: httpx2.Response, base: str) -> Failed:
    said = f"{answer.status_code} {answer.reason_phrase}"
    return Failed(f"{base} answered {said}, not as Keyturn does.", f"Check {URL}, and the proxy in front of Keyturn.")


def _kind(answer: httpx2.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0]


def _in_options(hint: str, operation: Operation) -> str:
    """A hint with the options that give the headers and fields it names: `force: true` is `--force`."""
    for each in [*operation.parameters, *operation.body]:
        hint = re.sub(rf"`{re.escape(each.name)}: true`", f"`{each.option}`", hint)
        hint = re.sub(rf"`{re.escape(each.name)}: (\w+)`", rf"`{each.option} \1`", hint)
        if each.where == "header":
            hint = re.sub(rf"`{re.escape(each.name)}`", f"`{each.option}`", hint, flags=re.IGNORECASE)
    return in_commands(hint)


def _labelled(errors: Mapping[str, str], inputs: Iterable[Input]) -> list[tuple[str, str]]:
    """The sentence about each field, labelled with its option."""
    options = {each.name: each.option for each in inputs if each.where != "path"}
    return [(f"{options.get(field, field)}: " if field else "", said) for field, said in errors.items()]
