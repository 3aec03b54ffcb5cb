"""All routes of the client's pages; the link's own address, led by an agency's slug, comes last."""

from fastapi import APIRouter

from app.journey import branding
from app.journey.pages import assets, details, door, review, standing, trip

router = APIRouter(include_in_schema=False)
for group in (branding, trip, assets, details, review, standing, door):
    router.include_router(group.router)
