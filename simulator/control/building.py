"""Control routes that build a world: persons, Business Centers, their members, assets of every kind, and crowds."""

from typing import Any

from fastapi import APIRouter, HTTPException

from simulator.control.schemas import Answer, BusinessCenterPatch, Crowd, NewAsset, NewBusinessCenter, NewPerson
from simulator.models import AdAccount, Asset, BusinessCenter, Member, Person, Pixel
from simulator.sharing import LONG_AGO, Share
from simulator.simulator import Running, Simulator
from simulator.world import World

router = APIRouter(prefix="/simulator")


@router.post("/persons", status_code=201)
def add_person(simulator: Running, body: NewPerson) -> dict[str, str]:
    return {"person_id": _person(simulator.world, body.name, body.email).person_id}


@router.post("/business-centers", status_code=201)
def add_business_center(simulator: Running, body: NewBusinessCenter) -> dict[str, str]:
    unknown = set(body.members) - set(simulator.world.persons)
    if unknown:
        raise HTTPException(404, f"no such person: {', '.join(sorted(unknown))}")
    members = {person_id: Member(role) for person_id, role in body.members.items()}
    fields = body.model_dump(exclude={"members", "company"})
    center = BusinessCenter(
        bc_id=simulator.world.new_id(), company=body.company or body.name, members=members, **fields
    )
    simulator.world.business_centers[center.bc_id] = center
    return {"bc_id": center.bc_id}


@router.patch("/business-centers/{bc_id}")
def change_business_center(simulator: Running, bc_id: str, body: BusinessCenterPatch) -> dict[str, Any]:
    center = _center(simulator, bc_id)
    changed = body.model_dump(exclude_unset=True)
    for name, value in changed.items():
        setattr(center, name, value)
    return {"bc_id": bc_id, **changed}


@router.post("/assets", status_code=201)
def add_asset(simulator: Running, body: NewAsset) -> dict[str, str]:
    """An asset of any type; a pixel comes with its code."""
    world = simulator.world
    for known, key in (
        (world.business_centers, body.owner_bc_id),
        (world.persons, body.owner_person_id),
        (world.assets, body.owner_advertiser_id),
    ):
        if key is not None and key not in known:
            raise HTTPException(404, f"no such owner: {key}")
    asset = _asset(world, body)
    world.assets[asset.asset_id] = asset
    return {"asset_id": asset.asset_id, **({"pixel_code": asset.pixel_code} if isinstance(asset, Pixel) else {})}


@router.put("/assets/{asset_id}/requests/{bc_id}")
def answer_request(simulator: Running, asset_id: str, bc_id: str, body: Answer) -> dict[str, Any]:
    """The relation of a personal owner and a Business Center that requested the asset."""
    _center(simulator, bc_id)
    asset = simulator.world.assets.get(asset_id)
    if asset is None or asset.owner_bc_id is not None:
        raise HTTPException(409, "no such asset, or it is no person's")
    asset.requested_by.pop(bc_id, None)
    if body.relation_status is not None:
        asset.requested_by[bc_id] = body.relation_status
    return {"asset_id": asset_id, "requested_by": asset.requested_by}


@router.post("/crowds", status_code=201)
def add_crowd(simulator: Running, body: Crowd) -> dict[str, Any]:
    """As if it had always been so: no read lags behind it, and the activity log is silent about it."""
    _center(simulator, body.bc_id)
    return {"partners": [_partner(simulator.world, body) for _ in range(body.partners)]}


def _center(simulator: Simulator, bc_id: str) -> BusinessCenter:
    center = simulator.world.business_centers.get(bc_id)
    if center is None:
        raise HTTPException(404, "no such Business Center")
    return center


def _person(world: World, name: str, email: str) -> Person:
    person = Person(world.new_id(), name, email)
    world.persons[person.person_id] = person
    return person


def _asset(world: World, wish: NewAsset) -> Asset:
    asset = _of_its_type(world, wish)
    asset.owner_bc_id, asset.owner_person_id = wish.owner_bc_id, wish.owner_person_id
    asset.requested_by = dict(wish.requested_by)
    return asset


def _of_its_type(world: World, wish: NewAsset) -> Asset:
    if wish.asset_type == "ADVERTISER":
        return AdAccount(
            world.new_id(),
            wish.name,
            status=wish.status,
            company=wish.name,
            currency=wish.currency,
            timezone=wish.timezone,
            rejection_reason=wish.rejection_reason,
        )
    if wish.asset_type == "PIXEL":
        code = f"C{world.new_number():019d}"
        return Pixel(world.new_id(), wish.name, pixel_code=code, owner_advertiser_id=wish.owner_advertiser_id)
    return Asset(world.new_id(), wish.name, wish.asset_type)


def _partner(world: World, crowd: Crowd) -> dict[str, Any]:
    bc_id = world.new_id()
    name = f"Partner {world.made}"
    admin = _person(world, f"Admin of {name}", f"admin@partner{world.made}.example")
    world.business_centers[bc_id] = BusinessCenter(bc_id, name, name, {admin.person_id: Member("ADMIN")})
    accounts = [
        AdAccount(world.new_id(), f"{name} {number}", owner_bc_id=bc_id, company=name)
        for number in range(1, crowd.accounts_each + 1)
    ]
    world.assets |= {account.asset_id: account for account in accounts}
    world.sharing.befriend(LONG_AGO, bc_id, crowd.bc_id, needs_approval=False)
    world.sharing.share(
        LONG_AGO, [Share(bc_id, crowd.bc_id, each.asset_id, "ADVERTISER", crowd.role) for each in accounts]
    )
    return {"bc_id": bc_id, "admin": admin.person_id, "asset_ids": [account.asset_id for account in accounts]}
