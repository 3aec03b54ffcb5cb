"""Assembly of the web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from app import VERSION, installation, routes, settings, settle_memory
from app.assembly import egress_of, mail_queue_of, platforms_of, sign_ins_of
from app.kit import keyring_check, logs
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.html import static_dir
from app.kit.html.render import refusal_page
from app.kit.web import health, http_server, manual, problem, request_checks
from app.kit.web.manual import ManualFiles
from app.kit.web.public_address import Mounted, Proxies
from app.kit.web.request_checks import BodyLimit, WellFormed
from app.kit.web.requests import RequestLog
from app.services import Services
from app.settings import Settings
from app.tables import metadata
from app.tenants.agencies.hosts import AgencyHosts
from app.tenants.api_keys.route import API

DESCRIPTION = """Partner access to TikTok Business Centers, requested with one link, verified by reading back,
reported by webhooks.

Send an API key as `Authorization: Bearer kt_live_…`. Errors are `application/problem+json` with `code`, `detail`,
`hint` and `request_id`. Every POST takes an `Idempotency-Key`. Lists page by `cursor`. Ids are text.
"""


def create_app(given: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless given."""
    chosen = given or settings.load()
    app = FastAPI(
        title="Keyturn", version=VERSION, description=DESCRIPTION, lifespan=_life(chosen),
        openapi_url=f"{API}/openapi.json" if chosen.serve != "pages" else None, docs_url=None, redoc_url=None,
        servers=[{"url": chosen.public_url}], redirect_slashes=False,
        openapi_tags=[{"name": noun, "description": about} for noun, about in routes.NOUNS.items()],
    )  # fmt: skip
    app.router.routes += routes.served(chosen.serve)
    if chosen.serve != "api":
        app.mount("/static", StaticFiles(directory=static_dir), name="static")
        app.mount(manual.PATH, ManualFiles(directory=manual.FOLDER, check_dir=False), name="manual")
    problem.add_to(app, page=refusal_page)
    routes.document_webhooks(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(BodyLimit, allowed=request_checks.by_path, refuse=_refuse)
    app.add_middleware(WellFormed, refuse=_refuse)
    app.add_middleware(AgencyHosts, public_url=chosen.public_url, refuse=_refuse)
    app.add_middleware(Mounted, prefix=chosen.path_prefix, secure=chosen.is_secure)
    app.add_middleware(RequestLog)
    app.add_middleware(Proxies, trusted=chosen.trusted_networks)
    return app


def inner_app(app: FastAPI) -> FastAPI:
    """Application on the inner address of the web process: health and metrics."""
    inside = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inside.state = app.state
    for router in (health.router, health.inner):
        inside.include_router(router)
    return inside


def _refuse(request: Request, refusal: AppError) -> Response:
    return problem.answer(request, refusal, page=refusal_page)


def _life(chosen: Settings):  # type: ignore[no-untyped-def]  # the context manager's type says less than its body
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        logs.set_up(json=chosen.log_json)
        engine = make_engine(chosen.database_url)
        egress = egress_of(chosen)
        async with httpx2.AsyncClient(trust_env=False) as http:
            fill(app, chosen, http, egress, make_sessions(engine))
            await keyring_check.warn(engine, metadata, app.state.services.keyring)
            settle_memory()
            async with http_server.served_at(inner_app(app), chosen.metrics_listens):
                yield
        await egress.close()
        await engine.dispose()

    return life


def fill(app: FastAPI, chosen: Settings, http: httpx2.AsyncClient, egress: Egress, sessions: Sessions) -> None:
    """Give the application its services."""
    keyring = Keyring.from_text(chosen.secret_keys)
    app.state.services = Services(
        sessions=sessions,
        keyring=keyring,
        public_url=chosen.public_url,
        path_prefix=chosen.path_prefix,
        secure_cookies=chosen.is_secure,
        languages=chosen.languages,
        platforms=platforms_of(chosen, http, sessions),
        egress=egress,
        nameservers=(),
        outbox=mail_queue_of(chosen, keyring),
        verify_endpoints=chosen.verify_endpoints,
        hubspot_api_base=chosen.hubspot_api_base,
        check_installation=partial(installation.for_agencies, chosen, sessions),
        sign_ins=sign_ins_of(chosen),
    )
