"""`SANDBOX=on`: the first start of somebody who has no shop and no Discord."""

import time
from pathlib import Path

import pytest

from orderchainer.testing.servers import free_port, running

pytestmark = pytest.mark.processes

SERVE = ("manage.py", "serve", "--prepare")


def test_says_which_port_is_taken(tmp_path: Path) -> None:
    with running(
        "-m", "integrations.sandbox", "--port", str(taken := free_port()), directory=tmp_path / "a"
    ) as sandbox:
        while "Sandbox:" not in sandbox.output:
            time.sleep(0.05)
        with running(
            *SERVE, directory=tmp_path / "b", SANDBOX="on", SANDBOX_PORT=str(taken)
        ) as service:
            assert service.process.wait(timeout=30) == 1
            expected = f"Cannot listen: 127.0.0.1:{taken} for the sandbox: Address already in use"
            assert expected in service.output
