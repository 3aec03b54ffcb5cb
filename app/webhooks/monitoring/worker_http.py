"""The worker's own pages: whether it lives and does its work, and its figures."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.kit.database import Sessions
from app.webhooks.context import SILENCE, Heartbeat
from app.webhooks.monitoring import gauges as metric_queries
from app.webhooks.monitoring.gauges import Gauges


def make(pulse: Heartbeat, gauges: Gauges, sessions: Sessions) -> Starlette:
    """`/healthz` for whoever restarts a worker that does nothing, `/metrics` for Prometheus."""

    async def healthz(_: Request) -> Response:
        sentence = await trouble(pulse, sessions)
        if sentence:
            return JSONResponse({"status": "stuck", "detail": sentence}, status_code=503)
        return JSONResponse({"status": "alive"})

    async def metrics(_: Request) -> Response:
        await gauges.look()
        shown = generate_latest(REGISTRY) + generate_latest(gauges.registry)
        return Response(shown, media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


async def trouble(pulse: Heartbeat, sessions: Sessions) -> str | None:
    """Reason to restart the worker, or None. Queries the database only while the worker is idle."""
    if stopped := pulse.stopped():
        return f"Nothing moves: {', '.join(stopped)} did not go round for {SILENCE:.0f} s."
    if not pulse.is_quiet():
        return None
    try:
        async with sessions() as session:
            stuck = await metric_queries.is_anything_stuck(session)
    except Exception:  # a new worker would find no database either
        return None
    return f"No attempt in {SILENCE:.0f} s although deliveries are due that may be sent." if stuck else None
