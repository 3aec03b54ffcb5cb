"""Liveness, readiness and metrics of this process."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from app.kit.web.services import web_services

router = APIRouter(include_in_schema=False)
#: On the internal address only: metrics are not public.
inner = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """True while the process responds."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request, response: Response) -> dict[str, str]:
    """True while the database responds."""
    try:
        async with web_services(request).sessions() as session:
            await session.execute(text("SELECT 1"))
    except Exception:
        response.status_code = 503
        return {"status": "no database"}
    return {"status": "ready"}


@inner.get("/metrics")
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
