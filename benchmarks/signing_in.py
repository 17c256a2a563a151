"""Test whether the time of a refused sign-in reveals who has an account."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from time import perf_counter

import orjson

from benchmarks.client import Connection
from benchmarks.seeding import Account
from benchmarks.serving import serving
from benchmarks.table import Row, Verdict, figures_of

# In a normal distribution, 99.7 % lie within this many standard errors of the mean.
STANDARD_ERRORS = 3
WARM_UP = 10


@dataclass(frozen=True)
class Difference:
    """The mean difference of two series, and its standard error."""

    ms: float
    noise_ms: float

    @property
    def is_noise(self) -> bool:
        """Whether chance explains the difference."""
        return abs(self.ms) <= self.noise_ms


def difference_of(one: list[float], other: list[float]) -> Difference:
    """Compare two series that were measured in pairs, in seconds.

    It averages the differences within pairs, because other load on the machine affects both alike.
    """
    differences = [(a - b) * 1000 for a, b in zip(one, other, strict=True)]
    error = stdev(differences) / sqrt(len(differences))
    return Difference(fmean(differences), STANDARD_ERRORS * error)


def signing_in(directory: Path, user: Account, pairs: int) -> Iterator[Row]:
    """Measure refused sign-ins one by one: unknown address and wrong password, in random order.

    In the table, the columns of the service show the unknown address, and those of the floor show
    the wrong password.
    """
    unknown: list[float] = []
    wrong: list[float] = []
    with serving("orderchainer.wsgi:application", directory, "/healthz") as server:
        connection = Connection(server.port)
        for number in range(-WARM_UP, pairs):
            tries = [
                (_sign_in(f"n{number % 10}" + user.user.email[2:]), unknown),
                (_sign_in(user.user.email), wrong),
            ]
            random.shuffle(tries)
            for request, seconds in tries:
                taken = _seconds_of(connection, request)
                if number >= 0:
                    seconds.append(taken)
        connection.socket.close()
    found = difference_of(unknown, wrong)
    yield Row(
        "sign in: unknown / wrong password",
        figures_of(unknown, elapsed=sum(unknown)),
        figures_of(wrong, elapsed=sum(wrong)),
        sum(wrong) / sum(unknown),
        verdicts=[
            Verdict(
                f"means differ by {found.ms:+.2f} ms, noise {found.noise_ms:.2f} ms",
                found.is_noise,
            )
        ],
    )


def _sign_in(email: str) -> bytes:
    body = orjson.dumps({"username": email, "password": "not the password"})
    head = (
        "POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _seconds_of(connection: Connection, request: bytes) -> float:
    connection.send(request)
    while (answer := connection.receive()) is None:
        pass
    taken = perf_counter() - connection.started
    if not answer.startswith(b"HTTP/1.1 401 "):
        msg = f"the server answered {answer[:200]!r}"
        raise RuntimeError(msg)
    return taken
