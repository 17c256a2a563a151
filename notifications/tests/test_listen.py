"""`manage.py listen` says what is wrong if it cannot listen.

It runs in a process of its own: its library serves either asyncio or Twisted in one process, and
other tests need Twisted.
"""

import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from django.conf import settings

from orderchainer.testing.servers import environment_in, free_port

TOKEN = jwt.encode({"user_id": 1}, "k" * 32)


def refusal_of(directory: Path, token: str, url: str) -> str:
    """Return what `manage.py listen` complains of."""
    done = subprocess.run(
        [sys.executable, "manage.py", "listen", token, "--url", url],
        cwd=settings.BASE_DIR,
        env=environment_in(directory),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.strip()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_says_how_to_name_another_port_if_nobody_answers(scheme: str, tmp_path: Path) -> None:
    port = free_port()

    refusal = refusal_of(tmp_path, TOKEN, f"{scheme}://127.0.0.1:{port}/")

    assert refusal == (
        f"CommandError: Nobody answers at ws://127.0.0.1:{port}.\n  Is the service running? If it "
        "listens on another port, say where: --url ws://127.0.0.1:8001"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("token", "url", "complaint"),
    [
        ("nonsense", "ws://127.0.0.1:8000", "This is not an access token."),
        (TOKEN, "127.0.0.1:8000", "--url is '127.0.0.1:8000'. Write ws://127.0.0.1:8000,"),
    ],
    ids=["token", "url"],
)
def test_says_which_argument_is_wrong(token: str, url: str, complaint: str, tmp_path: Path) -> None:
    assert complaint in refusal_of(tmp_path, token, url)
