"""Which characters never reach a terminal raw."""

import json

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from orderchainer.core.http.downloads import csv_download
from orderchainer.core.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Zoë's 木 👨\u200d👩 “order” C:\\n", "Zoë's 木 👨\u200d👩 “order” C:\\n"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x00\x1b[2J\x7f\x80\x9f", r"\u0000\u001b[2J\u007f\u0080\u009f"),
        ("\u061c\u200e\u202e\u2066\u2069", r"\u061c\u200e\u202e\u2066\u2069"),
        ("\u2028\u2029\udcff", r"\u2028\u2029\udcff"),
    ],
)
def test_escapes_characters_that_a_terminal_would_act_on(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_escaped_json_keeps_its_meaning(text: str) -> None:
    line = json.dumps({"text": text}, ensure_ascii=False)

    assert json.loads(printable(line)) == {"text": text}


def test_a_file_name_cannot_break_out_of_a_header() -> None:
    name = 'a"b\r\nSet-Cookie: x\u202e.csv'

    response = csv_download(RequestFactory().get("/"), iter([]), filename=name)

    header = response["Content-Disposition"]
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith('attachment; filename="a\\"b')
