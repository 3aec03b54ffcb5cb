"""The control surface under /simulator/: what tests and the demo turn, break, look at and do by hand."""

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from simulator import manual_changes
from simulator.changes import pixels as pixel_changes
from simulator.control import overview
from simulator.control.bodies import (
    AdAccountPatch,
    Approval,
    EventsOfPixel,
    NewFault,
    NewToken,
    PartingByHand,
    PixelLinkByHand,
    Redirect,
    RemovalByHand,
    Reset,
    Revocation,
    RoleByHand,
    ShareByHand,
    SwitchesPatch,
)
from simulator.faults import Fault
from simulator.models import AssetType, EventCounts, Pixel, Role
from simulator.simulator import Running, Simulator
from simulator.switches import WrongSwitch

router = APIRouter(prefix="/simulator")


@router.get("/switches")
def show_switches(simulator: Running) -> dict[str, Any]:
    return asdict(simulator.switches)


@router.patch("/switches")
def change_switches(simulator: Running, patch: SwitchesPatch) -> dict[str, Any]:
    try:
        simulator.switches = replace(simulator.switches, **patch.model_dump(exclude_unset=True))
    except WrongSwitch as wrong:
        raise HTTPException(422, str(wrong)) from None
    return asdict(simulator.switches)


@router.get("/faults")
def show_faults(simulator: Running) -> dict[str, Any]:
    return {"faults": [{**asdict(fault), "times": left} for fault, left in simulator.script.waiting()]}


@router.post("/faults", status_code=201)
def add_faults(simulator: Running, faults: NewFault | list[NewFault]) -> dict[str, Any]:
    for fault in faults if isinstance(faults, list) else [faults]:
        simulator.script.add(Fault(**fault.model_dump()))
    return show_faults(simulator)


@router.delete("/faults", status_code=204)
def forget_faults(simulator: Running) -> None:
    simulator.script.clear()


@router.get("/world")
def show_world(simulator: Running) -> dict[str, Any]:
    return overview.world(simulator)


@router.get("/calls")
def show_calls(simulator: Running, last: Annotated[int | None, Query(ge=0)] = None) -> dict[str, Any]:
    """With `last=0` the counters alone, which is quicker after thousands of calls."""
    return overview.calls(simulator, last)


@router.post("/reset")
def reset(simulator: Running, body: Reset | None = None) -> dict[str, Any]:
    simulator.reset(body.seed if body else None)
    return overview.world(simulator)


@router.post("/shares", status_code=201)
def share(simulator: Running, body: ShareByHand) -> dict[str, Any]:
    try:
        roles: dict[AssetType, Role] = {"ADVERTISER": body.advertiser_role, "CATALOG": body.catalog_role}
        outcome = manual_changes.share(simulator, body.bc_id, body.partner_id, body.asset_ids, roles, by=body.by)
    except manual_changes.NotPossible as problem:
        raise HTTPException(409, str(problem)) from None
    return asdict(outcome)


@router.delete("/shares")
def remove_shares(simulator: Running, body: RemovalByHand) -> dict[str, int]:
    return {"removed": manual_changes.remove(simulator, body.bc_id, body.partner_id, body.asset_ids, by=body.by)}


@router.patch("/shares")
def change_role(simulator: Running, body: RoleByHand) -> dict[str, Any]:
    try:
        outcome = manual_changes.change_role(
            simulator, body.bc_id, body.partner_id, body.asset_ids, body.role, by=body.by
        )
    except manual_changes.NotPossible as problem:
        raise HTTPException(409, str(problem)) from None
    return asdict(outcome)


@router.delete("/partnerships")
def part(simulator: Running, body: PartingByHand) -> dict[str, bool]:
    return {"parted": manual_changes.part(simulator, body.bc_id, body.partner_id, by=body.by)}


@router.post("/partner-approvals", status_code=201)
def approve(simulator: Running, body: Approval) -> dict[str, bool]:
    if not manual_changes.approve(simulator, body.bc_id, body.partner_id):
        raise HTTPException(409, "nothing waits for this approval")
    return {"approved": True}


@router.post("/tokens", status_code=201)
def issue_token(simulator: Running, body: NewToken) -> dict[str, Any]:
    """A consent without the page, for tests that are about something else."""
    world = simulator.world
    if body.app_id not in world.apps or body.person not in world.persons:
        raise HTTPException(404, "no such app or person")
    token = world.issue_token(world.consent(body.app_id, body.person, body.advertiser_ids))
    return {"access_token": token.access_token, "scope": token.permissions}


@router.post("/tokens/revocation")
def revoke(simulator: Running, body: Revocation) -> dict[str, int]:
    """The client cancels the authorization at TikTok."""
    if body.person is not None:
        return {"revoked": len(simulator.world.cancel_consent(body.person))}
    return {"revoked": int(simulator.world.tokens.pop(body.access_token or "", None) is not None)}


@router.post("/ad-accounts/{advertiser_id}")
def change_ad_account(simulator: Running, advertiser_id: str, body: AdAccountPatch) -> dict[str, Any]:
    account = simulator.world.ad_account(advertiser_id)
    if account is None:
        raise HTTPException(404, "no such ad account")
    changed = body.model_dump(exclude_unset=True)
    for name, value in changed.items():
        setattr(account, name, value)
    return {"advertiser_id": advertiser_id, **changed}


@router.put("/pixels/{pixel_id}/events")
def set_events(simulator: Running, pixel_id: str, events: dict[str, EventsOfPixel]) -> dict[str, Any]:
    """Everything that reached a pixel, by event type; {} for a pixel that is silent."""
    pixel = _pixel(simulator, pixel_id)
    pixel.events = {event: EventCounts(**counts.model_dump()) for event, counts in events.items()}
    return {"pixel_id": pixel_id, "events": {event: asdict(counts) for event, counts in pixel.events.items()}}


@router.post("/pixel-links")
def link_pixel(simulator: Running, body: PixelLinkByHand) -> dict[str, Any]:
    pixel = _pixel(simulator, body.pixel_id)
    if pixel.owner_bc_id is None or any(simulator.world.ad_account(key) is None for key in body.advertiser_ids):
        raise HTTPException(409, "the pixel is in no Business Center, or there is no such ad account")
    change = pixel_changes.link if body.linked else pixel_changes.unlink
    change(simulator, body.by, pixel.owner_bc_id, pixel, body.advertiser_ids)
    return {"pixel_id": body.pixel_id, "advertiser_ids": simulator.world.links.advertiser_ids(body.pixel_id)}


def _pixel(simulator: Simulator, pixel_id: str) -> Pixel:
    pixel = simulator.world.assets.get(pixel_id)
    if not isinstance(pixel, Pixel):
        raise HTTPException(404, "no such pixel")
    return pixel


@router.post("/registered-redirects", status_code=201)
def register_redirect(simulator: Running, body: Redirect) -> dict[str, Any]:
    if body.app_id not in simulator.world.apps:
        raise HTTPException(404, "no such app")
    simulator.register_redirect(body.app_id, body.redirect_uri)
    return {"redirect_uris": sorted(simulator.world.apps[body.app_id].redirect_uris)}
