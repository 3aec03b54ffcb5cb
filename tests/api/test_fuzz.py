"""Whatever is sent, the answer is one that the document names, in the shape it names; never a 500."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from docs import openapi
from tests.api import belongings
from tests.api.test_who_may import SHARED
from tests.world import World

EACH = 3
schemathesis.serializer.alias("application/toml", "text/plain")  # a preset's file is sent as it is
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip


def generated(operation: Any, mode: GenerationMode, **fixed: Mapping[str, str]) -> list[Case[Any]]:
    """A few requests as the document allows them, or as it does not."""
    cases: list[Case[Any]] = []

    @settings(
        max_examples=EACH, derandomize=True, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode, **fixed))
    def keep(case: Case[Any]) -> None:
        cases.append(case)

    keep()
    return cases


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_every_answer_is_a_documented_one(
    api: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, keyring: Keyring, world: World, mode: GenerationMode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("app.kit.web.long_poll_response.LOOKS", 1)  # nobody sends here: it would wait in vain
    monkeypatch.setattr("app.events.change_feed.LONGEST_SECONDS", 0)
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    key = {"Authorization": f"Bearer {world.north.key}"}
    document = from_dict(openapi.document(), config=schemathesis.Config())
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://go.keyturn.example") as client:
        for found in document.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            if operation.path.endswith("/revocation") and "/keys/" in operation.path:
                continue  # it would end the key with which the others are tried
            named = {each: mine[each] for each in mine if f"{{{each}}}" in operation.path}
            for case in generated(operation, mode, **({"path_parameters": named} if named else {})):
                asked = case.as_transport_kwargs(base_url="https://go.keyturn.example", headers=key)
                asked.pop("cookies")
                sent = {"content" if name == "data" else name: each for name, each in asked.items()}
                if parts := sent.get("files"):
                    sent["files"] = [(name, _as_text(part)) for name, part in parts]
                answer = await client.request(**sent)
                await answer.request.aread()  # a form with files is sent as a stream
                case.validate_response(answer, checks=CHECKS)


def _as_text(part: Any) -> Any:
    """A part of a form as httpx sends it: content that is neither text nor bytes as JSON."""
    if isinstance(part, tuple):
        return (part[0], _as_text(part[1]), *part[2:])
    return part if isinstance(part, str | bytes) else json.dumps(part)
