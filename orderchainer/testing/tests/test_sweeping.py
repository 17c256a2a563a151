"""The sweep finds every leaked secret and where it leaked, and reports nothing else."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings

from orderchainer.testing.secrets import Kind, Sweep
from orderchainer.testing.servers import environment_in
from orderchainer.testing.tests import planted_leaks

PLANTED = Path(planted_leaks.__file__)

# The expected leaks of each test in `planted_leaks`.
CHARGES = {
    "password_in_a_line": "password in the console's log, from x",
    "password_in_a_traceback": "password in the console's log, from x",
    "password_in_a_page": "password in the answer to GET /page",
    "password_in_an_address": "password in the headers of the answer to GET /header",
    "password_in_an_email": "password in the text of an e-mail",
    "password_in_a_message": "password in the message of the task planted.task",
    "password_in_a_row": "password in the table accounts_project",
    "refused_password_in_an_answer": "password in the answer to POST /api/answer",
    "access_token_in_a_page": "access token in the answer to GET /page",
    "access_token_in_a_later_answer": "access token in the answer to GET /api/answer",
    "refresh_token_in_a_header": "refresh token in the headers of the answer to GET /header",
    "refresh_token_in_a_row": "refresh token in the table accounts_project",
    "api_token_in_a_page": "API token in the answer to GET /page",
    "api_token_in_a_message": "API token in the message of the task planted.task",
    "code_in_a_line": "e-mailed code in the console's log, from x",
    "code_in_an_answer": "e-mailed code in the answer to GET /api/answer",
    "code_in_a_subject": "e-mailed code in the head of an e-mail",
    "code_in_a_row": "e-mailed code in the table accounts_outgoingemail",
    "link_in_a_page": "e-mailed link in the answer to GET /page",
    "link_in_a_line": "e-mailed link in the console's log, from x",
    "webhook_in_a_page": "webhook's token in the answer to GET /page",
    "credential_in_a_line": "encrypted credential in the console's log, from x",
    "configuration_in_a_page": "encrypted credential in the answer to GET /page",
    "key_in_a_page": "key of the service in the answer to GET /page",
    "other_key_in_a_line": "key of the service in the console's log, from x",
    "models_key_in_a_page": "key of the service in the answer to GET /page",
    "cookie_in_a_page": "session of a browser in the answer to GET /page",
    "cookie_of_the_pages_in_a_line": "session of a browser in the console's log, from x",
    "ticket_in_a_page": "access token in the answer to GET /page",
}
TESTS = [name.removeprefix("test_") for name in vars(planted_leaks) if name.startswith("test_")]


@dataclass(frozen=True)
class Run:
    """How an inner run of pytest ended, and which leaks it reported for each test."""

    status: int
    output: str
    charges: Mapping[str, str]


def run(directory: Path, *options: str) -> Run:
    """Run the planted leaks in a separate pytest with the plugin and its surroundings."""
    report = directory / "report.xml"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conftest", str(PLANTED)),
            *(f"--junitxml={report}", f"--basetemp={directory / 'inner'}", *options),
        ],
        cwd=settings.BASE_DIR,
        env=environment_in(directory),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    # Remove what the inner run leaked, since the sweep of the outer run would find it here.
    shutil.rmtree(directory / "inner")
    charges = {}
    for case in ElementTree.parse(report).iter("testcase"):
        problems = [*case.iter("error"), *case.iter("failure")]
        name = case.attrib["name"].removeprefix("test_")
        charges[name] = "\n".join(problem.text or "" for problem in problems)
    return Run(done.returncode, done.stdout, charges)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One inner run of all planted leaks."""
    return run(tmp_path_factory.mktemp("planted"))


@pytest.mark.processes
@pytest.mark.parametrize("test", TESTS)
def test_reports_each_leak_and_nothing_else(test: str, swept: Run) -> None:
    charge = swept.charges[test]

    if test in CHARGES:
        assert "A secret got out:" in charge
        assert f"  {CHARGES[test]}, during " in charge
        # The report says what leaked without containing the secret.
        assert planted_leaks.PASSWORD not in charge
        assert planted_leaks.WEBHOOK not in charge
        assert settings.SECRET_KEY not in charge
    else:
        assert charge == ""
        assert test.startswith(("fine_", "end_"))


AT_THE_END = "access token in the file test_end_token_in_the_log_of_a"


@pytest.mark.processes
def test_a_leak_that_is_found_at_the_end_fails_the_run(swept: Run) -> None:
    assert swept.status == pytest.ExitCode.TESTS_FAILED
    _before, _title, end = swept.output.partition("secrets that got out")
    assert AT_THE_END in end
    assert '"sent": "<access token>"' in end


