"""The history of Home Assistant as its two interfaces answer in JSON, made of the same history in CSV."""

import json
from datetime import datetime

from .table_files import history

UNITS = {"voltage": "V", "current": "A", "charge": "%", "temperature": "°C"}


def _unit(entity):
    return next((unit for word, unit in UNITS.items() if word in entity), "")


def _entities(data):
    entities = {}
    for line in data.decode().strip().split("\n")[1:]:
        entity, state, stamp = line.split(",")
        entities.setdefault(entity, []).append((state, stamp.replace("Z", "+00:00")))
    return entities


def rest_history(minimal=True, **rest):
    """The answer of `/api/history/period`."""
    lists = []
    for entity, changes in _entities(history(**rest)).items():
        found = []
        for place, (state, stamp) in enumerate(changes):
            item = {"state": state, "last_changed": stamp}
            if not place or not minimal:
                item |= {
                    "entity_id": entity,
                    "attributes": {"unit_of_measurement": _unit(entity)},
                    "last_updated": stamp,
                }
            found.append(item)
        lists.append(found)
    return json.dumps(lists, ensure_ascii=False).encode()


def socket_history(**rest):
    """The answer of `history/history_during_period`."""
    lists = {
        entity: [
            {"s": state, "lu": datetime.fromisoformat(stamp).timestamp()}
            | ({} if place else {"a": {"unit_of_measurement": _unit(entity)}})
            for place, (state, stamp) in enumerate(changes)
        ]
        for entity, changes in _entities(history(**rest)).items()
    }
    return json.dumps({"id": 7, "type": "result", "success": True, "result": lists}).encode()
