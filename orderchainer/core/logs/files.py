"""Log files that several processes write and rotate together."""

import fcntl
import logging
import os
import sys
from pathlib import Path


class SharedRotatingFileHandler(logging.Handler):
    """Append lines to a file and rotate it by size, while other processes do the same.

    With the standard library's handler, one process renames the file while the others keep writing
    to what is now a backup, and rotate it again. Here each line is a single `write` in append mode,
    which the kernel does not split. Before each write the process checks that the path still names
    its open file. Rotation happens under a lock, after checking the size once more.

    The first line creates the directory. If the file cannot be written, the handler says so once on
    stderr and drops the lines, which other handlers still get: a full disk must not stop the
    service.
    """

    def __init__(self, path: str, *, max_bytes: int, backups: int) -> None:
        super().__init__()
        self.path = Path(path)
        self.max_bytes = max_bytes
        self.backups = backups
        self._descriptor: int | None = None
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        try:
            os.write(self._open(), line)
        except OSError as exc:
            if not self._failed:
                self._failed = True
                sys.stderr.write(f"Cannot write the log file {self.path}: {exc.strerror}.\n")
        else:
            self._failed = False

    def close(self) -> None:
        self._close()
        super().close()

    def _open(self) -> int:
        """Return a descriptor of the file that `path` names now.

        Rotate the file first if it is full.
        """
        try:
            now = os.stat(self.path)
        except FileNotFoundError:
            return self._reopen()
        if self._descriptor is None or not os.path.samestat(now, os.fstat(self._descriptor)):
            self._reopen()
        if now.st_size >= self.max_bytes:
            self._rotate()
        assert self._descriptor is not None
        return self._descriptor

    def _reopen(self) -> int:
        self._close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640
        )
        return self._descriptor

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _rotate(self) -> None:
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.path.exists() and self.path.stat().st_size >= self.max_bytes:
                for number in range(self.backups - 1, 0, -1):
                    older = self._backup(number)
                    if older.exists():
                        older.replace(self._backup(number + 1))
                if self.backups:
                    self.path.replace(self._backup(1))
                else:
                    self.path.unlink()
        finally:
            os.close(lock)
        self._reopen()

    def _backup(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
