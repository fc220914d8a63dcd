"""Several readings of one ring, put together: each reading drops the oldest records and adds new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .jk_records import Record


class _Node:
    """A record in a doubly linked list."""

    __slots__ = ("after", "before", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.before: _Node | None = None
        self.after: _Node | None = None


class _Chain:
    """Records in order, with cheap insertion anywhere."""

    def __init__(self) -> None:
        self.head: _Node | None = None
        self.tail: _Node | None = None

    def insert(self, record: Record, before: _Node | None) -> _Node:
        """Insert a record before a node, at the end when there is none."""
        node = _Node(record)
        node.after = before
        node.before = before.before if before else self.tail
        if node.before:
            node.before.after = node
        else:
            self.head = node
        if before:
            before.before = node
        else:
            self.tail = node
        return node

    def records(self) -> list[Record]:
        """All records in order."""
        found = []
        node = self.head
        while node:
            found.append(node.record)
            node = node.after
        return found


def merge_readings(readings: Sequence[Sequence[Record]]) -> tuple[list[Record], int]:
    """Put the readings of one ring together.

    Records are equal when all their bytes are; a record that stands twice in one reading is two records. What a reading
    alone holds is put where its neighbours of that reading stand, or at the end when it shares nothing with the others.

    Returns:
        The records, oldest first, and how many were in more than one reading.
    """
    chain = _Chain()
    nodes: dict[bytes, list[_Node]] = {}
    repeated = 0
    for reading in readings:
        seen: Counter[bytes] = Counter()
        waiting: list[Record] = []
        place: _Node | None = None
        for record in reading:
            known = nodes.setdefault(record.data, [])
            number = seen[record.data]
            seen[record.data] += 1
            if number < len(known):
                repeated += 1
                place = known[number]
                for early in waiting:
                    nodes[early.data].append(chain.insert(early, place))
                waiting.clear()
            elif place is None:
                waiting.append(record)
            else:
                place = chain.insert(record, place.after)
                known.append(place)
        for late in waiting:
            nodes[late.data].append(chain.insert(late, None))
    return chain.records(), repeated
