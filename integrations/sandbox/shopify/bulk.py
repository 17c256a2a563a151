"""Bulk operations: one query over everything, and its answer as a file of JSON lines."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass
class BulkOperation:
    """One bulk operation. `signature` is the secret part of its file's address."""

    id: int
    query: str
    created_at: datetime
    signature: str
    groups_objects: bool
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    # The answer, and how many objects it has in all and at its root.
    file: bytes = b""
    object_count: int = 0
    root_object_count: int = 0

    @property
    def gid(self) -> str:
        """The id as GraphQL writes it."""
        return f"gid://shopify/BulkOperation/{self.id}"


def lines_of(nodes: list[dict[str, Any]], *, grouped: bool, seed: int) -> Iterator[bytes]:
    """Write nodes as JSON lines. Nested nodes are lines of their own with `__parentId`.

    Grouped lines follow their parents. Otherwise any line may come before any other.
    """
    found = [line for node in nodes for line in _flat(node)]
    if not grouped:
        random.Random(seed).shuffle(found)
    for line in found:
        yield json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _flat(node: Mapping[str, Any], parent_id: str = "") -> Iterator[dict[str, Any]]:
    own: dict[str, Any] = {}
    children: list[Mapping[str, Any]] = []
    for key, value in node.items():
        if isinstance(value, dict) and ("edges" in value or "nodes" in value):
            children += [each["node"] for each in value.get("edges", [])]
            children += value.get("nodes", [])
        else:
            own[key] = value
    yield {**own, "__parentId": parent_id} if parent_id else own
    for child in children:
        yield from _flat(child, str(node.get("id", "")))
