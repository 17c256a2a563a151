"""Long texts become parts that Telegram takes, and nothing of them is lost."""

import pytest

from integrations.telegram.splitting import MAX_TEXT, length_of, split


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("short", [5]),
        ("a" * 4096, [4096]),
        ("a" * 4097, [4096, 1]),
        # An emoji has two units.
        ("😀" * 2048, [4096]),
        ("😀" * 2049, [4096, 2]),
        ("a" + "😀" * 2048, [4095, 2]),
        # At the end of a line, else at a space.
        ("a" * 4000 + "\n" + "b" * 4000, [4000, 4000]),
        ("a" * 4096 + "\n" + "b", [4096, 1]),
        ("a " * 100 + "b" * 4000, [199, 4001]),
        ("one\n" * 2000, [4095, 3904]),
        # No part is blank.
        ("a" + "\n" * 9000 + "b", [1, 1]),
        # What people see as one sign stays together.
        ("a" * 4095 + "e\u0301", [4095, 2]),
        ("a" * 4092 + "👩\u200d🔧", [4092, 5]),
        ("a" * 4094 + "👍🏽", [4094, 4]),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, list) else None,
)
def test_a_text_is_cut_where_people_would_cut_it(text: str, lengths: list[int]) -> None:
    parts = split(text)

    assert [length_of(part) for part in parts] == lengths
    assert all(length_of(part) <= MAX_TEXT for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