@pytest.mark.processes
def test_a_leak_that_a_worker_finds_at_the_end_fails_the_run(tmp_path: Path) -> None:
    inner = run(tmp_path, "-n", "1", "-k", "test_end or test_fine_code")

    assert set(inner.charges.values()) == {""}
    assert inner.status == pytest.ExitCode.TESTS_FAILED
    assert AT_THE_END in inner.output.partition("secrets that got out")[2]


# --- The checker by itself --------------------------------------------------------------------


def leaks_in(text: str, *secrets: tuple[Kind, str]) -> list[str]:
    sweep = Sweep()
    for kind, secret in secrets:
        sweep.learn(kind, secret)
    sweep.look(text, "a text")
    return [str(leak) for leak in sweep.take_leaks()]


def test_reports_the_kind_the_place_and_the_context() -> None:
    assert leaks_in("Dear Ada, hunter2hunter2 it is.", (Kind.PASSWORD, "hunter2hunter2")) == [
        "password in a text: …Dear Ada, <password> it is.…"
    ]


def test_the_context_contains_no_other_secret() -> None:
    first, second = (Kind.PASSWORD, "hunter2hunter2"), (Kind.API_TOKEN, "oc_0123456789")

    assert leaks_in("hunter2hunter2 oc_0123456789", first, second) == [
        "password in a text: …<password> <API token>…",
        "API token in a text: …<password> <API token>…",
    ]


@pytest.mark.parametrize(
    "text",
    ["123456", "code: 123456.", '{"code":"123456"}', "?code=123456&x", "(123456)", "<b>123456</b>"],
)  # fmt: skip
def test_finds_six_digits_that_stand_alone(text: str) -> None:
    assert len(leaks_in(text, (Kind.CODE, "123456"))) == 1


@pytest.mark.parametrize(
    "text",
    ["0123456", "1234567", "a123456", "123456f", "10:00:00.123456Z", "123456.75",
     "0x123456", "+123456", "-123456", "12:123456"],
)  # fmt: skip
def test_ignores_six_digits_that_are_part_of_something_else(text: str) -> None:
    assert leaks_in(text, (Kind.CODE, "123456")) == []


def test_ignores_a_password_of_digits_within_a_longer_number() -> None:
    assert leaks_in("id 1234567890", (Kind.PASSWORD, "12345678")) == []
    assert len(leaks_in("p=12345678;", (Kind.PASSWORD, "12345678"))) == 1


def test_a_repetitive_text_is_not_a_secret() -> None:
    assert leaks_in("x" * 100, (Kind.PASSWORD, "x" * 68)) == []


def test_finds_a_secret_each_time_among_clean_lines() -> None:
    sweep = Sweep()
    sweep.learn(Kind.PASSWORD, "hunter2hunter2")
    for _ in range(2):
        sweep.look("clean\nhunter2hunter2\nclean", "a text")
        assert len(sweep.take_leaks()) == 1


def test_forgets_the_codes_of_a_test_and_keeps_the_rest() -> None:
    sweep = Sweep()
    sweep.begin("one")
    sweep.learn(Kind.CODE, "123456")
    sweep.learn(Kind.PASSWORD, "refused password", lasting=False)
    sweep.learn(Kind.PASSWORD, "lasting password")

    sweep.begin("two")
    sweep.look("123456, refused password, lasting password", "a text")

    (leak,) = sweep.take_leaks()
    assert (leak.test, leak.kind) == ("two", Kind.PASSWORD)
    assert "lasting" not in leak.snippet


@pytest.mark.parametrize(
    "spelling",
    ['tell \\"me\\" &', "tell &quot;me&quot; &amp;", "tell%20%22me%22%20%26", "tell+%22me%22+%26"],
)  # fmt: skip
def test_finds_a_secret_however_it_is_spelt(spelling: str) -> None:
    assert len(leaks_in(f"x={spelling};", (Kind.PASSWORD, 'tell "me" &'))) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.ACCESS_TOKEN, "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJlIGl0"),
        (Kind.API_TOKEN, "oc_0123456789_" + "a1B2" * 10),
        (Kind.LINK, "/reset-password/a1b2c3d4-5e6f-4789-8abc-def012345678"),
        (Kind.WEBHOOK, "/webhooks/123456789012345678/" + "t0Ken-" * 10),
    ],
)  # fmt: skip
def test_finds_unknown_tokens_by_their_shape(kind: Kind, text: str) -> None:
    sweep = Sweep()

    sweep.look_for_shapes(f"GET {text} HTTP/1.1", "a log")

    (leak,) = sweep.take_leaks()
    assert leak.kind == kind
    assert text not in str(leak)
