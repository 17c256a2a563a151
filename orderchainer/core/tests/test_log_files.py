"""Log files rotate by size, even with several processes at once."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from orderchainer.core.logs.files import SharedRotatingFileHandler


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "", 0, text, None, None)


def test_a_full_file_is_turned_over_and_the_oldest_goes(tmp_path: Path) -> None:
    handler = SharedRotatingFileHandler(str(tmp_path / "a.log"), max_bytes=100, backups=2)

    for number in range(40):
        handler.emit(record(f"line {number:02}"))
    handler.close()

    # A line has 8 bytes, so the 13th line brings the file over 100.
    contents = {
        path.name: path.read_text().split("\n")[:-1]
        for path in tmp_path.glob("a.log*")
        if path.suffix != ".lock"
    }
    assert contents == {
        "a.log": ["line 39"],
        "a.log.1": [f"line {number:02}" for number in range(26, 39)],
        "a.log.2": [f"line {number:02}" for number in range(13, 26)],
    }


WRITE_MANY = """
import logging, sys
from orderchainer.core.logs.files import SharedRotatingFileHandler
handler = SharedRotatingFileHandler(sys.argv[1], max_bytes=20_000, backups=99)
for number in range(1000):
    text = f"{sys.argv[2]}-{number}-" + "x" * 50
    handler.emit(logging.LogRecord("x", 20, "", 0, text, None, None))
"""


@pytest.mark.processes
def test_processes_that_rotate_one_file_neither_lose_nor_tear_a_line(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shared.log"

    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_MANY, str(file), str(writer)])
        for writer in range(3)
    ]

    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    files = [path for path in tmp_path.glob("shared.log*") if path.suffix != ".lock"]
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(
        f"{writer}-{number}-" + "x" * 50 for writer in range(3) for number in range(1000)
    )
    assert len(files) >= 8
    # Each process may write one more line after the file is full.
    assert max(path.stat().st_size for path in files) < 20_000 + 3 * 70


def test_starts_a_new_file_if_the_old_one_was_moved_away(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    handler = SharedRotatingFileHandler(str(file), max_bytes=1000, backups=1)
    handler.emit(record("before"))

    file.rename(tmp_path / "moved.log")
    handler.emit(record("after"))

    assert (tmp_path / "moved.log").read_text() == "before\n"
    assert file.read_text() == "after\n"


def test_the_first_line_creates_the_directory(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deeper" / "a.log"
    handler = SharedRotatingFileHandler(str(file), max_bytes=1000, backups=1)
    assert not (tmp_path / "new").exists()

    handler.emit(record("first"))

    assert file.read_text() == "first\n"


def test_an_unwritable_file_is_reported_once_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    handler = SharedRotatingFileHandler(str(tmp_path / "file" / "a.log"), max_bytes=1000, backups=1)

    handler.emit(record("one"))
    handler.emit(record("two"))

    assert capsys.readouterr().err == (
        f"Cannot write the log file {tmp_path}/file/a.log: Not a directory.\n"
    )
