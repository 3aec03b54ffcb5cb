"""A HubSpot account, by HubSpot's documented rules.

https://developers.hubspot.com/docs/api-reference: crm-companies-v3, crm-contacts-v3, crm-notes-v3, crm-properties-v3,
crm-associations-v4, error-handling; https://knowledge.hubspot.com/records/use-lifecycle-stages.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.webhooks.destinations.receiving import Heard, Said

TOKEN = "pat-eu1-good"
STAGES = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
)  # fmt: skip
_OWN = {
    "companies": {"name", "domain", "lifecyclestage"},
    "contacts": {"email", "firstname", "lastname", "lifecyclestage"},
    "notes": {"hs_timestamp", "hs_note_body"},
    "deals": {"dealname", "dealstage"},
}
_NOTE_TYPES = {190: "companies", 202: "contacts"}


def error(status: int, category: str, message: str, **more: Any) -> Said:
    """An error as HubSpot words it."""
    return Said(status, {"status": "error", "category": category, "message": message, **more})


@dataclass
class Account:
    """`objects` by kind and id; `trouble` are answers given instead, by a path's end, once each."""

    custom: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"companies": {}, "contacts": {}, "deals": {}}
    )
    groups: dict[str, set[str]] = field(default_factory=lambda: {"companies": set(), "contacts": set(), "deals": set()})
    objects: dict[str, dict[str, dict[str, str]]] = field(
        default_factory=lambda: {"companies": {}, "contacts": {}, "notes": {}, "deals": {}}
    )
    pairs: set[tuple[str, str]] = field(default_factory=set)
    notes_of: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    trouble: dict[str, Said] = field(default_factory=dict)
    backwards: int = 0
    heard: list[str] = field(default_factory=list)

    def answers(self, heard: Heard) -> Said:
        """What HubSpot says."""
        self.heard.append(f"{heard.method} {heard.path}")
        if heard.headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        ending = next((end for end in self.trouble if heard.path.endswith(end)), None)
        if ending:
            return self.trouble.pop(ending)
        for pattern, answer in self._routes():
            found = re.fullmatch(pattern, f"{heard.method} {heard.path}")
            if found:
                said: Said = answer(*found.groups(), heard.json if heard.body else None)
                return said
        return error(404, "OBJECT_NOT_FOUND", "resource not found")

    def _routes(self) -> list[tuple[str, Any]]:
        kind = "(companies|contacts|deals)"
        return [
            (rf"POST /crm/v3/properties/{kind}/groups", self._make_group),
            (rf"POST /crm/v3/properties/{kind}", self._make_property),
            (rf"GET /crm/v3/properties/{kind}/(\w+)", self._read_property),
            (rf"POST /crm/v3/objects/{kind}/batch/read", self._read),
            (rf"POST /crm/v3/objects/{kind}/batch/upsert", self._upsert),
            (rf"POST /crm/v3/objects/{kind}/batch/update", self._update),
            (r"POST /crm/v3/objects/companies/search", self._search_companies),
            (r"PATCH /crm/v3/objects/deals/(\d+)", self._change_deal),
            (r"POST /crm/v4/associations/contacts/companies/batch/associate/default", self._associate),
            (r"POST /crm/v3/objects/notes/search", self._search_notes),
            (r"POST /crm/v3/objects/notes", self._make_note),
        ]

    def _make_group(self, kind: str, body: Any) -> Said:
        if body["name"] in self.groups[kind]:
            return error(409, "OBJECT_ALREADY_EXISTS", "the group exists")
        self.groups[kind].add(body["name"])
        return Said(201, body)

    def _make_property(self, kind: str, body: Any) -> Said:
        missing = {"name", "label", "groupName", "type", "fieldType"} - body.keys()
        if missing or not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", body["name"]):
            return error(400, "VALIDATION_ERROR", f"missing or wrong: {missing}")
        if body["groupName"] not in self.groups[kind]:
            return error(400, "VALIDATION_ERROR", "the group does not exist")
        fits = {"string": {"text", "textarea"}, "number": {"number"}, "datetime": {"date"}}
        if body["fieldType"] not in fits[body["type"]]:
            return error(400, "VALIDATION_ERROR", "type and fieldType do not go together")
        if body["name"] in self.custom[kind]:
            return error(409, "OBJECT_ALREADY_EXISTS", f"A property named '{body['name']}' already exists.")
        self.custom[kind][body["name"]] = body
        return Said(201, body)

    def _read_property(self, kind: str, name: str, _: Any) -> Said:
        found = self.custom[kind].get(name)
        return Said(200, {"hasUniqueValue": False, **found}) if found else error(404, "OBJECT_NOT_FOUND", "no property")

    def _read(self, kind: str, body: Any) -> Said:
        key = body.get("idProperty")
        if wrong := self._batch_wrong(kind, body["inputs"], [key] if key else []):
            return wrong
        found = [self._by(kind, key, each["id"]) for each in body["inputs"]]
        known = [self._shown(kind, id_, body["properties"]) for id_ in found if id_]
        if len(known) == len(found):
            return Said(200, {"status": "COMPLETE", "results": known})
        errors = [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects"}]
        return Said(207, {"status": "COMPLETE", "results": known, "numErrors": 1, "errors": errors})

    def _upsert(self, kind: str, body: Any) -> Said:
        inputs = body["inputs"]
        if wrong := self._batch_wrong(kind, inputs, [each.get("idProperty") for each in inputs]):
            return wrong
        for each in inputs:
            if wrong := self._values_wrong(kind, each["properties"]):
                return wrong
        return Said(200, {"status": "COMPLETE", "results": [self._written(kind, each) for each in inputs]})

    def _update(self, kind: str, body: Any) -> Said:
        for each in body["inputs"]:
            if each["id"] not in self.objects[kind]:
                return error(404, "OBJECT_NOT_FOUND", "resource not found")
            if wrong := self._values_wrong(kind, each["properties"], own=each["id"]):
                return wrong
        return Said(200, {"status": "COMPLETE", "results": [self._written(kind, each) for each in body["inputs"]]})

    def _search_companies(self, body: Any) -> Said:
        [group] = body["filterGroups"]
        [one] = group["filters"]
        found = [
            id_ for id_, record in self.objects["companies"].items() if record.get(one["propertyName"]) == one["value"]
        ]
        results = [self._shown("companies", id_, body["properties"]) for id_ in sorted(found, key=int)]
        return Said(200, {"total": len(results), "results": results[: body["limit"]]})

    def _change_deal(self, id_: str, body: Any) -> Said:
        if id_ not in self.objects["deals"]:
            return error(404, "OBJECT_NOT_FOUND", "resource not found")
        if wrong := self._values_wrong("deals", body["properties"]):
            return wrong
        self.objects["deals"][id_].update(body["properties"])
        return Said(200, {"id": id_, "properties": self.objects["deals"][id_]})

    def _written(self, kind: str, given: Any) -> dict[str, Any]:
        id_ = self._by(kind, given.get("idProperty"), given["id"])
        is_new = id_ is None
        id_ = id_ or str(9_000_000 + len(self.objects[kind]))
        record = self.objects[kind].setdefault(id_, {"lifecyclestage": ""})
        key = given.get("idProperty")
        told = {**given["properties"], **({key: given["id"]} if key else {})}
        before, after = record["lifecyclestage"], told.get("lifecyclestage")
        if after and before in STAGES and STAGES.index(after) < STAGES.index(before):
            self.backwards += 1
            del told["lifecyclestage"]  # HubSpot leaves the stage and says nothing
        record.update(told)
        return {"id": id_, "new": is_new, "properties": record}

    def _associate(self, body: Any) -> Said:
        for each in body["inputs"]:
            if each["from"]["id"] not in self.objects["contacts"] or each["to"]["id"] not in self.objects["companies"]:
                return error(400, "VALIDATION_ERROR", "no such record")
            self.pairs.add((each["from"]["id"], each["to"]["id"]))
        return Said(200, {"status": "COMPLETE", "results": []})

    def _search_notes(self, body: Any) -> Said:
        filters = {each["propertyName"]: each["value"] for each in body["filterGroups"][0]["filters"]}
        results = [
            {"id": id_, "properties": note}
            for id_, note in self.objects["notes"].items()
            if note["hs_timestamp"] == filters["hs_timestamp"]
            and ("companies", filters["associations.company"]) in self.notes_of[id_]
        ]
        return Said(200, {"total": len(results), "results": results[: body["limit"]]})

    def _make_note(self, body: Any) -> Said:
        if not body["properties"].get("hs_timestamp") or len(body["properties"].get("hs_note_body", "")) > 65_536:
            return error(400, "VALIDATION_ERROR", "hs_timestamp is required")
        if wrong := self._values_wrong("notes", body["properties"]):
            return wrong
        to = [(_NOTE_TYPES[each["types"][0]["associationTypeId"]], each["to"]["id"]) for each in body["associations"]]
        if any(id_ not in self.objects[kind] for kind, id_ in to):
            return error(400, "VALIDATION_ERROR", "no such record")
        id_ = str(len(self.objects["notes"]))
        self.objects["notes"][id_], self.notes_of[id_] = body["properties"], to
        return Said(201, {"id": id_, "properties": body["properties"]})

    def _batch_wrong(self, kind: str, inputs: Any, keys: list[str]) -> Said | None:
        if not 1 <= len(inputs) <= 100:
            return error(400, "VALIDATION_ERROR", "The maximum number of inputs is 100")
        unique = {"email"} if kind == "contacts" else set()
        unique |= {name for name, about in self.custom[kind].items() if about.get("hasUniqueValue")}
        if set(keys) - unique:
            return error(400, "VALIDATION_ERROR", f"Property {keys[0]} is not a unique property of {kind}")
        ids = [each["id"] for each in inputs]
        return error(400, "VALIDATION_ERROR", "duplicate ids") if len(set(ids)) < len(ids) else None

    def _values_wrong(self, kind: str, properties: Any, own: str | None = None) -> Said | None:
        known = _OWN[kind] | self.custom.get(kind, {}).keys()
        for name, value in properties.items():
            if name not in known:
                said = f'Property values were not valid: [{{"error":"PROPERTY_DOESNT_EXIST","name":"{name}"}}]'
                return error(400, "VALIDATION_ERROR", said)
            if not isinstance(value, str):
                return error(400, "VALIDATION_ERROR", "Cannot deserialize value of type `java.lang.String`")
            about = self.custom.get(kind, {}).get(name, {})
            if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", value):
                return error(400, "VALIDATION_ERROR", f'[{{"error":"INVALID_EMAIL","message":"{value} is invalid"}}]')
            there = self._by(kind, name, value) if about.get("hasUniqueValue") else None
            if own and there not in (None, own):
                return error(409, "CONFLICT", f"another record has that {name}")
            if about.get("type") == "number" and not re.fullmatch(r"-?\d+(\.\d+)?|", value):
                return error(400, "VALIDATION_ERROR", "INVALID_INTEGER")
        return None

    def _by(self, kind: str, key: str | None, value: str) -> str | None:
        if key is None:
            return value if value in self.objects[kind] else None
        return next((id_ for id_, record in self.objects[kind].items() if record.get(key) == value), None)

    def _shown(self, kind: str, id_: str, names: list[str]) -> dict[str, Any]:
        record = self.objects[kind][id_]
        return {"id": id_, "properties": {name: record.get(name) or None for name in names}}
