"""The control surface under /simulator/: what tests and the demo turn, break, look at and do by hand."""

from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter, HTTPException

from app.demo.tiktok_simulator import by_hand
from app.demo.tiktok_simulator.control import overview
from app.demo.tiktok_simulator.control.bodies import (
    AdAccountPatch,
    Approval,
    NewFault,
    NewToken,
    Redirect,
    RemovalByHand,
    Reset,
    Revocation,
    ShareByHand,
    SwitchesPatch,
)
from app.demo.tiktok_simulator.faults import Fault
from app.demo.tiktok_simulator.model import Consent
from app.demo.tiktok_simulator.simulator import Running
from app.demo.tiktok_simulator.switches import WrongSwitch

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
def show_calls(simulator: Running) -> dict[str, Any]:
    return overview.calls(simulator)


@router.post("/reset")
def reset(simulator: Running, body: Reset | None = None) -> dict[str, Any]:
    simulator.reset(body.seed if body else None)
    return overview.world(simulator)


@router.post("/shares", status_code=201)
def share(simulator: Running, body: ShareByHand) -> dict[str, Any]:
    try:
        outcome = by_hand.share(simulator, body.bc_id, body.partner_id, body.asset_ids, body.advertiser_role)
    except by_hand.NotPossible as problem:
        raise HTTPException(409, str(problem)) from None
    return asdict(outcome)


@router.delete("/shares")
def remove_shares(simulator: Running, body: RemovalByHand) -> dict[str, int]:
    return {"removed": by_hand.remove(simulator, body.bc_id, body.partner_id, body.asset_ids)}


@router.post("/partner-approvals", status_code=201)
def approve(simulator: Running, body: Approval) -> dict[str, bool]:
    if not by_hand.approve(simulator, body.bc_id, body.partner_id):
        raise HTTPException(409, "nothing waits for this approval")
    return {"approved": True}


@router.post("/tokens", status_code=201)
def issue_token(simulator: Running, body: NewToken) -> dict[str, Any]:
    """A consent without the page, for tests that are about something else."""
    world = simulator.world
    if body.app_id not in world.apps or body.person not in world.persons:
        raise HTTPException(404, "no such app or person")
    reachable = world.reachable_ad_accounts(body.person)
    advertiser_ids = reachable if body.advertiser_ids is None else body.advertiser_ids
    token = world.issue_token(Consent(body.app_id, body.person, frozenset(advertiser_ids)))
    return {"access_token": token.access_token, "scope": token.permissions}


@router.post("/tokens/revocation")
def revoke(simulator: Running, body: Revocation) -> dict[str, int]:
    """The client cancels the authorisation at TikTok."""
    if body.person is not None:
        return {"revoked": len(simulator.world.cancel_consent(body.person))}
    return {"revoked": int(simulator.world.tokens.pop(body.access_token or "", None) is not None)}


@router.post("/ad-accounts/{advertiser_id}")
def change_ad_account(simulator: Running, advertiser_id: str, body: AdAccountPatch) -> dict[str, str]:
    account = simulator.world.ad_account(advertiser_id)
    if account is None:
        raise HTTPException(404, "no such ad account")
    account.status = body.status
    return {"advertiser_id": advertiser_id, "status": account.status}


@router.post("/registered-redirects", status_code=201)
def register_redirect(simulator: Running, body: Redirect) -> dict[str, Any]:
    if body.app_id not in simulator.world.apps:
        raise HTTPException(404, "no such app")
    simulator.register_redirect(body.app_id, body.redirect_uri)
    return {"redirect_uris": sorted(simulator.world.apps[body.app_id].redirect_uris)}
