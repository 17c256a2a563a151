"""What the tests in a browser cost the others."""

import subprocess
import sys


def test_a_run_without_a_browser_does_not_load_playwright() -> None:
    script = "import sys, orderchainer.testing.browsers; print('playwright' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "False\n"
