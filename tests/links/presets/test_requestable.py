"""The list of platforms, kinds and roles: what it says can be asked for is taken, under each of its names."""

from typing import Any

import httpx2


def _asks(platform: dict[str, Any], kind: dict[str, Any], role: str) -> list[dict[str, Any]]:
    own_words = {"title": "Booking tool", "steps": ["Invite us."]} if platform["platform"] == "other" else {}
    access_request = {
        "platform": platform["platform"],
        "kind": kind["kind"],
        "role": role,
        "reason": "To work.",
        **own_words,
    }
    if kind["through"] is None:
        return [access_request]
    return [access_request, {**access_request, "kind": kind["through"], "role": "ANALYST"}]


async def test_every_role_of_the_list_is_taken_by_each_of_its_names(api: httpx2.AsyncClient) -> None:
    listed = (await api.get("/platforms")).json()["data"]
    tried = 0
    for platform in listed:
        for kind in platform["kinds"]:
            for role in kind["roles"]:
                assert role["label"], role
                for name in (role["role"], *role["also"], role["role"].lower().replace("_", " ")):
                    tried += 1
                    wish = {
                        "slug": f"try-{tried}", "name": "x", "sentence": "x",
                        "access_requests": _asks(platform, kind, name), "screens": ["pixels"],
                    }  # fmt: skip
                    made = await api.post("/presets", json=wish)
                    assert (made.status_code == 201) == kind["in_presets"], made.text
                    assert not kind["in_presets"] or made.json()["access_requests"][0]["role"] == role["role"]
    assert tried > 40


async def test_what_is_in_no_list_is_refused_by_name(api: httpx2.AsyncClient) -> None:
    for part in ("platform", "kind", "role"):
        access_request = {
            "platform": "tiktok",
            "kind": "ad_account",
            "role": "ANALYST",
            "reason": "To work.",
            part: "zzz",
        }
        wish = {"slug": "x", "name": "x", "sentence": "x", "access_requests": [access_request]}
        refused = await api.post("/presets", json=wish)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [f"access_requests.0.{part}"])
