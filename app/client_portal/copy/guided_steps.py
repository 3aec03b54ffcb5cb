"""Guided steps of a platform, filled in for one link, and the steps that remove access by hand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.platforms.port import GuidedStep


@dataclass(frozen=True)
class StepLine:
    """One numbered step. `asks_for_id`: the agency's Business Center ID is pasted here."""

    text: str
    where: tuple[str, ...]
    variants: tuple[str, ...]
    help_url: str
    help_search: str
    asks_for_id: bool


@dataclass(frozen=True)
class Guidance:
    """The steps for one kind of asset."""

    title: str
    steps: tuple[StepLine, ...]


def steps(
    written: Sequence[GuidedStep], *, agency: str, agency_bc_id: str, role: str, asset: str = "", through: str = ""
) -> list[StepLine]:
    """The steps with names, numbers and role in their places."""
    filled = {"agency": agency, "agency_bc_id": agency_bc_id, "role": role, "asset": asset, "through": through}
    return [
        StepLine(
            text=_text(step, filled),
            where=tuple(step.where.format(**filled).split(" > ")) if step.where else (),
            variants=tuple(variant.format(**filled) for variant in step.variants),
            help_url=step.help_url,
            help_search=step.help_search,
            asks_for_id="{agency_bc_id}" in step.text,
        )
        for step in written
    ]


def _text(step: GuidedStep, filled: dict[str, str]) -> str:
    """The text; the number itself stands below it, in a field to copy."""
    without_number = step.text.replace(": {agency_bc_id}", ":")
    return without_number.format(**filled)


_STEPS = {
    "tiktok": (
        "Sign in to TikTok Business Center (business.tiktok.com) as an Admin.",
        "Open Users, then Partners, and choose {agency}.",
        "Under “You’ve shared”, remove single ad accounts, or remove {agency} as a partner altogether. "
        "It works at once.",
    ),
}
_ANYWHERE = ("Remove {agency} from the list of people and partners with access.",)


def removal_steps(platform: str, *, agency: str) -> list[str]:
    """The steps in order, each a sentence."""
    return [step.format(agency=agency) for step in _STEPS.get(platform, _ANYWHERE)]
