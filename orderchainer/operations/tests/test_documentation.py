"""The OpenAPI document: who builds it."""

import subprocess
import threading
from functools import cache as once
from types import SimpleNamespace
from unittest import mock

import pytest
from django.test import RequestFactory

from orderchainer.core import breaker
from orderchainer.operations import documentation
from orderchainer.testing.written_log import WrittenLog


@pytest.mark.processes
def test_another_process_builds_the_same_document_once_for_all_who_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = documentation.document()
    # As in a process that has built nothing.
    monkeypatch.setattr(documentation, "document", once(lambda: here))
    documentation._built_elsewhere.cache_clear()
    served: list[documentation.Document] = []

    with mock.patch("subprocess.run", wraps=subprocess.run) as run:
        readers = [
            threading.Thread(target=lambda: served.append(documentation.served())) for _ in range(4)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    assert served == [here] * 4
    assert run.call_count == 1


def test_a_process_that_fails_is_tried_again_only_after_a_pause(
    rf: RequestFactory,
    monkeypatch: pytest.MonkeyPatch,
    log: WrittenLog,
) -> None:
    here = documentation.document()
    monkeypatch.setattr(documentation, "document", once(lambda: here))
    monkeypatch.setattr(documentation, "_breaker", breaker.Breaker(documentation.PAUSE_SECONDS))
    documentation._built_elsewhere.cache_clear()
    broken = subprocess.CalledProcessError(1, "openapi", stderr=b"No module named rest_framework")
    works = mock.Mock(stdout=here.body)

    # Past the test client, whose checks of answers would build the document here.
    request = rf.get("/openapi.json")
    now = 1000.0
    monkeypatch.setattr(breaker, "time", SimpleNamespace(monotonic=lambda: now))

    with mock.patch("subprocess.run", side_effect=[broken, broken, works]) as run:
        refused = [documentation.openapi(request) for _ in range(3)]
        now += documentation.PAUSE_SECONDS
        refused.append(documentation.openapi(request))
        now += documentation.PAUSE_SECONDS
        answer = documentation.openapi(request)

    assert [each.status_code for each in refused] == [503] * 4
    assert {each["Retry-After"] for each in refused} == {str(documentation.PAUSE_SECONDS)}
    assert (answer.status_code, answer.content) == (200, here.body)
    assert run.call_count == 3
    [told] = log.lines("openapi_not_built")
    assert told["output"] == "No module named rest_framework"
