"""Members of a Business Center and invitations to it: API.md 5.1 to 5.4. All need an ADMIN of `bc_id`."""

import re
from dataclasses import replace

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.api.parameters import Parameters
from simulator.changes import members as changes
from simulator.models import (
    ADVERTISER_ROLES,
    BusinessCenter,
    BusinessCenterRole,
    FinanceRole,
    Invitation,
    Member,
    Person,
)

MOST_EMAILS = 50
MOST_ASSETS = 50
MOST_ON_A_PAGE = 20
LONGEST_NAME = 250

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ROLES: tuple[BusinessCenterRole, ...] = ("ADMIN", "STANDARD")
_FINANCE_ROLES: tuple[FinanceRole, ...] = ("MANAGER", "ANALYST")


def members(call: Call) -> Data:
    """GET bc/member/get/: members are BOUND; an invited person who has not accepted is known by address alone."""
    bc_id = call.parameters.id("bc_id")
    call.parameters.optional_id("child_bc_id")
    page = call.parameters.page(largest=MOST_ON_A_PAGE)
    filtering = call.parameters.filtering()
    keyword = (filtering.optional_text("keyword") or "").lower()
    role = filtering.choice("user_role", ("", *_ROLES), "")
    status = filtering.choice("relation_status", ("", "BOUND", "PENDING", "REJECTED", "UNBOUND"), "")
    center = call.administered(bc_id)
    rows = [_member(call.world.persons[key], member) for key, member in center.members.items()]
    rows += [_invited(invitation) for invitation in center.invitations.values()]
    found = [
        row
        for row in rows
        if role in ("", row["user_role"])
        and status in ("", row["relation_status"])
        and any(keyword in str(row[name]).lower() for name in ("user_name", "user_email", "user_id"))
    ]
    return page.cut(found, lambda row: row)


def invite_members(call: Call) -> Data:
    """POST bc/member/invite/: addresses that are invited already are ignored; the others have to accept."""
    bc_id = call.parameters.id("bc_id")
    emails = _emails(call.parameters)
    # Sources disagree on whether the role may be left out; the stricter reading catches more mistakes.
    role = call.parameters.choice("user_role", _ROLES)
    call.parameters.choice("asset_type", ("ADVERTISER",), "ADVERTISER")
    asset_ids = call.parameters.ids("asset_ids", MOST_ASSETS)
    advertiser_role = call.parameters.choice("advertiser_role", ADVERTISER_ROLES, "ANALYST")
    finance_role = _finance_role(call.parameters)
    call.administered_for_writing(bc_id)
    _check_assets(call, bc_id, asset_ids)
    for email in emails:
        invitation = Invitation(email, role, finance_role, tuple(asset_ids), advertiser_role)
        changes.invite(call.simulator, call.person.person_id, bc_id, invitation)
    return {}


def update_member(call: Call) -> Data:
    """POST bc/member/update/: only what is sent changes."""
    bc_id, user_id = call.parameters.id("bc_id"), call.parameters.id("user_id")
    call.parameters.optional_id("child_bc_id")
    role = call.parameters.optional_choice("user_role", _ROLES)
    name = call.parameters.optional_text("user_name")
    if name and len(name) > LONGEST_NAME:
        raise Refusal(40002, f"user_name: Must be {LONGEST_NAME} characters or fewer.")
    finance_role = _finance_role(call.parameters)
    known = _known(call.administered_for_writing(bc_id), user_id)
    changed = replace(
        known,
        role=role or known.role,
        name=name or known.name,
        finance_role=finance_role or known.finance_role,
    )
    changes.put(call.simulator, call.person.person_id, bc_id, user_id, changed)
    return {}


def delete_member(call: Call) -> Data:
    """POST bc/member/delete/: a member by id, or an invitation by address."""
    bc_id = call.parameters.id("bc_id")
    call.parameters.optional_id("child_bc_id")
    user_id, user_email = call.parameters.optional_id("user_id"), call.parameters.optional_text("user_email")
    if (user_id is None) == (user_email is None):
        raise Refusal(40002, "Either user_id or user_email is required, not both.")
    call.administered_for_writing(bc_id)
    by = call.person.person_id
    if user_id is not None:
        done = changes.remove(call.simulator, by, bc_id, user_id)
    else:
        done = changes.withdraw(call.simulator, by, bc_id, user_email or "")
    if not done:
        raise Refusal(40007, "There is no such member or invitation.")
    return {}


def _known(center: BusinessCenter, user_id: str) -> Member:
    if user_id not in center.members:
        raise Refusal(40002, f"user_id: {user_id} is not a member of this Business Center.")
    return center.members[user_id]


def _emails(parameters: Parameters) -> list[str]:
    emails = parameters.texts("emails")
    if not emails or len(emails) > MOST_EMAILS:
        raise Refusal(40002, f"emails: 1 to {MOST_EMAILS} addresses are needed.")
    for email in emails:
        if not _EMAIL.fullmatch(email):
            raise Refusal(40002, f"emails: {email} is not a valid e-mail address.")
    return emails


def _finance_role(parameters: Parameters) -> FinanceRole | None:
    given = parameters.structure("ext_user_role")
    return given.optional_choice("finance_role", _FINANCE_ROLES) if given else None


def _check_assets(call: Call, bc_id: str, asset_ids: list[str]) -> None:
    for asset_id in asset_ids:
        held = call.world.holding(bc_id, asset_id)
        if held is None or held.asset.asset_type != "ADVERTISER" or held.relation_status != "BOUND":
            raise Refusal(40001, f"You don't have permission to the asset({asset_id})")


def _member(person: Person, member: Member) -> Data:
    return {
        "user_id": person.person_id,
        "user_name": member.name or person.name,
        "user_email": person.email,
        "user_role": member.role,
        "relation_status": "BOUND",
        "ext_user_role": {"finance_role": member.finance_role} if member.finance_role else {},
    }


def _invited(invitation: Invitation) -> Data:
    return {
        "user_id": "",
        "user_name": "",
        "user_email": invitation.email,
        "user_role": invitation.role,
        "relation_status": invitation.relation_status,
        "ext_user_role": {"finance_role": invitation.finance_role} if invitation.finance_role else {},
    }
