"""All routes of the client's pages; addresses led by an agency's slug come last, a client's own behind an open one."""

from fastapi import APIRouter

from app.journey import branding
from app.journey.pages import (
    assets,
    details,
    device,
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
from app.kit.html import forms

router = APIRouter(include_in_schema=False, dependencies=[forms.FROM_OUR_SITE])
_GROUPS = (
    branding, trip, device, assets, tracking, others, details, questions, readiness, review, standing, open, door,
    stray,
)  # fmt: skip
for group in _GROUPS:
    router.include_router(group.router)
