"""Control routes for what people do with members: invite, accept, reject, add, change, remove and assign."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException

from simulator import manual_changes
from simulator.changes import members as changes
from simulator.control.schemas import Assignment, InvitationAnswer, NewInvitation, NewMember
from simulator.models import BusinessCenter, Invitation, Member, roles_on
from simulator.simulator import Running, Simulator

router = APIRouter(prefix="/simulator/business-centers/{bc_id}")


@router.post("/invitations", status_code=201)
def invite(simulator: Running, bc_id: str, body: NewInvitation) -> dict[str, bool]:
    _center(simulator, bc_id)
    invitation = Invitation(
        body.email, body.role, asset_ids=tuple(body.asset_ids), advertiser_role=body.advertiser_role
    )
    return {"invited": changes.invite(simulator, body.by, bc_id, invitation)}


@router.post("/invitation-answers", status_code=201)
def answer(simulator: Running, bc_id: str, body: InvitationAnswer) -> dict[str, Any]:
    """Accept or reject an invitation; a person is created if nobody has this address yet."""
    center = _center(simulator, bc_id)
    if not manual_changes.answer_invitation(simulator, bc_id, body.email, accept=body.accept):
        raise HTTPException(409, "no invitation waits for this answer")
    person = simulator.world.person_with(body.email)
    member = person and center.members.get(person.person_id)
    return {"person_id": person.person_id if person and member else None, "accepted": body.accept}


@router.put("/members/{person_id}")
def put_member(simulator: Running, bc_id: str, person_id: str, body: NewMember) -> dict[str, Any]:
    """Somebody becomes a member without an invitation, or another kind of member."""
    center = _center(simulator, bc_id)
    if person_id not in simulator.world.persons:
        raise HTTPException(404, "no such person")
    changes.put(simulator, body.by, bc_id, person_id, Member(body.role, body.finance_role))
    return asdict(center.members[person_id])


@router.delete("/members/{person_id}")
def remove_member(simulator: Running, bc_id: str, person_id: str, by: str | None = None) -> dict[str, bool]:
    _center(simulator, bc_id)
    return {"removed": changes.remove(simulator, by, bc_id, person_id)}


@router.put("/assignments")
def assign(simulator: Running, bc_id: str, body: Assignment) -> dict[str, Any]:
    """An admin gives a member an asset, changes the role on it, or takes it away."""
    center, held = _center(simulator, bc_id), simulator.world.holding(bc_id, body.asset_id)
    if held is None or body.person not in center.members:
        raise HTTPException(409, "the Business Center does not hold this asset, or has no such member")
    if body.role is None:
        changes.unassign(simulator, body.by, bc_id, held.asset, body.person)
    elif body.role not in roles_on(held.asset.asset_type):
        raise HTTPException(409, f"there is no role {body.role} on this asset")
    else:
        changes.assign(simulator, body.by, bc_id, held.asset, body.person, body.role)
    return {"asset_id": body.asset_id, "assigned": held.asset.assigned.get(bc_id, {})}


def _center(simulator: Simulator, bc_id: str) -> BusinessCenter:
    center = simulator.world.business_centers.get(bc_id)
    if center is None:
        raise HTTPException(404, "no such Business Center")
    return center
