"""All routes of the client's pages; addresses led by an agency's slug come last, a client's own behind an open one."""

from fastapi import APIRouter

from app.journey import branding
from app.journey.pages import (
    assets,
    details,
    door,
    open,
    others,
    questions,
    readiness,
    review,
    standing,
    stray,
    tracking,
    trip,
)

router = APIRouter(include_in_schema=False)
_GROUPS = (
    branding, trip, assets, tracking, others, details, questions, readiness, review, standing, open, door, stray,
)  # fmt: skip
for group in _GROUPS:
    router.include_router(group.router)
