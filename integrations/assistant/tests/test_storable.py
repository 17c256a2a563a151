"""Whatever a model writes can be stored and sent on."""

from typing import Any

import orjson
import pytest

from integrations.assistant.storable import storable, storable_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Grüße 🎈", "Grüße 🎈"),
        ("a\x00b", "a�b"),
        ("\ud83c\udf88", "��"),
        ({"a\x00": ["\udfff", {"b": None}]}, {"a�": ["�", {"b": None}]}),
        ([True, 1, 1.5, -(2**63)], [True, 1, 1.5, -(2**63)]),
        (2**63, 9.223372036854775808e18),
        (10**400, None),
        (float("nan"), None),
        (float("-inf"), None),
        (object(), None),
    ],
    ids=[str(number) for number in range(10)],
)
def test_replaces_what_cannot_be_stored(value: Any, expected: Any) -> None:
    found = storable(value)
    assert found == expected
    assert orjson.loads(orjson.dumps(found)) == expected


def test_depth_and_width_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    found = storable({"deep": deep, **{str(number): number for number in range(1000)}})
    assert len(found) == 200
    depth = 0
    inner = found["deep"]
    while isinstance(inner, list):
        inner, depth = inner[0], depth + 1
    assert (inner, depth) == (None, 19)


def test_cuts_a_text() -> None:
    assert storable_text("abc", most=2) == "ab"
