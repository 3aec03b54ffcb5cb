"""Routes of the JSON API: documented by docstring and path, strict about parameters, never cached, idempotent POST."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.kit.input import fields
from app.kit.web import problem
from app.kit.web.request_checks import PrefixedRoute, only_known
from app.tenants.api_keys.idempotency import CachedResponse, PendingRecord, promised

API = f"{problem.API}v1"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class ApiRoute(PrefixedRoute):
    """A route of the API. A POST accepts the header Idempotency-Key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = frozenset(options.get("methods") or ("GET",))
        options["summary"] = options.get("summary") or _first_sentence(endpoint)
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        options["tags"] = [_noun(path)]
        options["responses"] = _problems(methods) | (options.get("responses") or {})
        if "POST" in methods:
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(promised)]
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """A handler that replays stored responses and stores new ones before their transaction ends."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                made = await handle(_StrictJson(request.scope, request.receive))
            except CachedResponse as known:
                made = known.answer
            else:
                promise: PendingRecord | None = getattr(request.state, "promise", None)
                if promise is not None:
                    await promise.keep(made)
            made.headers["Cache-Control"] = "no-store"
            return made

        return answered


def api_router(prefix: str = "") -> APIRouter:
    """A router for routes of the API below `prefix`, such as `/grants`."""
    return APIRouter(prefix=API + prefix, route_class=ApiRoute, dependencies=[Depends(only_known)])


class _StrictJson(Request):
    """A request with strictly parsed JSON."""

    async def json(self) -> Any:
        """The parsed body. Raises JSONDecodeError."""
        return fields.read_json(await self.body())


def _first_sentence(endpoint: Callable[..., Any]) -> str:
    text = " ".join((endpoint.__doc__ or "").split())
    return re.split(r"(?<=\.)\s", text)[0].rstrip(".")


def _noun(path: str) -> str:
    """Collection that an address belongs to: `event types` for `/webhooks/event-types/{event_type}`."""
    parts = path.removeprefix(problem.API).strip("/").split("/")
    return next(part for part in parts if part not in ("v1", "webhooks")).replace("-", " ")


def _problems(methods: frozenset[str]) -> dict[int | str, dict[str, Any]]:
    statuses = [401, 403, 404, 422, 500]
    if methods != {"GET"}:
        statuses.append(409)
    if methods & _WITH_BODY:
        statuses += [400, 413, 415]
    return problem.documented(*sorted(statuses))
