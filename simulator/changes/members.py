"""Changes between Business Centers and persons; the log is written here.

`by` is the person who made the change; None if unknown.
"""

from dataclasses import replace

from simulator.changes.words import asset_words, person_words, role_words
from simulator.models import Asset, Invitation, Member, Person, Role
from simulator.simulator import Simulator


def invite(simulator: Simulator, by: str | None, bc_id: str, invitation: Invitation) -> bool:
    """Invite one address; False when it is invited already or a member's."""
    center = simulator.world.business_centers[bc_id]
    key = invitation.email.lower()
    known, person = center.invitations.get(key), simulator.world.person_with(key)
    if (known and known.relation_status == "PENDING") or (person and person.person_id in center.members):
        return False
    center.invitations[key] = invitation
    simulator.note(bc_id, by, "USER", f"Invited {invitation.email}{role_words(invitation.role)}")
    return True


def accept(simulator: Simulator, bc_id: str, email: str) -> Person | None:
    """Make the person with this address a member as invited; None when no invitation is waiting."""
    world, center = simulator.world, simulator.world.business_centers[bc_id]
    invitation = center.invitations.get(email.lower())
    if invitation is None or invitation.relation_status != "PENDING":
        return None
    del center.invitations[email.lower()]
    person = world.person_with(email)
    if person is None:
        person = Person(world.new_id(), invitation.email.partition("@")[0], invitation.email)
        world.persons[person.person_id] = person
    center.members[person.person_id] = Member(invitation.role, invitation.finance_role)
    simulator.note(bc_id, person.person_id, "USER", f"{person_words(person)} joined{role_words(invitation.role)}")
    for asset_id in invitation.asset_ids:
        held = world.holding(bc_id, asset_id)
        if held is not None:
            assign(simulator, person.person_id, bc_id, held.asset, person.person_id, invitation.advertiser_role)
    return person


def reject(simulator: Simulator, bc_id: str, email: str) -> bool:
    """Reject the invitation of this address; False when no invitation is waiting."""
    center = simulator.world.business_centers[bc_id]
    invitation = center.invitations.get(email.lower())
    if invitation is None or invitation.relation_status != "PENDING":
        return False
    center.invitations[email.lower()] = replace(invitation, relation_status="REJECTED")
    simulator.note(bc_id, None, "USER", f"{invitation.email} rejected the invitation")
    return True


def withdraw(simulator: Simulator, by: str | None, bc_id: str, email: str) -> bool:
    """Take an invitation back; False when there is none."""
    if simulator.world.business_centers[bc_id].invitations.pop(email.lower(), None) is None:
        return False
    simulator.note(bc_id, by, "USER", f"Cancelled the invitation of {email}")
    return True


def put(simulator: Simulator, by: str | None, bc_id: str, person_id: str, member: Member) -> None:
    """Make somebody a member, or another kind of member."""
    center, person = simulator.world.business_centers[bc_id], simulator.world.persons[person_id]
    known = center.members.get(person_id)
    center.members[person_id] = member
    if known is None or known.role != member.role:
        done = "Added" if known is None else "Changed the role of"
        simulator.note(bc_id, by, "USER", f"{done} {person_words(person)}{role_words(member.role)}")


def remove(simulator: Simulator, by: str | None, bc_id: str, person_id: str) -> bool:
    """Remove a member, with everything assigned to them there; False when they are none."""
    world = simulator.world
    if world.business_centers[bc_id].members.pop(person_id, None) is None:
        return False
    for asset in world.assets.values():
        asset.assigned.get(bc_id, {}).pop(person_id, None)
    simulator.note(bc_id, by, "USER", f"Removed {person_words(world.persons[person_id])}")
    return True


def assign(simulator: Simulator, by: str | None, bc_id: str, asset: Asset, person_id: str, role: Role) -> None:
    """Give a member of this Business Center a role on an asset it holds."""
    asset.assigned.setdefault(bc_id, {})[person_id] = role
    person = simulator.world.persons[person_id]
    simulator.note(bc_id, by, "USER", f"Assigned {asset_words(asset)} to {person_words(person)}{role_words(role)}")


def unassign(simulator: Simulator, by: str | None, bc_id: str, asset: Asset, person_id: str) -> bool:
    """Take it away again; False when they had none."""
    if asset.assigned.get(bc_id, {}).pop(person_id, None) is None:
        return False
    person = simulator.world.persons[person_id]
    simulator.note(bc_id, by, "USER", f"Removed {asset_words(asset)} from {person_words(person)}")
    return True
