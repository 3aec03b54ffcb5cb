"""All routes of the client portal. Paths that begin with an agency's slug come last."""

from fastapi import APIRouter

from app.client_portal import branding
from app.client_portal.pages import assets, device, intake, landing, manual_platforms, platform_oauth, progress, review
from app.kit.html import forms

router = APIRouter(include_in_schema=False, dependencies=[forms.FROM_OUR_SITE])
_GROUPS = (branding, platform_oauth, device, assets, manual_platforms, intake, review, progress, landing)
for group in _GROUPS:
    router.include_router(group.router)
