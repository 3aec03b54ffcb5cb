"""All routes of the client portal. Paths that begin with an agency's slug come last."""

from app.client_portal import branding
from app.client_portal.pages import (
    assets,
    by_hand,
    checklist,
    device,
    guides,
    intake,
    landing,
    linking,
    manual_platforms,
    other_device,
    platform_oauth,
    progress,
    review,
    someone_else,
)

ROUTERS = tuple(
    room.router
    for room in (
        branding,
        platform_oauth,
        device,
        someone_else,
        other_device,
        assets,
        manual_platforms,
        intake,
        review,
        checklist,
        progress,
        by_hand,
        guides,
        linking,
        landing,
    )
)
