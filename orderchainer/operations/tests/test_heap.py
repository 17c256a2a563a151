"""What a server's memory does after requests have come and gone."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from orderchainer.testing.servers import environment_in

# A request with a large answer, and then many answers of which each leaves something small behind.
ANSWERS = """
import orderchainer.wsgi
from pathlib import Path

def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20

large = bytearray(16 * 2**20)
del large
before = resident_mib()
answers, kept = [], []
for _ in range(100):
    answers.append(bytearray(256 * 1024))
    kept.append(bytes(600))
during = resident_mib()
del answers
print(during - before, resident_mib() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told")
def test_the_memory_of_large_answers_is_returned_to_the_system(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ANSWERS],
        cwd=settings.BASE_DIR,
        env={**environment_in(tmp_path), "DJANGO_SETTINGS_MODULE": "orderchainer.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    taken, left = map(float, done.stdout.splitlines()[-1].split())
    assert taken > 20
    assert left < 5
