"""The reading of settings: what each kind takes, and what people are told about the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderchainer.core.environment import Environment, WrongSettings

Reader = Callable[[Environment], Any]

KINDS: dict[str, Reader] = {
    "switch": lambda env: env.switch("X", default=True),
    "number": lambda env: env.number("X", default=5, least=1, most=9000),
    "seconds": lambda env: env.seconds("X", default=5, most=600),
    "seconds or none": lambda env: env.seconds("X", default=5, most=600, zero="means never"),
    "choice": lambda env: env.choice("X", default="INFO", among=("INFO", "ERROR")),
    "rate": lambda env: env.rate("X", default="5/m"),
    "words": lambda env: env.words("X"),
    "hosts": lambda env: env.hosts("X", default=[]),
    "origins": lambda env: env.origins("X"),
    "address": lambda env: env.address("X", default="http://localhost"),
    "socket_origin": lambda env: env.socket_origin("X"),
    "redis": lambda env: env.redis("X"),
    "database": lambda env: env.database("X", default="sqlite:///a.db"),
    "email": lambda env: env.email("X", default="consolemail://"),
}


def read(kind: str, value: str) -> Any:
    env = Environment({"X": value})
    found = KINDS[kind](env)
    env.refuse_problems()
    return found


def complaints(env: Environment) -> list[str]:
    """Return what `refuse_problems` says: a sentence, a line break and a hint for each problem."""
    with pytest.raises(WrongSettings) as refusal:
        env.refuse_problems()
    return [str(problem) for problem in refusal.value.problems]


def complaint(kind: str, value: str) -> str:
    env = Environment({"X": value})
    KINDS[kind](env)
    [text] = complaints(env)
    return text


# --- What each kind takes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("switch", "on", True),
        ("switch", " YES ", True),
        ("switch", "1", True),
        ("switch", "False", False),
        ("switch", "0", False),
        ("number", "1", 1),
        ("number", "9000", 9000),
        ("number", " 12 ", 12),
        ("seconds", "0.5", 0.5),
        ("seconds or none", "0", 0.0),
        ("choice", "error", "ERROR"),
        ("rate", "", ""),
        ("rate", "10/30s", "10/30s"),
        ("words", "a, b ,,c", ["a", "b", "c"]),
        ("hosts", "*", ["*"]),
        ("hosts", "shop.example.com, .example.com,192.0.2.1,[::1],my_host,", None),
        ("origins", "https://shop.example.com,https://*.example.com,http://[::1]:3000", None),
        ("address", "https://shop.example.com/", "https://shop.example.com"),
        ("address", "http://[::1]:8000/under", "http://[::1]:8000/under"),
        ("socket_origin", "", ""),
        ("socket_origin", "wss://x.example.com:8001/", "wss://x.example.com:8001"),
        ("socket_origin", "ws://localhost", "ws://localhost"),
        ("redis", "", ""),
        ("redis", "redis://:pa%23ss@127.0.0.1:6379/15", "redis://:pa%23ss@127.0.0.1:6379/15"),
        ("redis", "rediss://redis.example.com", "rediss://redis.example.com"),
    ],
)
def test_takes_a_right_value(kind: str, value: str, expected: Any) -> None:
    found = read(kind, value)

    assert found == (
        [word.strip() for word in value.split(",") if word] if expected is None else expected
    )


@pytest.mark.parametrize(
    ("url", "name", "host", "password"),
    [
        ("", "a.db", "", ""),
        ("sqlite:////var/lib/shop.db", "/var/lib/shop.db", "", ""),
        ("sqlite:///:memory:", ":memory:", "", ""),
        ("sqlite://:memory:", ":memory:", "", ""),
        ("postgres://ada:p%2Fw@db.example.com:5432/shop", "shop", "db.example.com", "p/w"),
        ("postgresql://ada@/shop", "shop", "", ""),
    ],
)
def test_takes_the_url_of_a_database(url: str, name: str, host: str, password: str) -> None:
    config = read("database", url)

    assert (config["NAME"], config["HOST"], config["PASSWORD"]) == (name, host, password)


@pytest.mark.parametrize(
    ("url", "backend", "host"),
    [
        ("", "console", None),
        ("smtp+tls://ada:pw@mail.example.com:587", "smtp", "mail.example.com"),
        ("filemail:////tmp/mails", "filebased", None),
    ],
)
def test_takes_the_url_of_a_mail_server(url: str, backend: str, host: str | None) -> None:
    config = read("email", url)

    assert config["EMAIL_BACKEND"] == f"django.core.mail.backends.{backend}.EmailBackend"
    assert config["EMAIL_HOST"] == host


def test_an_unset_variable_has_its_default() -> None:
    env = Environment({})

    assert [KINDS[kind](env) for kind in ("switch", "number", "words")] == [True, 5, []]
    env.refuse_problems()


def test_an_empty_text_list_or_address_has_its_default_too() -> None:
    env = Environment({"X": " "})

    assert [
        env.text("X", default="logs/a.log"),
        env.words("X", default=["a"]),
        env.hosts("X", default=["localhost"]),
        env.origins("X"),
        env.address("X", default="http://localhost"),
        env.socket_origin("X"),
        env.redis("X"),
    ] == ["logs/a.log", ["a"], ["localhost"], [], "http://localhost", "", ""]
    assert env.database("X", default="sqlite:///a.db")["NAME"] == "a.db"
    assert env.text("X", default=".env", may_be_empty=True) == ""
    env.refuse_problems()


# --- What it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("switch", "maybe", "X is 'maybe'.\n  Write on or off."),
        ("switch", "2", "X is '2'.\n  Write on or off."),
        ("switch", "", "X is empty.\n  Write on or off."),
        ("seconds", " ", "X is empty.\n  Write a number of seconds above 0"),
        ("choice", "", "X is empty.\n  Write one of"),
        ("number", "abc", "X is 'abc'.\n  Write a whole number from 1 to 9000."),
        ("number", "", "X is empty.\n  Write a whole number from 1 to 9000."),
        ("number", "0", "X is '0'.\n  Write a whole number from 1 to 9000."),
        ("number", "-5", "X is '-5'.\n  Write a whole number from 1 to 9000."),
        ("number", "9001", "X is '9001'.\n  Write a whole number from 1 to 9000."),
        ("number", "5.5", "X is '5.5'.\n  Write a whole number from 1 to 9000."),
        ("number", "9" * 5000, f"X is '{'9' * 80}…'.\n  Write a whole number from 1 to 9000."),
        ("number", "1_0", "X is '1_0'.\n  Write a whole number from 1 to 9000."),
        ("number", "٣", "X is '٣'.\n  Write a whole number from 1 to 9000."),
        ("seconds", "0", "X is '0'.\n  Write a number of seconds above 0, at most 600."),
        ("seconds", "nan", "X is 'nan'.\n  Write a number of seconds above 0, at most 600."),
        ("seconds", "inf", "X is 'inf'.\n  Write a number of seconds above 0, at most 600."),
        ("seconds", "5s", "X is '5s'.\n  Write a number of seconds above 0, at most 600."),
        (
            "seconds or none",
            "-1",
            "X is '-1'.\n  Write a number of seconds from 0 to 600; 0 means never.",
        ),
        ("choice", "loud", "X is 'loud'.\n  Write one of INFO, ERROR."),
        ("socket_origin", "https://x.example.com", "X is 'https://x.example.com'.\n"),
        ("socket_origin", "wss://x.example.com/ws", "X is 'wss://x.example.com/ws'.\n"),
        ("socket_origin", "wss://x.example.com; y", "X is 'wss://x.example.com; y'.\n"),
        ("socket_origin", "x.example.com", "X is 'x.example.com'.\n"),
        ("redis", "127.0.0.1:6379", "X is not a URL.\n  Write redis://127.0.0.1:6379/0,"),
        ("redis", "memcached://x", "X begins with memcached://, which is not supported.\n"),
        ("redis", "redis:///0", "X names no host after redis://.\n"),
        ("redis", "redis://h:port/0", "X is not a URL with a host and a port.\n"),
        ("redis", "redis://h/zero", "X does not end in the number of a database.\n"),
        ("database", "garbage", "X is not a URL.\n  Write sqlite:///orderchainer.db or postgres:"),
        ("database", "mysql://root@h/shop", "X begins with mysql://, which is not supported.\n"),
        ("database", "postgres://ada@h:5432", "X names no database.\n"),
        ("database", "postgres://ada@h:5432/", "X names no database.\n"),
        ("database", "postgres://ada@h:54x2/shop", "X is not a URL with a host and a port.\n"),
        ("database", "postgres://ada@h:99999/shop", "X is not a URL with a host and a port.\n"),
        ("database", "postgres://ada:p/w@h/shop", "X is not a URL with a host and a port.\n"),
        ("database", "postgres://ada:p#w@h/shop", "X is not a URL with a host and a port.\n"),
        ("database", "sqlite:///", "X names no file.\n"),
        (
            "database",
            "sqlite://shop.db",
            "X has only two slashes after sqlite:.\n"
            "  Write three slashes before a relative path, and four before an absolute one: ",
        ),
        ("email", "foo://x", "X begins with foo://, which is not supported.\n  Write smtp+tls://"),
        ("email", "smtp://", "X names no mail server.\n"),
        ("email", "smtp://ada:pw@mail:port", "X is not a URL with a host and a port.\n"),
        ("email", "filemail://", "X names no directory.\n"),
        ("email", "mail.example.com", "X is not a URL.\n"),
        ("rate", "5", "X is '5'.\n  Write a number of requests and a time"),
        ("hosts", "https://shop.example.com", "X holds 'https://shop.example.com'.\n"),
        ("hosts", "shop.example.com:8000", "X holds 'shop.example.com:8000'.\n"),
        ("hosts", "a.example, ::1", "X holds '::1'.\n"),
        ("origins", "shop.example.com", "X holds 'shop.example.com'.\n"),
        ("origins", "https://shop.example.com/cart", "X holds 'https://shop.example.com/cart'.\n"),
        ("origins", "ftp://shop.example.com", "X holds 'ftp://shop.example.com'.\n"),
        ("origins", "https://shop example", "X holds 'https://shop example'.\n"),
        ("address", "shop.example.com", "X is 'shop.example.com'.\n"),
        ("address", "https://", "X is 'https://'.\n"),
        ("address", "https://shop.example.com:99999", "X is 'https://shop.example.com:99999'.\n"),
        ("address", "https://shop.example.com?x=1", "X is 'https://shop.example.com?x=1'.\n"),
        ("address", "https://[::1", "X is 'https://[::1'.\n"),
    ],
)  # fmt: skip
def test_refuses_a_wrong_value_and_says_what_to_write(kind: str, value: str, expected: str) -> None:
    assert complaint(kind, value).startswith(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("database", "postgres://ada:s3cr3t@h:54x2/shop"),
        ("database", "mysql://ada:s3cr3t@h/shop"),
        ("database", "sqlite://ada:s3cr3t@h"),
        ("redis", "redis://:s3cr3t@h:port"),
        ("email", "foo://ada:s3cr3t@h"),
        ("email", "s3cr3t"),
    ],
)
def test_never_repeats_a_value_that_may_hold_a_secret(kind: str, value: str) -> None:
    assert "s3cr3t" not in complaint(kind, value)


def test_a_value_cannot_colour_the_terminal() -> None:
    assert "\x1b" not in complaint("number", "\x1b[31m8000")


def test_all_problems_are_reported_together() -> None:
    env = Environment({"A": "x", "B": "maybe"})
    env.number("A", default=1, least=0, most=9)
    env.switch("B", default=True)

    assert [text.partition("\n")[0] for text in complaints(env)] == ["A is 'x'.", "B is 'maybe'."]


# --- The file ---------------------------------------------------------------------------------


def environment_of(tmp_path: Path, content: str, **variables: str) -> Environment:
    file = tmp_path / ".env"
    file.write_text(content)
    env = Environment(variables)
    env.read_file(file)
    return env


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=plain", "plain"),
        ("export X=plain", "plain"),
        ("X = spaced ", "spaced"),
        ("X=", ""),
        ("X=a=b", "a=b"),
        ("X=a#b", "a#b"),
        ("X=a # why", "a"),
        ("X= # why", ""),
        ("X='a # b'", "a # b"),
        ("X='a' # why", "a"),
        ('X="a \\"b\\""', 'a "b"'),
        ('X="a\\nb"', "a\\nb"),
        ("X=it's", "it's"),
        ("X=$HOME", "$HOME"),
        ("\ufeffX=marked", "marked"),
        ("X=1\nX=2", "2"),
        ("# a comment\n\n  # another\nX=3", "3"),
    ],
)
def test_reads_a_line_of_the_file(tmp_path: Path, line: str, value: str) -> None:
    env = environment_of(tmp_path, line)

    assert env.text("X") == value
    env.refuse_problems()


def test_the_environment_wins_over_the_file_and_takes_the_blame(tmp_path: Path) -> None:
    env = environment_of(tmp_path, "X=5\nY=off\n", X="abc")

    env.number("X", default=1, least=0, most=9)

    assert env.switch("Y", default=True) is False
    assert complaints(env) == ["X is 'abc'.\n  Write a whole number from 0 to 9."]


def test_a_wrong_value_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    env = environment_of(tmp_path, "# first\nX=abc\n")

    env.number("X", default=1, least=0, most=9)

    assert complaints(env) == ["X (line 2 of .env) is 'abc'.\n  Write a whole number from 0 to 9."]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SECRET_KEY: s3cr3t", "Line 2 of .env is not a setting."),
        ("s3cr3t", "Line 2 of .env is not a setting."),
        ("1X=s3cr3t", "Line 2 of .env is not a setting."),
        ("X='s3cr3t", "Line 2 of .env sets X to a value whose quotes do not match."),
        ('X="s3cr3t" more', "Line 2 of .env sets X to a value whose quotes do not match."),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_without_its_value(
    tmp_path: Path, line: str, expected: str
) -> None:
    env = environment_of(tmp_path, f"Y=1\n{line}\nZ=1\n")
    env.leave("Y", "Z")

    [text] = complaints(env)

    assert text.startswith(f"{expected}\n  Write ")
    assert "s3cr3t" not in text


@pytest.mark.parametrize("name", ["DATABASE_ULR", "DATABASEURL", "database_url", "DATABASE_URLS"])
def test_a_misspelt_name_in_the_file_is_told_with_the_right_one(tmp_path: Path, name: str) -> None:
    env = environment_of(tmp_path, f"{name}=sqlite:///a.db\n")
    env.database("DATABASE_URL", default="sqlite:///a.db")

    [text] = complaints(env)

    assert text.startswith(f"{name} (line 1 of .env) is not a setting. Did you mean DATABASE_URL?")


def test_names_that_other_programs_read_are_left_alone(tmp_path: Path) -> None:
    env = environment_of(tmp_path, "POSTGRES_PASSWORD=x\nHTTPS_PROXY=y\nFOO=z\n")
    env.leave("POSTGRES_PASSWORD", "*_PROXY")

    env.refuse_problems()

    assert env.unknown_names() == {"FOO": "line 3 of .env"}


def test_a_missing_file_is_no_problem_unless_somebody_named_it(tmp_path: Path) -> None:
    env = Environment({})
    env.read_file(tmp_path / "none")
    env.refuse_problems()

    env.read_file(tmp_path / "none", is_required=True)

    assert complaints(env) == [
        f"ENV_FILE names {tmp_path}/none, which does not exist.\n  Create it, or unset ENV_FILE."
    ]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"X=caf\xe9\n")
    env = Environment({})

    env.read_file(tmp_path)
    env.read_file(tmp_path / "latin")

    assert [text.partition("\n")[0] for text in complaints(env)] == [
        f"{tmp_path} cannot be read: is a directory.",
        f"{tmp_path}/latin is not a text in UTF-8.",
    ]


def test_a_secret_that_no_file_can_keep_is_a_problem() -> None:
    env = Environment({})

    def keep(file: Path) -> str:
        raise PermissionError(13, "Permission denied")

    env.kept("SECRET_KEY", Path("/data/.secret_key"), keep)

    assert complaints(env) == [
        "SECRET_KEY is not set, and no key can be kept in /data/.secret_key: permission denied.\n"
        "  Let this user write to that directory, or set SECRET_KEY."
    ]
