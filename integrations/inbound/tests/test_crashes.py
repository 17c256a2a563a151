"""`kill -9` while a provider calls: a real process, a real database, real HTTP."""

import json
import random
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import pytest
import requests
from django.conf import settings

from orderchainer.testing.processes import SHORT_LEASE, Installation, embedded, wait_until
from orderchainer.testing.servers import environment_in

pytestmark = pytest.mark.processes

TOKEN = "the-bots-token"
CONNECT = f"""
from accounts.models import Project
from integrations.models import Integration
from integrations.models.integrations import sealed
Integration.objects.create(
    project=Project.objects.first(), provider="telegram", account="1", status="connected",
    secrets=sealed({{"secret_token": "{TOKEN}"}}),
)
"""


def connect_a_bot(installation: Installation) -> None:
    """Connect a bot to a project of the demo."""
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", CONNECT],
        cwd=settings.BASE_DIR,
        env=environment_in(installation.directory, **installation.variables),
        check=True,
        timeout=60,
    )


class Telegram:
    """Calls with one update after the other, each until it is accepted, from several threads."""

    def __init__(self, installation: Installation) -> None:
        self.accepted: list[int] = []
        self._url = f"{installation.url}/api/v1/webhooks/telegram"
        self._ids = count(1)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> None:
        while not self._is_over.is_set():
            update_id = next(self._ids)
            while not self._is_accepted(update_id):
                self._is_over.wait(0.05)
            self.accepted.append(update_id)

    def _is_accepted(self, update_id: int) -> bool:
        try:
            answer = requests.post(
                self._url,
                data=json.dumps({"update_id": update_id, "message": {}}),
                headers={"X-Telegram-Bot-Api-Secret-Token": TOKEN},
                timeout=20,
            )
        except requests.RequestException:
            return False
        assert answer.status_code == 200, answer.text
        return True

    def wait_for(self, more: int) -> None:
        """Wait until so many more calls are accepted."""
        wanted = len(self.accepted) + more
        wait_until(lambda: len(self.accepted) >= wanted, within_seconds=40, what=f"{wanted} calls")

    def stop(self) -> None:
        """Finish the calls in flight."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(timeout=60)


def test_every_call_that_was_accepted_is_worked_on_once_whatever_dies(tmp_path: Path) -> None:
    with embedded(tmp_path, **SHORT_LEASE) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        connect_a_bot(installation)
        telegram = Telegram(installation)
        try:
            telegram.wait_for(random.randint(10, 40))
            installation.kill("serve")
            installation.start("serve")
            installation.wait_until_it_listens("serve")
        finally:
            telegram.stop()

        waiting = "SELECT 1 FROM integrations_inbounddelivery WHERE state = 'pending' LIMIT 1"
        wait_until(
            lambda: not installation.rows(waiting),
            within_seconds=40,
            what="all deliveries are worked on",
        )
        rows = installation.rows("SELECT key, state FROM integrations_inbounddelivery")

    assert sorted(int(key) for key, _ in rows) == sorted(telegram.accepted)
    assert {state for _, state in rows} == {"ignored"}
