"""All routes of the client's pages; addresses led by an agency's slug come last, a client's own behind an open one."""

from fastapi import APIRouter

from app.client_portal import branding
from app.client_portal.pages import (
    assets,
    details,
    device,
    landing,
    manual_platforms,
    mistyped_links,
    platform_oauth,
    progress,
    public_link,
    questions,
    readiness,
    review,
    tracking,
)
from app.kit.html import forms

router = APIRouter(include_in_schema=False, dependencies=[forms.FROM_OUR_SITE])
_GROUPS = (
    branding, platform_oauth, device, assets, tracking, manual_platforms, details, questions, readiness, review,
    progress, public_link, landing, mistyped_links,
)  # fmt: skip
for group in _GROUPS:
    router.include_router(group.router)
