"""Presets: asks saved for reuse, each with the smallest role that does the job."""

from dataclasses import dataclass

from app.kit.refusal import Malformed


@dataclass(frozen=True)
class PresetAsk:
    """One access a preset asks for."""

    platform: str
    kind: str
    role: str
    reason: str
    required: bool = True


@dataclass(frozen=True)
class Preset:
    """A named, versioned set of asks. A link keeps the version it was made with."""

    slug: str
    version: int
    name: str
    sentence: str
    asks: tuple[PresetAsk, ...]


class PresetUnknown(Malformed):
    """No preset of this name."""

    code = "preset_unknown"
    detail = "There is no preset of this name."
    hint = "GET /api/v1/presets lists them."


RUN_CAMPAIGNS = Preset(
    slug="run-campaigns",
    version=1,
    name="Run campaigns",
    sentence="Create and run ads and read their results; billing and settings stay with the client.",
    asks=(
        PresetAsk(
            platform="tiktok",
            kind="ad_account",
            role="OPERATOR",
            reason="To create your campaigns, adjust them and report on them.",
        ),
    ),
)

PRESETS = {preset.slug: preset for preset in (RUN_CAMPAIGNS,)}


def find(slug: str) -> Preset:
    """The preset of this name. Raises PresetUnknown."""
    try:
        return PRESETS[slug]
    except KeyError as problem:
        raise PresetUnknown from problem
