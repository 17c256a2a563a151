"""The log that a test writes, read from the real files."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orderchainer.core.logs import error_file_of
from orderchainer.core.logs.files import SharedRotatingFileHandler


@dataclass(frozen=True)
class WrittenLog:
    """The lines in this run's log files since the test began."""

    file: Path
    start: int
    errors_start: int

    @property
    def text(self) -> str:
        """The text of both files on disk."""
        return _since(self.file, self.start) + self.error_text

    @property
    def error_text(self) -> str:
        """The text of the error file on disk."""
        return _since(error_file_of(self.file), self.errors_start)

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Return all lines, or those of one event."""
        lines = [json.loads(line) for line in _since(self.file, self.start).splitlines()]
        return [line for line in lines if not event or line["event"] == event]

    def errors(self) -> list[dict[str, Any]]:
        """Return the lines of the error file."""
        return [json.loads(line) for line in self.error_text.splitlines()]


@pytest.fixture
def log() -> WrittenLog:
    """Return what this test writes to the log files."""
    file = next(
        handler.path
        for handler in logging.getLogger().handlers
        if isinstance(handler, SharedRotatingFileHandler)
    )
    return WrittenLog(file, _size(file), _size(error_file_of(file)))


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _since(file: Path, start: int) -> str:
    return file.read_bytes()[start:].decode() if file.exists() else ""
